// The conformance suites of every store in the repository.
// Run by the conformance tests, and their random sequences by Soak.
namespace Refold.Suites;

internal static class ConformanceSuites
{
    public static ConformanceSuite Memory { get; } = ConformanceSuite.Of("memory", 60, () => new MemoryFixture());

    public static ConformanceSuite Inline { get; } = ConformanceSuite.Of("inline", 20, () => new InlineFixture());

    public static ConformanceSuite Segments { get; } = ConformanceSuite.Of("segments", 20, () => new SimulatedSegmentFixture());

    public static ConformanceSuite SegmentsInADirectory { get; } = ConformanceSuite.Of("directory", 6, () => new DirectoryFixture());

    public static ConformanceSuite LiteDb { get; } = ConformanceSuite.Of("litedb", 10, () => new SimulatedLiteDbFixture());

    public static ConformanceSuite LiteDbInFiles { get; } = ConformanceSuite.Of("litedb-files", 4, () => new LiteDbFileFixture());

    /// <summary>Every call completes on another thread.</summary>
    public static ConformanceSuite OverThreads { get; } =
        ConformanceSuite.Of("over-threads", 30, () => new DetouringFixture(DetouringJournal.OverThreads));

    /// <summary>Every call takes 20 milliseconds.</summary>
    public static ConformanceSuite Slow { get; } =
        ConformanceSuite.Of("slow", 3, () => new DetouringFixture(DetouringJournal.Slow), soakCases: 50);

    public static ConformanceSuite MemorySnapshots { get; } =
        ConformanceSuite.Of("memory-snapshots", 60, () => new MemorySnapshotFixture());

    public static ConformanceSuite SnapshotFiles { get; } = ConformanceSuite.Of("snapshots", 30, () => new SnapshotFilesFixture());

    public static ConformanceSuite SnapshotsInADirectory { get; } =
        ConformanceSuite.Of("snapshot-directory", 4, () => new SnapshotDirectoryFixture());

    public static ConformanceSuite LiteDbSnapshots { get; } =
        ConformanceSuite.Of("litedb-snapshots", 16, () => new LiteDbSnapshotFixture());

    /// <summary>The random sequences of each.</summary>
    public static IReadOnlyList<Suite> All { get; } =
    [
        .. new[]
            {
                Memory, Inline, Segments, SegmentsInADirectory, LiteDb, LiteDbInFiles, OverThreads, Slow,
                MemorySnapshots, SnapshotFiles, SnapshotsInADirectory, LiteDbSnapshots,
            }
            .Select(suite => suite.Sequences),
    ];
}
