// Batches whose whole content follows from a number, which is their idempotency key too: what is read back can be judged by itself.
// Appended by CompactingProcess; used by KilledCompactions, CompactionLedger and CompactionReaders.
using System.Collections.Concurrent;
using System.Globalization;

namespace Refold.Suites;

internal static class KeyedBatch
{
    private const int MostBytes = 300;

    // The same ones are read again and again.
    private static readonly ConcurrentDictionary<long, AppendRequest> Known = [];

    /// <summary>The streams of all batches; no name begins another.</summary>
    public static IReadOnlyList<string> Streams { get; } = ["s0", "s1", "s2", "s3", "s4"];

    /// <summary>The first number of an appender of a life: each has a range of its own.</summary>
    public static long Number(int life, int appender) => (life * 1_000_000L) + (appender * 100_000L);

    /// <summary>The batch of a number.</summary>
    public static AppendRequest Of(long number) => Known.GetOrAdd(number, Make);

    /// <summary>The number of the batch of an entry, which has to be what was appended.</summary>
    public static long Checked(JournalEntry entry)
    {
        var number = long.Parse(entry.IdempotencyKey!, CultureInfo.InvariantCulture);
        var (batch, place) = (Of(number).Entries, (int)(entry.Position - entry.Batch));
        return place < batch.Count && batch[place] is var data && data.Stream == entry.Stream && data.Tags.SequenceEqual(entry.Tags)
            && data.Payload.Span.SequenceEqual(entry.Payload.Span)
            ? number
            : throw new InvalidOperationException($"{entry} is not entry {place} of the batch {number}.");
    }

    /// <summary>A receipt as one word of five: first position, count, head, and the versions of each stream.</summary>
    public static string Text(Receipt receipt) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{receipt.FirstPosition} {receipt.Count} {receipt.Head.Hash} {string.Join(',', receipt.Versions.Select(Text))}");

    private static AppendRequest Make(long number)
    {
        var rng = SeededRng.FromSeed((ulong)number);
        return new AppendRequest([.. Enumerable.Range(0, rng.Between(1, 4)).Select(place => Entry(rng, number, place))])
        {
            IdempotencyKey = number.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static string Text(StreamVersions versions) =>
        string.Create(CultureInfo.InvariantCulture, $"{versions.Stream}:{versions.First}:{versions.Last}");

    private static EntryData Entry(SeededRng rng, long number, int place)
    {
        var payload = string.Create(CultureInfo.InvariantCulture, $"{number} {place} {new string('x', rng.Between(0, MostBytes))}");
        return Samples.Entry(rng.Pick(Streams), payload, "t" + (number % 3).ToString(CultureInfo.InvariantCulture));
    }
}
