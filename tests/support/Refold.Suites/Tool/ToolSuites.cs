// The suites of the tool `refold` in processes that are killed: imports, recordings, writers beside readers.
// Run by the acceptance tests in the short form, and by Soak.
namespace Refold.Suites;

internal static class ToolSuites
{
    /// <summary>A case is one journal, and kills up to ten imports; in the short form four.</summary>
    public static Suite ImportKills { get; } = new("import-kills", 1, 20, (tally, seed) => KilledImport.RunAsync(tally, seed, kills: 10))
    {
        Short = (tally, seed) => KilledImport.RunAsync(tally, seed, kills: 4),
        Missing = Killed,
    };

    /// <summary>A seed chooses the verb by the remainder; a case interrupts it at twelve moments, in the short form at five.</summary>
    public static Suite InterruptedCopies { get; } = new(
        "interrupted-copies", 2, 20, (tally, seed) => Refold.Suites.InterruptedCopies.RunAsync(tally, seed, moments: 12))
    {
        Short = (tally, seed) => Refold.Suites.InterruptedCopies.RunAsync(tally, seed, moments: 5),
        Missing = tally => tally["interrupted"] > 0 ? null : "nothing was interrupted",
    };

    /// <summary>A case kills seven recordings; in the short form two.</summary>
    public static Suite RecordingKills { get; } = new(
        "recording-kills", 1, 20, (tally, seed) => KilledRecording.RunAsync(tally, seed, isShort: false))
    {
        Short = (tally, seed) => KilledRecording.RunAsync(tally, seed, isShort: true),
        Missing = Killed,
    };

    /// <summary>A case kills six writers; in the short form the first two.</summary>
    public static Suite ReaderKills { get; } = new(
        "reader-kills", 1, 20, (tally, seed) => KilledBesideReaders.RunAsync(tally, seed, kills: 6))
    {
        Short = (tally, seed) => KilledBesideReaders.RunAsync(tally, seed, kills: 2),
        Missing = Killed,
    };

    public static IReadOnlyList<Suite> All { get; } = [ImportKills, RecordingKills, ReaderKills, InterruptedCopies];

    private static string? Killed(Tally tally) => tally["kills"] > 0 ? null : "nothing was killed";
}
