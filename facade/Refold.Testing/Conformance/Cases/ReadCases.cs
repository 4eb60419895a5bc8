// What is promised of reading: ranges, the moment of the call, the asynchronous twins.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class ReadCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("a stream is read in version order, from and to a version, and no more than asked for", StreamRangesAsync),
        JournalCase.Of("everything is read in position order, from a position, and no more than asked for", AllRangesAsync),
        JournalCase.Of("an unknown stream and a range without entries are empty", EmptyAsync),
        JournalCase.Of("a read sees the moment of its call: what is appended while it is enumerated is not in it", MomentAsync),
        JournalCase.Of("the asynchronous reads give what the synchronous ones give, and stop when they are cancelled", AsynchronousAsync),
        JournalCase.Of("streams are told apart byte by byte, and listed in the order of their bytes", NamesAsync),
    ];

    private static async Task StreamRangesAsync(JournalBench bench)
    {
        for (var index = 0; index < 5; index++) await bench.AppendAsync(JournalBench.Entry("a"), JournalBench.Entry("b")).ConfigureAwait(false);
        (long From, long To, long Most)[] ranges =
        [
            (1, long.MaxValue, long.MaxValue), (0, 3, 9), (-7, 2, 9), (long.MinValue, long.MaxValue, 2), (2, 4, long.MaxValue), (2, 4, 2), (5, 5, 1), (4, 3, 9), (6, 9, 9), (long.MaxValue, long.MaxValue, 9), (1, 5, 0), (1, 0, 9),
        ];
        foreach (var (from, to, most) in ranges)
        {
            var expected = Enumerable.Range(1, 5).Select(version => (long)version).Where(version => version >= from && version <= to).Take((int)Math.Min(most, 9));
            Expect.Sequence(expected, bench.Journal.ReadStream("a", from, to, most).Select(entry => entry.Version), FormattableString.Invariant($"the version of ReadStream(a, {from}, {to}, {most})"));
        }
    }

    private static async Task AllRangesAsync(JournalBench bench)
    {
        for (var index = 0; index < 3; index++) await bench.AppendAsync(JournalBench.Entry("a"), JournalBench.Entry("b")).ConfigureAwait(false);
        foreach (var (from, most) in new (long, long)[] { (1, long.MaxValue), (0, 2), (long.MinValue, 9), (3, 2), (6, 9), (7, 9), (long.MaxValue, 9), (2, 0) })
        {
            var expected = Enumerable.Range(1, 6).Select(position => (long)position).Where(position => position >= from).Take((int)Math.Min(most, 9));
            Expect.Sequence(expected, bench.Journal.ReadAll(from, most).Select(entry => entry.Position), FormattableString.Invariant($"the position of ReadAll({from}, {most})"));
        }
    }

    private static async Task EmptyAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2).ConfigureAwait(false);
        Expect.Equal(0, bench.Journal.ReadStream("A").Count(), "the number of entries of an unknown stream");
        Expect.Equal(0, bench.Journal.ReadStream("a", 3).Count(), "the number of entries behind the last");
        Expect.Equal(0, bench.Journal.ReadAll(3).Count(), "the number of entries behind the last");
    }

    private static async Task MomentAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3).ConfigureAwait(false);
        var (all, stream) = (bench.Journal.ReadAll(), bench.Journal.ReadStream("a"));
        using var begun = bench.Journal.ReadAll().GetEnumerator();
        Expect.True(begun.MoveNext(), "a read of three entries has none");
        await bench.FillAsync("a", 2).ConfigureAwait(false);
        Expect.Equal(3, all.Count(), "the number of entries of a read that was called before two more were appended");
        Expect.Equal(3, stream.Count(), "the number of entries of a stream's read that was called before two more were appended");
        var rest = 1;
        while (begun.MoveNext()) rest++;
        Expect.Equal(3, rest, "the number of entries of a read that was begun before two more were appended");
        Expect.Equal(5, bench.Journal.ReadAll().Count(), "the number of entries");
    }

    private static async Task AsynchronousAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 4).ConfigureAwait(false);
        Expect.Sequence(bench.Journal.ReadAll(2, 2), await bench.Journal.ReadAllAsync(2, 2).ToListAsync().ConfigureAwait(false), "entry of ReadAllAsync");
        Expect.Sequence(bench.Journal.ReadStream("a", 2, 3), await bench.Journal.ReadStreamAsync("a", 2, 3).ToListAsync().ConfigureAwait(false), "entry of ReadStreamAsync");
        using var cancelled = new CancellationTokenSource();
        var seen = 0;
        await Expect.ThrowsAsync<OperationCanceledException>(
            async () =>
            {
                await foreach (var entry in bench.Journal.ReadAllAsync(cancellationToken: cancelled.Token).ConfigureAwait(false))
                {
                    seen++;
                    await cancelled.CancelAsync().ConfigureAwait(false);
                }
            },
            "a read that is cancelled at its first entry").ConfigureAwait(false);
        Expect.Equal(1, seen, "the number of entries before it was cancelled");
    }

    private static async Task NamesAsync(JournalBench bench)
    {
        // UTF-16 order would put the last two the other way round; a culture's, or one without case, would join others.
        StreamId[] names = ["$", "A", "B", "a", "a/", "a/1", "a/10", "a/2", "a\u0301", "b", "stra\u00dfe", "strasse", "\u00e1", "\ufb01", "\uffee", "\ud83d\ude80"];
        foreach (var name in names.Reverse()) await bench.AppendAsync(JournalBench.Entry(name.Value)).ConfigureAwait(false);
        var ordered = names.OrderBy(name => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(name.Value)), StringComparer.Ordinal);
        Expect.Sequence(ordered, bench.Journal.Streams().Select(info => info.Stream), "stream");
        foreach (var name in names) Expect.Equal(1, bench.Journal.ReadStream(name).Count(entry => entry.Stream == name), $"the number of entries of '{name}'");
    }
}
