// The same answers before and after a compaction: of reads, keys, conditions, and of the next appends;
// in copies and in what is salvaged too. Run by SegmentSuites.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class CompactedJournalCase
{
    private static readonly OpeningWays[] Ways = [new(), new() { Checkpoint = false, Footers = false }];

    /// <summary>What a compaction drops; a seed chooses by the remainder.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["beginning", "streams", "deleted"];

    /// <summary>One journal, compacted twice, the second time over what the first has left.</summary>
    public static async Task RunAsync(Tally tally, ulong seed)
    {
        var kind = Kinds[(int)(seed % (ulong)Kinds.Count)];
        tally.Add(Journals(kind));
        var rng = SeededRng.FromSeed(seed);
        var (before, keys) = (new MemoryDevice(), new List<string>());
        await using (var journal = SegmentJournal.Open(before, Samples.Small)) await RandomJournals.FillAsync(journal, rng, keys);
        var after = before.Copy();
        for (var time = 0; time < 2; time++)
        {
            if (await after.CompactAsync(Drops(kind, rng), rng.Pick([0L, 3000L, 1L << 20]), seals: rng.NextBoolean())
                is not { } deletions)
                continue;
            await Compacting.DeleteAsync(before, deletions);
            tally.Add(Compactions(kind));
            await SameAsync(before, after, keys);
        }

        await GoOnAsync(before, after, keys);
    }

    /// <summary>Of three journals of a kind, more than one compaction did something.</summary>
    public static string? Missing(Tally tally) =>
        Kinds.FirstOrDefault(kind => tally[Journals(kind)] > 0 && 3 * tally[Compactions(kind)] <= tally[Journals(kind)]) is { } kind
            ? $"too few {Compactions(kind)}"
            : null;

    private static string Journals(string kind) => $"journals ({kind})";

    private static string Compactions(string kind) => $"compactions ({kind})";

    private static Format.CompactionDrop[] Drops(string kind, SeededRng rng) => kind switch
    {
        "deleted" => [.. new[] { Format.CompactionDrop.Deleted }.Where(_ => rng.Chance(0.8))],
        "streams" =>
            [.. RandomJournals.Streams.Where(_ => rng.NextBoolean()).Select(stream => Format.CompactionDrop.NewStream(stream))],
        "beginning" =>
            [Format.CompactionDrop.NewBefore(rng.Between(1, 30)),
                .. new[] { Format.CompactionDrop.Deleted }.Where(_ => rng.NextBoolean())],
        _ => throw new ArgumentException($"There is no kind {kind}.", nameof(kind)),
    };

    private static async Task SameAsync(MemoryDevice before, MemoryDevice after, List<string> keys)
    {
        Assert.Null(SegmentVerification.Of(after).First);
        var from = FileNames.Segments(after)[0].FirstPosition - 1;
        var expected = Answers(before, Ways[0], from, keys);
        foreach (var way in Ways) Assert.Equal(expected, Answers(after, way, from, keys));

        var copy = new MemoryDevice();
        JournalBackup.Make(after, copy);
        foreach (var way in Ways) Assert.Equal(expected, Answers(copy, way, from, keys));

        var salvaged = SalvagedJournal.Open(after);
        Assert.Empty(salvaged.Holes);
        await using var journal = SegmentJournal.Open(after, Samples.ReadOnly);
        Assert.Equal(journal.ReadAll().Select(entry => entry.ToString()), salvaged.Entries().Select(entry => entry.ToString()));
    }

    /// <summary>Everything that both journals must answer alike, where one begins behind a position.</summary>
    private static List<string> Answers(MemoryDevice device, OpeningWays ways, long from, List<string> keys)
    {
        var opened = OpenedDirectory.ForReading(device, new JournalOptions { Segments = new() { Opening = ways } }, 0, _ => true)!;
        using var journal = new Closing(opened);
        var index = opened.Index;
        List<string> lines = [.. index.Conditions(from)];
        foreach (var row in index.From(from + 1, long.MaxValue)) lines.Add($"{row.Segment.Read(row)} {row.Segment.Read(row).Batch}");
        foreach (var stream in index.Streams())
        {
            // Versions up to the last that was dropped are gone, as if they had been deleted.
            var gone = index.From(1, from)
                .TakeWhile(row => row.Position <= from)
                .Where(row => row.Stream == stream.Stream)
                .Select(row => row.Version)
                .DefaultIfEmpty(0)
                .Max();
            var floor = Math.Max(stream.Floor, gone);
            lines.Add($"{stream.Stream} {floor} {stream.HighestVersion} {index.HighestVersion(stream.Stream)}");
            lines.AddRange(
                index.OfStream(stream.Stream, floor + 1, long.MaxValue, long.MaxValue).Select(row => $"{row.Position} {row.Version}"));
            if (floor == stream.Floor && floor > 0)
                lines.Add(Assert.Throws<EntriesDroppedException>(() => index.OfStream(stream.Stream, 1, 1, 1).Count()).Message);
            else lines.Add(new EntriesDroppedException(stream.Stream, floor).Message);
        }

        for (var position = from; position <= index.Head.Position + 1; position++) lines.Add($"{position}: {index.HeadAt(position)}");
        foreach (var query in (Query[])[
            Query.WithTags("a"), Query.WithTags("a", "b"), Query.WithTags("kind:external"), Query.OfTypes("Happened")])
            lines.Add(string.Join(",", index.Find(query.Value, from + 1, 9).Rows.Select(row => row.Position)));
        foreach (var key in keys) lines.Add($"{key}: {index.FindKey(key)}");
        return lines;
    }

    private static async Task GoOnAsync(MemoryDevice before, MemoryDevice after, List<string> keys)
    {
        var answers = new List<List<string>>();
        foreach (var device in (MemoryDevice[])[before, after])
        {
            var lines = new List<string>();
            await using (var journal = SegmentJournal.Open(device, Samples.Small))
            {
                foreach (var stream in RandomJournals.Streams)
                {
                    lines.Add((await journal.Append(Samples.Entry(stream), Samples.Entry("new"))).ToString());
                    await journal.DeleteToAsync(stream, 3);
                }

                foreach (var key in keys.Take(3))
                    lines.Add(
                        (await journal.TryAppendAsync(new AppendRequest(Samples.Entry("other")) { IdempotencyKey = key })).ToString()!);
            }

            var from = FileNames.Segments(after)[0].FirstPosition - 1;
            foreach (var way in Ways) answers.Add([.. lines, .. Answers(device, way, from, keys)]);
        }

        foreach (var answer in answers) Assert.Equal(answers[0], answer);
    }

    /// <summary>Closes the files of an opened directory.</summary>
    private sealed class Closing(OpenedDirectory opened) : IDisposable
    {
        public void Dispose() => opened.Close();
    }
}
