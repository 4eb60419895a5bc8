// The suites of the tool `refold` in processes that are killed: imports, recordings, writers beside readers.
// Run by the acceptance tests in the short form, and by Soak.
namespace Refold.Suites;

internal static class ToolSuites
{
    /// <summary>A case is one journal, and kills up to ten imports.</summary>
    public static Suite ImportKills { get; } = new("import-kills", 1, 20, KilledImport.RunAsync) { Missing = Killed };

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

    public static IReadOnlyList<Suite> All { get; } = [ImportKills, RecordingKills, ReaderKills];

    private static string? Killed(Tally tally) => tally["kills"] > 0 ? null : "nothing was killed";
}
