// Readers beside a writer that does everything at random: appends, deletions, compactions of every kind, closing and opening again.
// Run by SegmentSuites.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class LiveReaderCase
{
    private static readonly string[] Streams = ["a", "b", "c", "d"];

    /// <summary>Sixty steps of a writer, beside five readers that look now and then.</summary>
    public static async Task RunAsync(Tally tally, ulong seed)
    {
        var rng = SeededRng.FromSeed(seed);
        var device = new MemoryDevice();
        // On fresh blocks a segment has gaps between its frames.
        var options = seed % 2 == 0
            ? Samples.Small
            : new JournalOptions { Segments = new() { SegmentBytes = 5 * 4096, Durability = Durability.Padded } };
        var writer = SegmentJournal.Open(device, options);
        var readers = new List<SegmentJournal>();
        var keys = new List<string>();
        for (var step = 0; step < 60; step++)
        {
            if (step % 12 == 0) readers.Add(SegmentJournal.Open(device, Samples.ReadOnly));
            if (rng.Chance(0.05))
            {
                await writer.DisposeAsync();
                writer = SegmentJournal.Open(device, options);
            }
            else
            {
                await StepAsync(writer, rng, keys);
            }

            // Some of them miss much in between.
            foreach (var reader in readers.Where(_ => rng.Chance(0.3)))
            {
                Same(writer, reader, keys);
                tally.Add("looks");
            }
        }

        foreach (var reader in readers)
        {
            Same(writer, reader, keys);
            await reader.DisposeAsync();
        }

        await writer.DisposeAsync();
    }

    private static async Task StepAsync(SegmentJournal writer, SeededRng rng, List<string> keys)
    {
        var stream = rng.Pick(Streams);
        var kind = rng.NextDouble();
        if (kind < 0.7)
        {
            string? key = rng.NextBoolean() ? "key " + keys.Count : null;
            if (key is not null) keys.Add(key);
            var entries = Enumerable.Range(0, rng.Between(1, 4))
                .Select(_ => Samples.Entry(rng.Chance(0.8) ? stream : rng.Pick(Streams), new string('x', rng.Between(0, 300)), "a"));
            await writer.AppendAsync(new AppendRequest([.. entries]) { IdempotencyKey = key });
        }
        else if (kind < 0.8 && writer.HighestVersion(stream) is > 0 and var highest)
        {
            await writer.DeleteToAsync(stream, rng.Between(1, (int)highest));
        }
        else
        {
            await writer.CompactAsync(
                kind < 0.85 ? new CompactionRequest.Merge { MaxBytes = rng.Between(1000, 8000) }
                : kind < 0.9 ? new CompactionRequest.DropDeleted()
                : kind < 0.95 ? new CompactionRequest.DeleteStream(stream)
                : new CompactionRequest.RetainFrom(rng.Between(1, (int)writer.Head.Position + 1)));
        }
    }

    private static void Same(SegmentJournal writer, SegmentJournal reader, List<string> keys)
    {
        Assert.Equal(All(writer), All(reader));
        Assert.Equal(writer.Segments, reader.Segments);

        List<string> All(SegmentJournal journal) =>
            [.. journal.Everything(),
                .. keys.Select(key =>
                    journal.FindByKey(key) is { } receipt
                        ? $"{receipt.FirstPosition} {receipt.Head} {string.Join(",", receipt.Versions)}"
                        : "none")];
    }
}
