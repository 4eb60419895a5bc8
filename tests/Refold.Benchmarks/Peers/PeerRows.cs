// The rows whose peers are packages.
// Called by Program.
namespace Refold.Benchmarks.Peers;

internal static class PeerRows
{
    public static IReadOnlyList<Row> All =>
        [.. RandomPeers.All, .. AppendPeers.All, .. ReadPeers.All, .. LiteDbPeers.All, .. PostgresPeers.All];
}
