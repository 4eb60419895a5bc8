// Flipped bits in segments, checkpoints and COMMIT: a proof holds in the tree of the oracle, or a JournalException names the damage.
// Run by ProofSuites.
using Refold.Segments;

namespace Refold.Suites;

internal static class DamagedProofs
{
    private static readonly JournalOptions Small = Samples.Checkpointed.With(s => s with { SegmentBytes = 2048, CheckpointBytes = 500 });

    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5);

    private static async Task<(ProofOracle Oracle, MemoryDevice Device)> FilledAsync()
    {
        var (oracle, device) = (new ProofOracle(), new MemoryDevice());
        await using var journal = SegmentJournal.Open(device, Small);
        for (var number = 0; number < 90; number++)
        {
            if (number is 15 or 70)
            {
                var first = oracle.Head.Position + 9;
                var restored = oracle.Made(first, [new JournalEntry(first + 3, 1, first, Samples.Entry("r" + number))]);
                await journal.TryRestoreAsync(restored.Entries);
                oracle.Add(restored);
            }

            var request = new AppendRequest(
                [.. Enumerable.Range(0, 1 + (number % 3)).Select(item => Samples.Entry(
                    "s" + (number % 4), new string('x', 30 * item + (number == 80 ? 4000 : 0))))])
            { IdempotencyKey = "k" + number };
            var next = oracle.Next(request);
            await journal.AppendAsync(request);
            oracle.Add(next);
            if (number == 50)
            {
                await journal.CompactAsync(new CompactionRequest.RetainFrom(60) { ProvableSizes = [3, 11, 20] });
                oracle.DropTo(journal.Begin.Position, [3, 11, 20]);
            }
        }

        await journal.CompactAsync(new CompactionRequest.DeleteStream("s3"));
        oracle.DeleteTo("s3", long.MaxValue);
        return (oracle, device);
    }

    /// <summary>Damages a journal so many times, and asks it each time.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int damages)
    {
        var ((oracle, device), rng) = (await FilledAsync(), SeededRng.FromSeed(seed));
        // In the background: what a damaged file has no end of would hang.
        await Task.Run(async () =>
        {
            for (var count = 0; count < damages; count++) await FlipAsync(oracle, device, rng, tally);
        }).WaitAsync(LongestRun);
    }

    private static async Task FlipAsync(ProofOracle oracle, MemoryDevice device, SeededRng rng, Tally tally)
    {
        var name = rng.Pick([.. device.List().Where(file => device.Content(file).Length > 0)]);
        var bytes = device.Content(name);
        var end = Math.Max(1, bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1);
        for (var damages = rng.Chance(0.8) ? 1 : rng.Between(2, 20); damages > 0; damages--)
            bytes[rng.Between(0, end - 1)] ^= (byte)(1 << rng.Between(0, 7));
        var damaged = device.With(name, bytes);
        var ways = rng.Pick<OpeningWays>([new(), new() { Checkpoint = false }, new() { Checkpoint = false, Footers = false }]);
        try
        {
            await using var journal = SegmentJournal.Open(
                damaged, Small.With(s => s with { Opening = ways }) with { ReadOnly = rng.Chance(0.7) });
            for (var question = 0; question < 8; question++) Ask(oracle, journal, rng, tally);
        }
        catch (JournalException)
        {
            tally.Add("not opened");
        }
    }

    private static void Ask(ProofOracle oracle, SegmentJournal journal, SeededRng rng, Tally tally)
    {
        var shown = oracle.Batches.SelectMany(batch => batch.Entries).Where(oracle.Shows).Select(entry => entry.Position).ToList();
        var (position, size) = (rng.Pick(shown), oracle.Batches.Count);
        var at = rng.Between(oracle.Batches.ToList().IndexOf(oracle.BatchAt(position)!) + 1, size);
        var from = rng.Chance(0.3) ? rng.Pick([3, 11, 20]) : rng.Between(oracle.Dropped, size);
        try
        {
            var holds = rng.Between(0, 3) switch
            {
                0 => journal.InclusionProof(position, at).FindFault(oracle.RootAt(at)) is null,
                1 => journal.ConsistencyProof(from, rng.NextBoolean() ? null : size).Shows(oracle.RootAt(from), oracle.RootAt(size)),
                2 => journal.RootAt(Math.Max(from, oracle.Dropped)) == oracle.RootAt(Math.Max(from, oracle.Dropped)),
                _ => journal.BatchAt(position) is { } place && place.Head == oracle.BatchAt(position)!.Head
                    && oracle.Batches[(int)place.Ordinal].First == place.FirstPosition,
            };
            tally.Add(holds ? "right" : "found by the oracle");
        }
        catch (JournalException)
        {
            tally.Add("refused");
        }
        catch (ArgumentOutOfRangeException) when (journal.Head != oracle.Head)
        {
            // A torn end that was not flushed, as COMMIT has it: those batches are not there.
            tally.Add("shorter");
        }
    }
}
