// The suites of the segment store: crashes, faults, damage, kills, compactions and ways of opening.
// Run by the tests of Refold.Segments in the short form, and by Soak.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class SegmentSuites
{
    /// <summary>The short form tries one of so many crash points or operations; a fresh seed says which.</summary>
    private const int Stride = 8;

    private const int ChainLength = 20;

    public static Suite RandomCrashes { get; } = new("random-crashes", 80, 10_000, async (tally, seed) =>
        tally.Add("faults", (await CrashStore.Simulation().RandomAsync(seed)).FaultCount))
    {
        Missing = tally => tally["faults"] > 0 ? null : "no fault was met",
    };

    public static Suite CrashChains { get; } = new("crash-chains", 3, 500,
        (_, seed) => CrashStore.Simulation().ChainAsync(seed, ChainLength));

    public static Suite SectorTears { get; } = new("sector-tears", 30, 1000,
        (_, seed) => CrashStore.Garbling(CrashStore.Padded, garbles: false).RandomAsync(seed));

    public static Suite GarbledBlocks { get; } = new("garbled-blocks", 30, 1000,
        (_, seed) => CrashStore.Garbling(CrashStore.Padded).RandomAsync(seed));

    public static Suite PaddedChains { get; } = new("padded-chains", 2, 500,
        (_, seed) => CrashStore.Garbling(CrashStore.Padded).ChainAsync(seed, ChainLength));

    public static Suite WeakMode { get; } = new("weak-mode", 30, 1000, (_, seed) => CrashStore.LosingNewest().RandomAsync(seed));

    public static Suite WeakChains { get; } = new("weak-chains", 2, 200,
        (_, seed) => CrashStore.LosingNewest().ChainAsync(seed, ChainLength));

    /// <summary>A seed chooses its workload by the remainder; see <see cref="CrashWorkloads.Of"/>.</summary>
    public static Suite CrashPoints { get; } = OfWorkloads("crash-points", () => CrashStore.Simulation(), leastCrashes: 80);

    public static Suite PaddedCrashPoints { get; } = OfWorkloads(
        "padded-crash-points", () => CrashStore.Garbling(CrashStore.Padded), leastCrashes: 80);

    public static Suite WeakCrashPoints { get; } = OfWorkloads("weak-crash-points", () => CrashStore.LosingNewest(), leastCrashes: 40);

    public static Suite DrawnCrashPoints { get; } = new("drawn-crash-points", 2, 50, (tally, seed) => DrawnAsync(tally, seed, every: 1))
    {
        Short = (tally, seed) => DrawnAsync(tally, seed, Stride),
    };

    /// <summary>A seed chooses its workload by the remainder; see <see cref="FaultPoints.Of"/>.</summary>
    public static Suite Faults { get; } = new(
        "fault-points", FaultPoints.Workloads.Count, 10, (tally, seed) => FaultPoints.RunAsync(tally, seed, every: 1))
    {
        Short = (tally, seed) => FaultPoints.RunAsync(tally, seed, Stride),
    };

    public static Suite CheckpointOpenings { get; } = new("checkpoint-openings", 40, 500, CheckpointOpeningsAsync)
    {
        Missing = tally => tally["by a checkpoint"] >= tally["openings"] / 20 ? null : "too few openings took a checkpoint",
    };

    public static Suite Damage { get; } = new("damage", 20, 1000, DamageCase.RunAsync)
    {
        Missing = tally => tally["refused"] > 0 && tally["taken"] > 0 ? null : "nothing was refused, or nothing was taken",
    };

    /// <summary>A seed chooses how COMMIT was left by the remainder; a case flips a bit in each field and in a part of all bytes.</summary>
    public static Suite FlippedBits { get; } = OfBytes("flipped-bits", DamagedBytes.Commits.Count, DamagedBytes.FlipAsync);

    public static Suite CommitBits { get; } = OfBytes("commit-bits", 1, DamagedBytes.FlipCommitAsync);

    /// <summary>A seed chooses by the remainder whether the file keeps its length.</summary>
    public static Suite TornTails { get; } = OfBytes("torn-tails", DamagedBytes.Lengths.Count, DamagedBytes.TearAsync);

    /// <summary>A seed chooses how COMMIT was left by the remainder.</summary>
    public static Suite FlushedCuts { get; } = OfBytes("flushed-cuts", DamagedBytes.Flushed.Count, DamagedBytes.CutAsync);

    public static Suite SnapshotCrashes { get; } = new("snapshot-crashes", 10, 500,
        (_, seed) => Refold.Suites.SnapshotCrashes.CrashesAsync(seed));

    public static Suite SnapshotFaults { get; } = new("snapshot-faults", 100, 5000,
        (_, seed) => Refold.Suites.SnapshotCrashes.FaultsAsync(seed));

    /// <summary>A seed chooses what the process does by the remainder; see <see cref="KilledSteps.Of"/>.</summary>
    public static Suite Kills { get; } = new(
        "kills", KilledSteps.Works.Count, 5, (tally, seed) => KilledSteps.RunAsync(tally, seed, every: 1))
    {
        // Each kill is a process.
        Short = (tally, seed) => KilledSteps.RunAsync(tally, seed, 2 * Stride),
    };

    /// <summary>A case kills six processes; in the short form three.</summary>
    public static Suite CompactionKills { get; } = new(
        "compaction-kills", 1, 30, (tally, seed) => KilledCompactions.RunAsync(tally, seed, kills: 6))
    {
        Short = (tally, seed) => KilledCompactions.RunAsync(tally, seed, kills: 3),
        Missing = KilledCompactions.Missing,
    };

    /// <summary>A seed chooses what is dropped by the remainder; see <see cref="CompactedJournalCase.Kinds"/>.</summary>
    public static Suite CompactedJournals { get; } = new(
        "compacted-journals", 4 * CompactedJournalCase.Kinds.Count, 500, CompactedJournalCase.RunAsync)
    {
        Missing = CompactedJournalCase.Missing,
        TellingCases = 100,
    };

    public static Suite ReadersBesideCompactions { get; } = new("readers-beside-compactions", 3, 200, LiveReaderCase.RunAsync);

    public static Suite WaysOfOpening { get; } = new("ways-of-opening", 4, 200, OpeningCase.RunAsync)
    {
        Missing = tally => 4 * tally["by a checkpoint"] > tally.Cases ? null : "too few openings took a checkpoint",
        TellingCases = 50,
    };

    public static IReadOnlyList<Suite> All { get; } =
    [
        RandomCrashes, CrashChains, SectorTears, GarbledBlocks, PaddedChains, WeakMode, WeakChains, CrashPoints, PaddedCrashPoints,
        WeakCrashPoints,
        DrawnCrashPoints, Faults, CheckpointOpenings, Damage, FlippedBits, CommitBits, TornTails, FlushedCuts,
        SnapshotCrashes, SnapshotFaults, Kills, CompactionKills,
        CompactedJournals, ReadersBesideCompactions, WaysOfOpening,
    ];

    /// <summary>A soak of each kind comes by every byte of headers, frames and trailers, and by four of 61 in footers.</summary>
    private static Suite OfBytes(string name, int kinds, Func<Tally, ulong, bool, Task> run) =>
        new(name, kinds, 4 * FilePlaces.Parts * kinds, (tally, seed) => run(tally, seed, false))
        {
            Short = (tally, seed) => run(tally, seed, true),
        };

    private static Suite OfWorkloads(string name, Func<CrashSimulation> simulation, int leastCrashes)
    {
        var count = CrashWorkloads.Named.Count;
        return new Suite(name, count, 2 * count, (tally, seed) => RunAsync(tally, seed, every: 1))
        {
            Short = (tally, seed) => RunAsync(tally, seed, Stride),
        };

        async Task RunAsync(Tally tally, ulong seed, int every)
        {
            var crashes = await simulation().EnumerateAsync(CrashWorkloads.Of(seed), seed, every);
            tally.Add("crashes", crashes);
            Assert.InRange(crashes * every, leastCrashes, 10_000);
        }
    }

    private static async Task DrawnAsync(Tally tally, ulong seed, int every)
    {
        var crashes = await CrashStore.Simulation().EnumerateAsync(CrashWorkload.Draw(SeededRng.FromSeed(seed), 8), seed, every);
        tally.Add("crashes", crashes);
        Assert.InRange(crashes * every, 10, 10_000);
    }

    private static async Task CheckpointOpeningsAsync(Tally tally, ulong seed)
    {
        var (openings, taken) = (0, 0);
        var simulation = new CrashSimulation(device =>
        {
            var journal = SegmentJournal.Open(device, CrashStore.Small);
            Interlocked.Increment(ref openings);
            if (journal.Opened.Path == OpeningPath.Checkpoint) Interlocked.Increment(ref taken);
            return journal;
        })
        { Inspect = CrashStore.Inspect };
        await simulation.RandomAsync(seed);
        tally.Add("openings", openings);
        tally.Add("by a checkpoint", taken);
    }
}
