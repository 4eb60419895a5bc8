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
        JournalCase.Of(
            "the last entry of an outbox stays, so that its numbers are never given again", OutboxAsync,
            JournalCapabilities.Deletion | JournalCapabilities.Restore),
        JournalCase.Of(
            "floors are the same after opening again", SurvivesAsync, JournalCapabilities.Deletion | JournalCapabilities.Durability),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Deletion);

    private static async Task FillAsync(JournalBench bench)
    {
        for (var index = 0; index < 3; index++) await bench.AppendAsync(
            JournalBench.Entry("a", tags: "x"), JournalBench.Entry("b"), JournalBench.Entry("a", type: "other"));
    }

    private static async Task HidesAsync(JournalBench bench)
    {
        await FillAsync(bench);
        await bench.DeleteToAsync("a", 3);
        Expect.Sequence([2L, 5, 6, 7, 8, 9], (await bench.Read.AllAsync()).Select(entry => entry.Position), "position");
        Expect.Sequence([4L, 5, 6], (await bench.Read.StreamAsync("a", 4)).Select(entry => entry.Version), "version");
        Expect.Sequence([5L, 6], (await bench.Read.AllAsync(3, 2)).Select(entry => entry.Position), "the position of ReadAll(3, 2)");
        if (bench.Has(JournalCapabilities.Queries))
            Expect.Sequence(
                [7L], (await bench.Read.QueryAsync(Query.WithTags("x"))).Entries.Select(match => match.Position),
                "the position of a match");
    }

    private static async Task DroppedAsync(JournalBench bench)
    {
        await FillAsync(bench);
        await bench.DeleteToAsync("a", 3);
        foreach (var (from, to, most) in new (long, long, long)[] { (1, 9, 9), (-1, 9, 9), (3, 9, 9), (1, 9, 0), (2, 1, 9) })
        {
            var read = FormattableString.Invariant($"ReadStreamAsync(a, {from}, {to}, {most}) with a floor of 3");
            var dropped = await Expect.ThrowsWhenAwaitedAsync<EntriesDroppedException>(
                () => bench.Journal.ReadStreamAsync("a", from, to, most), read);
            await Expect.ThrowsAsync<EntriesDroppedException>(() => bench.Read.StreamAsync("a", from, to, most), read);
            Expect.Equal((3L, "a"), (dropped.UpTo, dropped.Stream.Value), "what was dropped");
        }

        Expect.Equal(3, (await bench.Read.StreamAsync("b")).Count, "the number of entries of the other stream");
    }

    private static async Task GoesOnAsync(JournalBench bench)
    {
        await FillAsync(bench);
        long[] positions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        var heads = await bench.Read.HeadsAsync(positions);
        await bench.DeleteToAsync("a", 6);
        Expect.Sequence(heads, await bench.Read.HeadsAsync(positions), "the head at a position");
        Expect.Equal(heads[9], await bench.Read.HeadAsync(), "the head");
        Expect.Equal(6L, await bench.Read.HighestVersionAsync("a"), "the highest version");
        var receipt = await bench.AppendAsync(JournalBench.Entry("a"));
        Expect.Equal((10L, 7L), (receipt.FirstPosition, receipt.Versions[0].First), "position and version of the next entry");
    }

    private static async Task FloorAsync(JournalBench bench)
    {
        await FillAsync(bench);
        await bench.DeleteToAsync("a", 2);
        await bench.DeleteToAsync("a", 1);
        await bench.DeleteToAsync("a", 0);
        await bench.DeleteToAsync("a", -5);
        await bench.DeleteToAsync("b", long.MaxValue);
        await bench.DeleteToAsync("c", 7);
        Expect.Sequence([new StreamInfo("a", 2, 6), new StreamInfo("b", 3, 3)], await bench.Read.StreamsAsync(), "stream");
    }

    private static async Task NotAbsentAsync(JournalBench bench)
    {
        await FillAsync(bench);
        await bench.DeleteToAsync("b", 3);
        AppendRequest Expecting(ExpectedVersion expected) =>
            new(JournalBench.Entry("b")) { Expected = new Dictionary<StreamId, ExpectedVersion> { ["b"] = expected } };
        Expect.Equal(
            3L, Expect.NotAppended<AppendFailure.Conflict>(
            await bench.TryAsync(Expecting(ExpectedVersion.NoStream)), "expecting no stream").Actual, "the actual version");
        await bench.AppendAsync(Expecting(ExpectedVersion.Exists));
        await bench.AppendAsync(Expecting(ExpectedVersion.Exactly(4)));
    }

    private static async Task OutboxAsync(JournalBench bench)
    {
        for (var place = 1; place <= 3; place++)
        {
            JournalEntry[] batch = [new(place, place, place, JournalBench.Entry("$outbox/mails"), null)];
            var restored = await Expect.Within(bench.Journal.TryRestoreAsync(batch).AsTask(), "the answer to a restored batch");
            Expect.Appended(restored, "a message");
        }

        await bench.DeleteToAsync("$outbox/mails", long.MaxValue);
        await bench.DeleteToAsync("$outbox/mails", 3);
        await bench.DeleteToAsync("$outbox/other", 3);
        Expect.Sequence([3L], (await bench.Read.StreamAsync("$outbox/mails", 3)).Select(entry => entry.Version), "version");
        Expect.Sequence([new StreamInfo("$outbox/mails", 2, 3)], await bench.Read.StreamsAsync(), "stream");
    }

    private static async Task SurvivesAsync(JournalBench bench)
    {
        await FillAsync(bench);
        await bench.DeleteToAsync("a", 3);
        var (streams, entries, head) = (await bench.Read.StreamsAsync(), await bench.Read.AllAsync(), await bench.Read.HeadAsync());
        await bench.ReopenAsync();
        Expect.Sequence(streams, await bench.Read.StreamsAsync(), "stream");
        Expect.Sequence(entries, await bench.Read.AllAsync(), "entry");
        Expect.Equal(head, await bench.Read.HeadAsync(), "the head");
        await Expect.ThrowsAsync<EntriesDroppedException>(() => bench.Read.StreamAsync("a"), "reading from below the floor");
    }
}
