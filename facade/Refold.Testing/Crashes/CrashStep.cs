// What a crash test does to a store, step by step, and workloads drawn from a seed.
// Executed by CrashRun.
using System.Globalization;
using System.Text;
using Refold.Segments;

namespace Refold.Testing;

/// <summary>A step of a workload.</summary>
public abstract record CrashStep
{
    private CrashStep()
    {
    }

    /// <summary>Appends a batch.</summary>
    /// <param name="Request">The batch.</param>
    public sealed record Append(AppendRequest Request) : CrashStep;

    /// <summary>Appends a batch on conditions: its first stream is as it was so many versions ago, and no entry with the batch's first tag
    /// came in so many positions. With 0 they hold, with more they may not.</summary>
    /// <param name="Request">The batch.</param>
    /// <param name="Lag">How long ago that was true.</param>
    public sealed record Guarded(AppendRequest Request, int Lag) : CrashStep;

    /// <summary>Appends a batch, and others that arrive while the device flushes the first, as from other threads: a store with group
    /// commit joins them. Only for stores whose appends wait for one another without blocking.</summary>
    /// <param name="First">The first.</param>
    /// <param name="Others">The others, in the order they arrive.</param>
    public sealed record Group(AppendRequest First, IReadOnlyList<AppendRequest> Others) : CrashStep;

    /// <summary>Appends a request with a key again, whether or not it was committed.</summary>
    /// <param name="Number">Which of the keyed requests, from 0; beyond the last it starts again.</param>
    public sealed record Retry(int Number) : CrashStep;

    /// <summary>Deletes a part of a stream.</summary>
    /// <param name="Stream">The stream.</param>
    /// <param name="Share">How much of it: 1 is all.</param>
    public sealed record Delete(StreamId Stream, double Share) : CrashStep
    {
        /// <summary>The members, the same under every culture.</summary>
        /// <returns>One line.</returns>
        public override string ToString() => FormattableString.Invariant($"Delete {{ Stream = {Stream}, Share = {Share} }}");
    }

    /// <summary>Compacts, where the store is a <see cref="SegmentJournal"/>; another store leaves it out.</summary>
    /// <param name="What">What for.</param>
    /// <param name="Share">How much of the journal: 1 is all. Of no meaning where nothing of it goes.</param>
    public sealed record Compact(Compaction What, double Share = 1) : CrashStep
    {
        /// <summary>The stream to delete.</summary>
        /// <value>Default: null, for what needs none.</value>
        public StreamId? Stream { get; init; }

        /// <summary>What is appended meanwhile, as from another thread.</summary>
        /// <value>Default: nothing.</value>
        public IReadOnlyList<AppendRequest> Meanwhile { get; init; } = [];

        /// <summary>When that arrives: behind so many operations from the first new segment on.</summary>
        /// <value>Default: 0.</value>
        public int After { get; init; }

        /// <summary>The members, the same under every culture.</summary>
        /// <returns>One line.</returns>
        public override string ToString() => FormattableString.Invariant(
            $"Compact {{ What = {What}, Share = {Share}, Stream = {Stream}, Meanwhile = {Meanwhile.Count}, After = {After} }}");
    }

    /// <summary>Closes the store and opens it again.</summary>
    public sealed record Reopen : CrashStep;

    /// <summary>Ends the process without closing the store and opens it in the next one; the page cache stays.</summary>
    public sealed record Kill : CrashStep;
}

/// <summary>What a <see cref="CrashStep.Compact"/> is for; see <see cref="CompactionRequest"/>.</summary>
public enum Compaction
{
    /// <summary>Joins segments.</summary>
    Merge,

    /// <summary>Drops the beginning.</summary>
    Retain,

    /// <summary>Drops a stream.</summary>
    DeleteStream,

    /// <summary>Drops what was deleted.</summary>
    DropDeleted,

    /// <summary>Forgets idempotency keys.</summary>
    ForgetKeys,
}

/// <summary>Workloads drawn from a seed.</summary>
public static class CrashWorkload
{
    private static readonly string[] StreamNames = ["orders/1", "orders/2", "stock", "log"];

    /// <summary>Draws steps: batches over several streams, with expected versions and conditions too, keys and their retries, group commit,
    /// deletes, compactions, reopening; some batches larger than a small segment.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="steps">How many.</param>
    /// <returns>The steps.</returns>
    public static IReadOnlyList<CrashStep> Draw(SeededRng rng, int steps)
    {
        ArgumentNullException.ThrowIfNull(rng);
        var drawn = new List<CrashStep>(steps);
        while (drawn.Count < steps)
        {
            drawn.Add(rng.Between(0, 24) switch
            {
                > 22 => new CrashStep.Guarded(Batch(rng), rng.Between(0, 2)),
                < 9 => new CrashStep.Append(Batch(rng)),
                < 13 => new CrashStep.Group(Batch(rng), [.. Enumerable.Range(0, rng.Between(1, 4)).Select(_ => Batch(rng))]),
                < 15 => new CrashStep.Retry(rng.Between(0, 99)),
                < 16 => new CrashStep.Delete(rng.Pick(StreamNames), rng.NextDouble()),
                < 18 => new CrashStep.Reopen(),
                < 21 => Compact(rng),
                _ => new CrashStep.Kill(),
            });
        }

        return drawn;
    }

    /// <summary>Draws a batch of 1 to 6 entries, rarely large ones; every third has a key.</summary>
    /// <param name="rng">The generator.</param>
    /// <returns>The batch.</returns>
    public static AppendRequest Batch(SeededRng rng)
    {
        ArgumentNullException.ThrowIfNull(rng);
        var largest = rng.Chance(0.1) ? 3000 : 120;
        var entries = Enumerable.Range(0, rng.Between(1, rng.Chance(0.3) ? 6 : 2)).Select(_ => Entry(rng, largest)).ToArray();
        var key = rng.Chance(0.33) ? "key " + rng.NextUInt64().ToString(CultureInfo.InvariantCulture) : null;
        return new AppendRequest(entries) { IdempotencyKey = key };
    }

    private static CrashStep.Compact Compact(SeededRng rng) => new(rng.Pick(Enum.GetValues<Compaction>()), rng.NextDouble())
    {
        Stream = rng.Pick(StreamNames),
        Meanwhile = rng.Chance(0.3) ? [Batch(rng), Batch(rng)] : [],
        After = rng.Between(0, 12),
    };

    private static EntryData Entry(SeededRng rng, int largest)
    {
        var payload = new byte[rng.Between(0, largest)];
        rng.Fill(payload);
        string[] tags = rng.NextBoolean() ? ["tag:" + rng.Between(0, 3).ToString(CultureInfo.InvariantCulture)] : [];
        return new EntryData(
            rng.Pick(StreamNames), "Happened", Encoding.ASCII.GetBytes(Convert.ToHexString(payload.AsSpan(0, payload.Length / 2))))
        {
            Tags = tags
        };
    }
}
