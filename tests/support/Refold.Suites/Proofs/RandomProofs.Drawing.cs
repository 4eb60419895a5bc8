// What is appended, restored and compacted in a random history.
// Called by RandomProofs.
using Refold.Segments;

namespace Refold.Suites;

internal sealed partial class RandomProofs
{
    private AppendRequest Draw()
    {
        string? key = rng.Chance(0.3) ? "key " + keys++ : null;
        var stream = rng.Pick(Names);
        return new AppendRequest(
            [.. Enumerable.Range(0, rng.Between(1, rng.Chance(0.1) ? 30 : 4))
                .Select(_ => Draw(rng.Chance(0.7) ? stream : rng.Pick(Names)))])
        {
            IdempotencyKey = key,
        };
    }

    private EntryData Draw(string stream)
    {
        var size = rng.Chance(0.02) ? rng.Between(16_000, 17_500) : rng.Chance(0.1) ? rng.Between(1000, 9000) : rng.Between(0, 100);
        return Samples.Entry(stream, new string('x', size), [.. "ab".Where(_ => rng.NextBoolean()).Select(tag => tag.ToString())]) with
        {
            Time = rng.NextBoolean() ? null : DateTimeOffset.UnixEpoch.AddSeconds(rng.Between(0, 100_000)).ToOffset(TimeSpan.FromHours(2)),
        };
    }

    private ProvedBatch DrawRestored()
    {
        var first = oracle.Head.Position + 1 + (rng.NextBoolean() ? 0 : rng.Between(1, 50));
        var position = first + (rng.Chance(0.3) ? rng.Between(1, 5) : 0);
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        var entries = new List<JournalEntry>();
        var stream = rng.Pick(Names);
        for (var count = rng.Between(1, 6); count > 0; count--)
        {
            if (rng.Chance(0.4)) stream = rng.Pick(Names);
            var before = versions.TryGetValue(stream, out var known) ? known : oracle.Highest(stream);
            versions[stream] = before == 0 ? rng.Between(1, 9) : before + 1;
            entries.Add(new JournalEntry(position, versions[stream], first, Draw(stream)));
            position += 1 + (rng.Chance(0.3) ? rng.Between(1, 4) : 0);
        }

        return oracle.Made(first, entries);
    }

    private CompactionRequest DrawCompaction()
    {
        switch (rng.Between(0, 4))
        {
            case 0: return new CompactionRequest.Merge { MaxBytes = rng.Between(1000, 30_000) };
            case 1: return new CompactionRequest.DropDeleted();
            case 2: return new CompactionRequest.DeleteStream(rng.Pick(Names));
            default:
                var begin = oracle.Dropped;
                long[] sizes = [.. Enumerable.Range(0, rng.Between(0, 4)).Select(_ => (long)rng.Between(begin, oracle.Batches.Count))];
                return new CompactionRequest.RetainFrom(
                    rng.Between(1 + (int)oracle.Begin, (int)Math.Min(oracle.Begin + rng.Between(1, 400), oracle.Head.Position + 1)))
                {
                    ProvableSizes = sizes,
                };
        }
    }
}
