// What is promised of deletion: it hides at once, leaves the head alone, and reading what is gone says so.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class DeletionCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("what was deleted is hidden at once, from every read", HidesAsync),
        Of("reading from the floor or below it says what was dropped, also where the range is empty", DroppedAsync),
        Of("the head, the highest versions and positions stay as they were, and the next entry goes on", GoesOnAsync),
        Of("a floor is never lowered, a version beyond the end means all, an unknown stream nothing", FloorAsync),
        Of("a stream of which all is deleted is not absent", NotAbsentAsync),
        JournalCase.Of("floors are the same after opening again", SurvivesAsync, JournalCapabilities.Deletion | JournalCapabilities.Durability),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Deletion);

    private static async Task FillAsync(JournalBench bench)
    {
        for (var index = 0; index < 3; index++) await bench.AppendAsync(JournalBench.Entry("a", tags: "x"), JournalBench.Entry("b"), JournalBench.Entry("a", type: "other")).ConfigureAwait(false);
    }

    private static async Task HidesAsync(JournalBench bench)
    {
        await FillAsync(bench).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 3).ConfigureAwait(false);
        Expect.Sequence([2L, 5, 6, 7, 8, 9], bench.Journal.ReadAll().Select(entry => entry.Position), "position");
        Expect.Sequence([4L, 5, 6], bench.Journal.ReadStream("a", 4).Select(entry => entry.Version), "version");
        Expect.Sequence([5L, 6], bench.Journal.ReadAll(3, 2).Select(entry => entry.Position), "the position of ReadAll(3, 2)");
        if (bench.Has(JournalCapabilities.Queries))
            Expect.Sequence([7L], bench.Journal.Query(Query.WithTags("x")).Entries.Select(entry => entry.Position), "the position of a match");
    }

    private static async Task DroppedAsync(JournalBench bench)
    {
        await FillAsync(bench).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 3).ConfigureAwait(false);
        foreach (var (from, to, most) in new (long, long, long)[] { (1, 9, 9), (-1, 9, 9), (3, 9, 9), (1, 9, 0), (2, 1, 9) })
        {
            var dropped = Expect.Throws<EntriesDroppedException>(() => bench.Journal.ReadStream("a", from, to, most), FormattableString.Invariant($"ReadStream(a, {from}, {to}, {most}) with a floor of 3"));
            Expect.Equal((3L, "a"), (dropped.UpTo, dropped.Stream.Value), "what was dropped");
        }

        await Expect.ThrowsAsync<EntriesDroppedException>(async () => await bench.Journal.ReadStreamAsync("a").ToListAsync().ConfigureAwait(false), "reading it asynchronously").ConfigureAwait(false);
        Expect.Equal(3, bench.Journal.ReadStream("b").Count(), "the number of entries of the other stream");
    }

    private static async Task GoesOnAsync(JournalBench bench)
    {
        await FillAsync(bench).ConfigureAwait(false);
        var heads = Enumerable.Range(0, 11).Select(position => bench.Journal.HeadAt(position)).ToList();
        await bench.Journal.DeleteToAsync("a", 6).ConfigureAwait(false);
        Expect.Sequence(heads, Enumerable.Range(0, 11).Select(position => bench.Journal.HeadAt(position)), "the head at a position");
        Expect.Equal(heads[9], bench.Journal.Head, "the head");
        Expect.Equal(6L, bench.Journal.HighestVersion("a"), "the highest version");
        var receipt = await bench.AppendAsync(JournalBench.Entry("a")).ConfigureAwait(false);
        Expect.Equal((10L, 7L), (receipt.FirstPosition, receipt.Versions[0].First), "position and version of the next entry");
    }

    private static async Task FloorAsync(JournalBench bench)
    {
        await FillAsync(bench).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 2).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 1).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 0).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", -5).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("b", long.MaxValue).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("c", 7).ConfigureAwait(false);
        Expect.Sequence([new StreamInfo("a", 2, 6), new StreamInfo("b", 3, 3)], bench.Journal.Streams(), "stream");
    }

    private static async Task NotAbsentAsync(JournalBench bench)
    {
        await FillAsync(bench).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("b", 3).ConfigureAwait(false);
        AppendRequest Expecting(ExpectedVersion expected) => new(JournalBench.Entry("b")) { Expected = new Dictionary<StreamId, ExpectedVersion> { ["b"] = expected } };
        Expect.Equal(3L, Expect.NotAppended<AppendFailure.Conflict>(await bench.TryAsync(Expecting(ExpectedVersion.NoStream)).ConfigureAwait(false), "expecting no stream").Actual, "the actual version");
        await bench.AppendAsync(Expecting(ExpectedVersion.Exists)).ConfigureAwait(false);
        await bench.AppendAsync(Expecting(ExpectedVersion.Exactly(4))).ConfigureAwait(false);
    }

    private static async Task SurvivesAsync(JournalBench bench)
    {
        await FillAsync(bench).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 3).ConfigureAwait(false);
        var (streams, entries, head) = (bench.Journal.Streams(), bench.Journal.ReadAll().ToList(), bench.Journal.Head);
        await bench.ReopenAsync().ConfigureAwait(false);
        Expect.Sequence(streams, bench.Journal.Streams(), "stream");
        Expect.Sequence(entries, bench.Journal.ReadAll(), "entry");
        Expect.Equal(head, bench.Journal.Head, "the head");
        Expect.Throws<EntriesDroppedException>(() => bench.Journal.ReadStream("a"), "reading from below the floor");
    }
}
