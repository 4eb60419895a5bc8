// What is promised of reading: ranges, the moment of the call, the asynchronous twins.
// Run by JournalConformance.
using System.Runtime.CompilerServices;

namespace Refold.Testing;

internal static class ReadCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("a stream is read in version order, from and to a version, and no more than asked for", StreamRangesAsync),
        JournalCase.Of("everything is read in position order, from a position, and no more than asked for", AllRangesAsync),
        JournalCase.Of("an unknown stream and a range without entries are empty", EmptyAsync),
        JournalCase.Of("a read sees the moment at which it begins: what is appended while it is enumerated is not in it", MomentAsync),
        JournalCase.Of("a read that is called and not begun sees nothing yet; enumerated twice it is two reads", BegunLaterAsync),
        JournalCase.Of("a read stops when it is cancelled, by the token of the call or by that of the enumeration", CancelledAsync),
        JournalCase.Of("a read that is left early leaves nothing behind", LeftAsync),
        JournalCase.Of("entries are found by id: given, given again, or derived; deleted ones are not", IdsAsync),
        JournalCase.Of("streams are told apart byte by byte, and listed in the order of their bytes", NamesAsync),
        JournalCase.Of("streams are listed page by page: those that begin with a prefix, behind one, no more than asked for", PagesAsync),
    ];

    private static async Task StreamRangesAsync(JournalBench bench)
    {
        for (var index = 0; index < 5; index++) await bench.AppendAsync(JournalBench.Entry("a"), JournalBench.Entry("b"));
        (long From, long To, long Most)[] ranges =
        [
            (1, long.MaxValue, long.MaxValue), (0, 3, 9), (-7, 2, 9), (long.MinValue, long.MaxValue, 2), (2, 4, long.MaxValue), (2, 4, 2),
            (5, 5, 1), (4, 3, 9), (6, 9, 9), (long.MaxValue, long.MaxValue, 9), (1, 5, 0), (1, 0, 9),
        ];
        foreach (var (from, to, most) in ranges)
        {
            var expected = Enumerable.Range(1, 5).Select(version => (long)version).Where(version => version >= from && version <= to).Take(
                (int)Math.Min(most, 9));
            Expect.Sequence(
                expected, (await bench.Read.StreamAsync("a", from, to, most)).Select(entry => entry.Version),
                FormattableString.Invariant($"the version of ReadStream(a, {from}, {to}, {most})"));
        }
    }

    private static async Task AllRangesAsync(JournalBench bench)
    {
        for (var index = 0; index < 3; index++) await bench.AppendAsync(JournalBench.Entry("a"), JournalBench.Entry("b"));
        foreach (var (from, most) in new (
            long, long)[] { (1, long.MaxValue), (0, 2), (long.MinValue, 9), (3, 2), (6, 9), (7, 9), (long.MaxValue, 9), (2, 0) })
        {
            var expected = Enumerable.Range(1, 6).Select(position => (long)position).Where(position => position >= from).Take(
                (int)Math.Min(most, 9));
            Expect.Sequence(
                expected, (await bench.Read.AllAsync(from, most)).Select(entry => entry.Position),
                FormattableString.Invariant($"the position of ReadAll({from}, {most})"));
        }
    }

    private static async Task IdsAsync(JournalBench bench)
    {
        var (given, other) = (new Guid(7, 0, 0, new byte[8]), new Guid(8, 0, 0, new byte[8]));
        Expect.Sequence([], await bench.Read.FindByIdAsync(given), "position in an empty journal");
        for (var index = 0; index < 3; index++)
        {
            await bench.AppendAsync(
                JournalBench.Entry("a") with { Id = given }, JournalBench.Entry("b"),
                JournalBench.Entry("c") with { Id = index == 1 ? other : null });
        }

        Expect.Sequence([1, 4, 7], await bench.Read.FindByIdAsync(given), "position of an id that came again");
        Expect.Sequence([6], await bench.Read.FindByIdAsync(other), "position of an id that was given once");
        Expect.Sequence([], await bench.Read.FindByIdAsync(new Guid(9, 0, 0, new byte[8])), "position of an id that no entry has");
        foreach (var entry in (await bench.Read.AllAsync()).Where(entry => entry.Id != given))
            Expect.Sequence([entry.Position], await bench.Read.FindByIdAsync(entry.Id), "position of a derived id");
        await bench.AppendAsync(JournalBench.Entry("e") with { CausationId = other }, JournalBench.Entry("e") with { CausationId = given });
        await bench.AppendAsync(JournalBench.Entry("e") with { CausationId = given });
        Expect.Sequence([11, 12], await bench.Read.CausedByAsync(given), "position of a consequence");
        Expect.Sequence([10], await bench.Read.CausedByAsync(other), "position of a consequence");
        Expect.Sequence([], await bench.Read.CausedByAsync(new Guid(9, 0, 0, new byte[8])), "position of a consequence of nothing");
        if (!bench.Has(JournalCapabilities.Deletion)) return;
        await bench.DeleteToAsync("a", 2);
        await bench.DeleteToAsync("e", 2);
        Expect.Sequence([12], await bench.Read.CausedByAsync(given), "position of a consequence that was not deleted");
        Expect.Sequence([7], await bench.Read.FindByIdAsync(given), "position of an id of which entries were deleted");
        await bench.AppendAsync(JournalBench.Entry("d") with { Id = given });
        Expect.Sequence([7, 13], await bench.Read.FindByIdAsync(given), "position of an id that came again later");
    }

    private static async Task EmptyAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        Expect.Equal(0, (await bench.Read.StreamAsync("A")).Count, "the number of entries of an unknown stream");
        Expect.Equal(0, (await bench.Read.StreamAsync("a", 3)).Count, "the number of entries behind the last");
        Expect.Equal(0, (await bench.Read.AllAsync(3)).Count, "the number of entries behind the last");
    }

    private static async Task MomentAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        await using var all = bench.Journal.ReadAllAsync().GetAsyncEnumerator();
        await using var stream = bench.Journal.ReadStreamAsync("a").GetAsyncEnumerator();
        Expect.True(await all.MoveNextAsync() && await stream.MoveNextAsync(), "a read of three entries has none");
        var local = bench.Journal as ILocalJournal;
        var (called, calledStream, begun) = (local?.ReadAll(), local?.ReadStream("a"), local?.ReadAll().GetEnumerator());
        Expect.True(begun?.MoveNext() ?? true, "a synchronous read of three entries has none");
        await bench.FillAsync("a", 2);
        Expect.Equal(3, 1 + await RestAsync(all), "the number of entries of a read that was begun before two more were appended");
        Expect.Equal(
            3, 1 + await RestAsync(stream), "the number of entries of a stream's read that was begun before two more were appended");
        Expect.Equal(5, (await bench.Read.AllAsync()).Count, "the number of entries");
        if (begun is null) return;
        using (begun)
        {
            Expect.Equal(3, called!.Count(), "the number of entries of a synchronous read that was called before two more were appended");
            Expect.Equal(3, calledStream!.Count(), "the number of entries of a synchronous read of a stream that was called before");
            var rest = 1;
            while (begun.MoveNext()) rest++;
            Expect.Equal(3, rest, "the number of entries of a synchronous read that was begun before two more were appended");
        }
    }

    private static async Task BegunLaterAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        var (all, stream) = (bench.Journal.ReadAllAsync(), bench.Journal.ReadStreamAsync("a"));
        await bench.FillAsync("a", 2);
        Expect.Equal(
            5, (await JournalReads.ListAsync(all)).Count, "the number of entries of a read that began after two more were appended");
        Expect.Equal(5, (await JournalReads.ListAsync(stream)).Count, "the number of entries of a stream's read that began after it");
        await bench.FillAsync("a", 1);
        Expect.Equal(6, (await JournalReads.ListAsync(all)).Count, "the number of entries of a read that is enumerated once more");
    }

    private static async Task CancelledAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 4);
        var journal = bench.Journal;
        await StopsAsync("ReadAllAsync", token => journal.ReadAllAsync(cancellationToken: token));
        await StopsAsync("ReadStreamAsync", token => journal.ReadStreamAsync("a", cancellationToken: token));
        await StopsAsync(
            "the enumeration of ReadAllAsync", token => WithToken(journal.ReadAllAsync(cancellationToken: CancellationToken.None), token));
        await StopsAsync(
            "the enumeration of ReadStreamAsync", token =>
            WithToken(journal.ReadStreamAsync("a", cancellationToken: CancellationToken.None), token));

        static async Task StopsAsync(string what, Func<CancellationToken, IAsyncEnumerable<JournalEntry>> read)
        {
            using var cancelled = new CancellationTokenSource();
            var seen = 0;
            await Expect.ThrowsAsync<OperationCanceledException>(
                async () =>
                {
                    await foreach (var entry in read(cancelled.Token))
                    {
                        seen++;
                        await cancelled.CancelAsync();
                    }
                },
                what + " that is cancelled at its first entry");
            Expect.Equal(1, seen, $"the number of entries of {what} before it was cancelled");
        }

        static async IAsyncEnumerable<JournalEntry> WithToken(
            IAsyncEnumerable<JournalEntry> entries, [EnumeratorCancellation] CancellationToken token)
        {
            await foreach (var entry in entries.WithCancellation(token)) yield return entry;
        }
    }

    private static async Task LeftAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        for (var round = 0; round < 40; round++)
        {
            await using var entries = round % 2 == 0 ? First(bench.Journal.ReadAllAsync()) : First(bench.Journal.ReadStreamAsync("a"));
            Expect.True(await Expect.Within(entries.MoveNextAsync().AsTask(), "an entry"), "a read of three entries has none");
        }

        await bench.FillAsync("a", 1);
        Expect.Equal(4, (await bench.Read.AllAsync()).Count, "the number of entries");

        static IAsyncEnumerator<JournalEntry> First(IAsyncEnumerable<JournalEntry> entries) => entries.GetAsyncEnumerator();
    }

    private static async Task<int> RestAsync(IAsyncEnumerator<JournalEntry> entries)
    {
        var rest = 0;
        while (await Expect.Within(entries.MoveNextAsync().AsTask(), "the end of a read")) rest++;
        return rest;
    }

    private static async Task PagesAsync(JournalBench bench)
    {
        // Names that begin alike, names that a wrong order would part, and a prefix that is a name.
        string[] names = ["a", "a/", "a/1", "a/10", "a/2", "ab", "b", "b/1", "\u00e1", "\ufb01", "\uffee", "\ud83d\ude80", "\ud83d\ude80/1",
            "A"];
        foreach (var name in names) await bench.AppendAsync(JournalBench.Entry(name), JournalBench.Entry(name));
        var all = names.Select(name => new StreamInfo(name, 0, 2)).OrderBy(info => info.Stream).ToList();
        foreach (var prefix in new[] { "", "a", "a/", "a/1", "ab", "b/", "c", "\ud83d\ude80", "\ufb01x", "\u00e1x" })
        {
            var expected = all.Where(info => info.Stream.Value.StartsWith(prefix, StringComparison.Ordinal)).ToList();
            Expect.Sequence(expected, await bench.Read.StreamsAsync(prefix), $"stream that begins with '{prefix}'");
            foreach (var size in new[] { 1, 3, 100 }) Expect.Sequence(
                expected, await bench.Read.PagesAsync(size, prefix), $"stream that begins with '{prefix}'");
            foreach (var after in new StreamId[] { "A", "a", "a/10", "aa", "a0", "\ufffd", "\ud83d\ude80/2" })
            {
                var behind = expected.Where(info => JournalReads.Order.Compare(info.Stream, after) > 0).ToList();
                Expect.Sequence(
                    behind, await bench.Read.StreamsAsync(prefix, after), $"stream that begins with '{prefix}', behind '{after}'");
                Expect.Sequence(
                    behind.Take(2), await bench.Read.StreamsAsync(prefix, after, 2),
                    $"stream of two that begin with '{prefix}', behind '{after}'");
            }
        }

        Expect.Equal(0, (await bench.Read.StreamsAsync(maxCount: 0)).Count, "the number of streams of an empty page");
        foreach (var half in new[] { "\ud83d", "a\ude80", "\ud83dx", "\ude80\ud83d" })
            await Expect.ThrowsAsync<ArgumentException>(
                async () => await bench.Journal.StreamsAsync(half), "listing streams that begin with half a surrogate pair");
        foreach (var half in bench.Journal is ILocalJournal ? new[] { "\ud83d", "a\ude80" } : [])
            Expect.Throws<ArgumentException>(
                () => ((ILocalJournal)bench.Journal).Streams(half), "listing streams at once that begin with half a surrogate pair");
    }

    private static async Task NamesAsync(JournalBench bench)
    {
        // UTF-16 order would put the last two the other way round; a culture's, or one without case, would join others.
        StreamId[] names = ["%", "A", "B", "a", "a/", "a/1", "a/10", "a/2", "a\u0301", "b", "stra\u00dfe", "strasse", "\u00e1", "\ufb01",
            "\uffee", "\ud83d\ude80"];
        foreach (var name in names.Reverse()) await bench.AppendAsync(JournalBench.Entry(name.Value));
        var ordered = names.OrderBy(name => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(name.Value)), StringComparer.Ordinal);
        Expect.Sequence(ordered, (await bench.Read.StreamsAsync()).Select(info => info.Stream), "stream");
        foreach (var name in names) Expect.Equal(
            1, (await bench.Read.StreamAsync(name)).Count(entry => entry.Stream == name), $"the number of entries of '{name}'");
    }
}
