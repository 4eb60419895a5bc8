// What is promised of append conditions: they fail on anything committed after their AsOf that matches, and only on that.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class ConditionCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("a condition fails on a match after its AsOf, and names the first", FailsAsync),
        Of("a condition passes over matches up to its AsOf, and over others after it", PassesAsync),
        Of("a condition is not judged by its own batch", OwnBatchAsync),
        Of("an AsOf below 0 or beyond the head never passes", OutsideAsync),
        Of("a condition is judged before expected versions", OrderAsync),
        JournalCase.Of(
            "a deleted entry after the AsOf counts as a match, one before it does not", DeletedAsync,
            JournalCapabilities.Conditions | JournalCapabilities.Deletion),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Conditions);

    private static AppendRequest On(Query query, long asOf) =>
        new(JournalBench.Entry("c")) { Condition = new AppendCondition(query, asOf) };

    private static async Task FailsAtAsync(JournalBench bench, AppendRequest request, long position, string what)
    {
        var failure = Expect.NotAppended<AppendFailure.ConditionFailed>(await bench.TryAsync(request), what);
        Expect.Equal(position, failure.Position, "the position of the match");
    }

    private static async Task FailsAsync(JournalBench bench)
    {
        await bench.AppendAsync(
            JournalBench.Entry("a", tags: ["x"]), JournalBench.Entry("b", tags: ["x", "y"]), JournalBench.Entry("a", tags: ["y"]),
            JournalBench.Entry("b", tags: ["x", "y"]));
        (Query Query, long AsOf, long Position)[] failing =
        [
            (Query.WithTags("x"), 0, 1), (Query.WithTags("x"), 1, 2), (Query.WithTags("x", "y"), 0, 2), (Query.WithTags("x", "y"), 2, 4),
            (Query.All, 3, 4),
            (Query.OfTypes("happened"), 2, 3), (Query.Any(new QueryItem(["other"], []), new QueryItem([], ["y"])), 0, 2),
            (Query.WithTags("kind:external"), 3, 4),
        ];
        foreach (var (query, asOf, position) in failing)
            await FailsAtAsync(bench, On(query, asOf), position, "an append on a condition with a match");
        Expect.Equal(4L, (await bench.Read.HeadAsync()).Position, "the last position");
    }

    private static async Task PassesAsync(JournalBench bench)
    {
        await bench.AppendAsync(JournalBench.Entry("a", tags: ["x"]), JournalBench.Entry("a", tags: ["y"]));
        (Query Query, long AsOf)[] passing = [(Query.WithTags("x"), 1), (Query.WithTags("x", "y"), 0), (Query.OfTypes("other"), 0),
            (Query.WithTags("z"), 0), (Query.WithTags("kind:derived"), 0), (Query.All, 7)];
        foreach (var (query, asOf) in passing) await bench.AppendAsync(On(query, asOf), "an append on a condition without a match");
    }

    private static async Task OwnBatchAsync(JournalBench bench)
    {
        var request = new AppendRequest(
            JournalBench.Entry("a", tags: ["x"]),
            JournalBench.Entry("a", tags: ["x"]))
        { Condition = new AppendCondition(Query.WithTags("x"), 0) };
        await bench.AppendAsync(request);
        await FailsAtAsync(bench, request, 1L, "the same once more");
    }

    private static async Task OutsideAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        foreach (var asOf in new[] { -1, 3, long.MaxValue, long.MinValue })
            await FailsAtAsync(bench, On(Query.WithTags("never"), asOf), 0L, "an append on a condition outside the journal");
        await bench.AppendAsync(On(Query.WithTags("never"), 0));
    }

    private static async Task OrderAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 1);
        var both = On(Query.All, 0) with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream } };
        Expect.NotAppended<AppendFailure.ConditionFailed>(
            await bench.TryAsync(both), "an append of which neither condition nor expectation is met");
    }

    private static async Task DeletedAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        await bench.DeleteToAsync("a", 2);
        await FailsAtAsync(bench, On(Query.WithTags("x"), 0), 1L, "an append after which an entry was deleted");
        await FailsAtAsync(bench, On(Query.WithTags("x"), 1), 2L, "an append after which an entry was deleted");
        await bench.AppendAsync(On(Query.WithTags("x"), 2));
    }
}
