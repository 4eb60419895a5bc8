// The process that KilledProcessTests kills: it writes until then, and says on standard output what was
// answered. Told to import, it does and ends.
// Started as `dotnet Refold.Suites.dll write-litedb FILE SEED | FILE import BATCHES` by KilledWriter and LongImport.
using System.Globalization;
using System.Text;

namespace Refold.Suites;

internal static class WritingProcess
{
    private static readonly int[] BatchSizes = [1, 7, 100];

    /// <summary>The first argument of the process.</summary>
    public const string Verb = "write-litedb";

    /// <summary>The third argument of one that imports.</summary>
    public const string Import = "import";

    /// <summary>How many entries a batch of an import has.</summary>
    public const int ImportedAtOnce = 500;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is [var imported, Import, var batches])
            return await ImportAsync(imported, int.Parse(batches, CultureInfo.InvariantCulture));
        if (arguments is not [var path, var seed]) return 2;
        var random = new Random(int.Parse(seed, CultureInfo.InvariantCulture));
        await using var journal = LiteDbJournal.Open(path);
        await using var snapshots = LiteDbSnapshotStore.Open(path);
        Console.WriteLine("open");
        while (true)
        {
            var stream = StreamId.Create("s" + random.Next(5));
            switch (random.Next(8))
            {
                case 0 when journal.HighestVersion(stream) is > 0 and var highest:
                    var version = random.NextInt64(1, highest + 1);
                    await journal.DeleteToAsync(stream, version);
                    Say("deleted", stream.Value, version);
                    break;
                case 1 when journal.HighestVersion(stream) is > 0 and var highest:
                    await snapshots.SaveAsync(
                        new Snapshot(stream, highest, journal.Head, new Encoded("State", 1, new byte[random.Next(9000)])));
                    Say("saved", stream.Value, highest);
                    break;
                default:
                    var size = BatchSizes[random.Next(BatchSizes.Length)];
                    var first = journal.Head.Position + 1;
                    // Each payload is its position, so what is missing or twice shows.
                    var receipt = await journal.AppendAsync(new AppendRequest(
                        [
                            .. Enumerable.Range(0, size)
                                .Select(item =>
                                    new EntryData(StreamId.Create("s" + random.Next(5)), "t", Encoding.UTF8.GetBytes(
                                        Text(first + item))) { Tags = ["all", "n:" + item] })])
                    { IdempotencyKey = "k" + Text(first) });
                    Say("appended", receipt.Head.Hash.ToString(), receipt.LastPosition);
                    break;
            }
        }
    }

    private static async Task<int> ImportAsync(string path, int batches)
    {
        await using var journal = LiteDbJournal.Open(path);
        for (var batch = 0; batch < batches; batch++)
            await journal.AppendAsync(
                new AppendRequest(
                    [
                        .. Enumerable.Range(0, ImportedAtOnce)
                        .Select(item => new EntryData(StreamId.Create("s" + item % 50), "t", new byte[256]) { Tags = ["n:" + batch] })]));
        var read = journal.ReadAll().LongCount();
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        Console.Write(string.Join(' ', Text(read), Text(new FileInfo(path).Length), Text(self.PeakWorkingSet64)));
        return 0;
    }

    private static void Say(string what, string name, long number) => Console.WriteLine($"{what} {name} {Text(number)}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
