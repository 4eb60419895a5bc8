// Rows of durable appends against PostgreSQL, where a server is installed: one connection, one statement a batch.
// Part of PeerRows.
namespace Refold.Benchmarks.Peers;

internal static class PostgresPeers
{
    public static IEnumerable<Row> All => [Against(1, 1), Against(1000, 1000)];

    // No ratio is asked for: another process and another promise.
    private static Row Against(int batch, int streams) => new(
        batch == 1 ? "append.one.postgres" : $"append.{batch}x{streams}.postgres",
        $"Durable batches of {batch} entries on {streams} streams against PostgreSQL on a local socket", "entries/s", Better.Larger,
        "PostgreSQL", null, session => Batches(session, batch, streams));

    private static Figures Batches(BenchSession session, int batch, int streams)
    {
        if (PostgresServer.Installed() is not { } programs) return new Figures(null, null) { Absent = "no PostgreSQL server is installed" };
        try
        {
            return AppendPeers.Batches(
                session, batch, streams, folder => PostgresServer.Start(programs, folder), (server, entries) => server.Append(entries));
        }
        catch (InvalidOperationException exception)
        {
            return new Figures(null, null) { Absent = $"PostgreSQL cannot be started: {exception.Message}" };
        }
    }
}
