// What is promised of queries: alternatives of types and tags, in position order, with the position they were evaluated at.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class QueryCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("a query matches any of its items, an item any of its types and all of its tags", MatchesAsync),
        Of("an answer says the head position it was evaluated at, also when it is empty", AsOfAsync),
        Of("a query starts at a position, and gives no more than asked for", RangesAsync),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Queries);

    private static string Text(QueryItem item) => $"({string.Join("|", item.Types)}; {string.Join("&", item.Tags)})";

    private static async Task MatchesAsync(JournalBench bench)
    {
        await bench.AppendAsync(
            JournalBench.Entry("a", type: "t", tags: ["x", "y"]),
            JournalBench.Entry("b", type: "u", tags: ["x"]) with { Role = EntryRole.Event }, JournalBench.Entry("a", type: "t"));
        await bench.AppendAsync(
            JournalBench.Entry("b", type: "u", tags: ["y"]) with { Role = EntryRole.Unmarked },
            JournalBench.Entry("c", type: "T", tags: ["X"]));
        (Query Query, long[] Positions)[] queries =
        [
            (Query.All, [1, 2, 3, 4, 5]), (Query.OfTypes("t"), [1, 3]), (Query.OfTypes("t", "u"), [1, 2, 3, 4]),
            (Query.WithTags("x"), [1, 2]), (Query.WithTags("y", "x"), [1]), (Query.WithTags("x", "z"), []),
            (Query.Any(new QueryItem(["u"], ["x"]), new QueryItem(["t"], ["y"])), [1, 2]),
            (Query.Any(new QueryItem(["t"], []), new QueryItem([], ["x"])), [1, 2, 3]), (Query.Any(new QueryItem([], [])), [1, 2, 3, 4, 5]),
            (Query.WithTags("kind:external"), [1, 3, 5]), (Query.WithTags("kind:derived"), [2]),
            (Query.WithTags("kind:external", "x"), [1]), (Query.OfTypes("v"), []),
        ];
        foreach (var (query, positions) in queries)
            Expect.Sequence(
                positions, (await bench.Read.QueryAsync(query)).Entries.Select(entry => entry.Position),
                "the position of " + string.Join(" or ", query.Items.Select(Text)));
        Expect.Sequence(await bench.Read.AllAsync(), (await bench.Read.QueryAsync(Query.All)).Entries, "entry");
    }

    private static async Task AsOfAsync(JournalBench bench)
    {
        Expect.Equal(0L, (await bench.Read.QueryAsync(Query.WithTags("x"))).AsOf, "the AsOf in an empty journal");
        await bench.FillAsync("a", 2);
        Expect.Equal(2L, (await bench.Read.QueryAsync(Query.WithTags("x"))).AsOf, "the AsOf of an empty answer");
        Expect.Equal(2L, (await bench.Read.QueryAsync(Query.All, maxCount: 1)).AsOf, "the AsOf of a part of the answer");
    }

    private static async Task RangesAsync(JournalBench bench)
    {
        for (var index = 0; index < 6; index++) await bench.AppendAsync(JournalBench.Entry("a", tags: index % 2 == 0 ? ["even"] : []));
        foreach (var (from, most) in new (
            long, long)[] { (1, 9), (0, 2), (-1, 1), (2, 9), (3, 1), (6, 9), (7, 9), (long.MaxValue, 9), (1, 0) })
        {
            var expected = new long[] { 1, 3, 5 }.Where(position => position >= from).Take((int)most);
            Expect.Sequence(
                expected, (await bench.Read.QueryAsync(Query.WithTags("even"), from, most)).Entries.Select(entry => entry.Position),
                FormattableString.Invariant($"the position of Query(even, {from}, {most})"));
        }
    }
}
