// Journals drawn at random, and every question about them whose answer must not depend on how they lie on disk.
// Used by the suites of opening and of compacted journals, and by tests of opening.
using Refold.Segments;

namespace Refold.Suites;

internal static class RandomJournals
{
    public static readonly string[] Streams = ["a", "b", "\u00e9", "a/b", "c"];

    /// <summary>Batches over several streams with tags and keys, deletions, holes, batches of several segments' size.</summary>
    public static async Task FillAsync(SegmentJournal journal, SeededRng rng, List<string> keys)
    {
        for (var step = rng.Between(1, 40); step > 0; step--)
        {
            var stream = rng.Pick(Streams);
            if (rng.Chance(0.1) && journal.HighestVersion(stream) is > 0 and var highest)
            {
                await journal.DeleteToAsync(stream, 1 + (long)(rng.NextDouble() * (highest - 1)));
                continue;
            }

            string? key = rng.Chance(0.3) ? "key " + keys.Count : null;
            if (key is not null) keys.Add(key);
            var entries = Enumerable.Range(0, rng.Between(1, rng.Chance(0.1) ? 20 : 4)).Select(_ => Samples.Entry(
                rng.Chance(0.7)
                    ? stream
                    : rng.Pick(Streams), new string('x', rng.Between(0, 150)), [
                        .. "abc".Where(_ => rng.NextBoolean()).Select(tag => tag.ToString())]));
            await journal.AppendAsync(new AppendRequest([.. entries]) { IdempotencyKey = key });
        }
    }

    /// <summary>Where conditions of each kind find their first match after each position from one on: entries,
    /// what was deleted, and holes.</summary>
    public static IEnumerable<string> Conditions(this SegmentIndex index, long begin) =>
        from query in (Query[])[Query.WithTags("a"), Query.WithTags("b", "c"), Query.OfTypes("Other"), Query.OfTypes("Happened"), Query.All]
        from after in Enumerable.Range((int)begin, (int)(index.Head.Position - begin) + 1)
        select $"{System.Text.Json.JsonSerializer.Serialize(query.Items)} after {after}: {index.FirstMatchAfter(query.Value, after)}";
}
