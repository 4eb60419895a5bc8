// The stress run as a suite: a case is one run over a directory of its own.
// Run by StressTests in the short form, and by Soak. A seed repeats what was drawn, though not what the threads made of it.
namespace Refold.Suites;

internal static class StressSuite
{
    private static readonly TimeSpan RunLength = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan ShortLength = TimeSpan.FromSeconds(1.5);

    /// <summary>A seed chooses its durability by the remainder.</summary>
    public static IReadOnlyList<Durability> Durabilities { get; } = [Durability.Flushed, Durability.PowerCutLosesNewest, Durability.Padded];

    public static Suite Stress { get; } = new("stress", 3, 100, (tally, seed) => RunAsync(tally, seed, RunLength))
    {
        Short = (tally, seed) => RunAsync(tally, seed, ShortLength),
    };

    private static async Task RunAsync(Tally tally, ulong seed, TimeSpan length)
    {
        var directory = Directory.CreateTempSubdirectory("refold-stress-").FullName;
        try
        {
            var run = new StressRun(directory, seed, length);
            await run.RunAsync();
            foreach (var (kind, count) in run.Counts) tally.Add(kind, count);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
