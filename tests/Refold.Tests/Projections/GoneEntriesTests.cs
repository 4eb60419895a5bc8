// What is gone of a journal and what is not: a projection that could have matched it fails, any other runs.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Projections;

public class GoneEntriesTests
{
    public static TheoryData<string> All => Stores.All;

    private static Projection<long> Count(params ProjectionSource[] sources) =>
        Projection.Create("count", 1, sources, 0L, (count, entry) => count + 1, Numbers.Codec);

    private static ProjectionSource Range(long first, long last) => new ProjectionSource.Range(first, last);

    private static ProjectionSource Stream(string name) => new ProjectionSource.Stream(name);

    private static void Fails(ILocalJournal journal, params ProjectionSource[] sources) => Assert.Contains(
        "history-dropped", Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(Count(sources))).Message,
        StringComparison.Ordinal);

    private static long Runs(ILocalJournal journal, params ProjectionSource[] sources) => journal.RunWithEvidence(Count(sources)).State;

    [Theory]
    [MemberData(nameof(All))]
    public async Task BetweenTwoGapsOfDeletedEntries_ARangeThatTouchesNeitherRuns(string store)
    {
        await using var journal = Stores.Open(store);
        // 1: k, 2 and 3: gone, 4 and 5: k, 6 and 7: gone, 8: k.
        foreach (var stream in new[] { "k", "one", "one", "k", "k", "two", "two", "k" }) await journal.Append(Samples.Entry(stream));
        await journal.DeleteToAsync("one", 2);
        await journal.DeleteToAsync("two", 2);
        Assert.Equal(2, Runs(journal, Range(4, 5)));
        Assert.Equal(1, Runs(journal, Range(1, 1)));
        Assert.Equal(2, Runs(journal, Range(8, 8), Range(1, 1)));
        Assert.Equal(4, Runs(journal, Stream("k")));
        Assert.Equal(2, Runs(journal, Stream("k"), Range(3, 6)));
        // As of a place before anything of it was there.
        Assert.Equal(1, journal.RunWithEvidence(Count(), asOf: 1).State);
        Fails(journal);
        Fails(journal, Range(3, 4));
        Fails(journal, Range(5, 6));
        Fails(journal, Stream("one"));
        Fails(journal, Stream("k"), Stream("two"));
        Fails(journal, Stream("one"), Range(1, 2));
        Assert.Equal(0, Runs(journal, Stream("two"), Range(8, 9)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WhatIsGone_IsNamedByItsPositions_WithTheRemedy(string store)
    {
        await using var journal = Stores.Open(store);
        foreach (var stream in new[] { "k", "one", "one", "k", "k", "two", "two", "k" }) await journal.Append(Samples.Entry(stream));
        await journal.DeleteToAsync("one", 2);
        await journal.DeleteToAsync("two", 2);
        Names("entries at positions 2 to 3 that the query could match were deleted or dropped");
        Names("an entry at position 3 that", Range(3, 5));
        Names("entries at positions 6 to 7 that", Range(4, 8));
        // The lowest of several, in whatever order they are declared.
        Names("an entry at position 3 that", Range(6, 7), Range(3, 3));

        void Names(string what, params ProjectionSource[] sources)
        {
            var failed = Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(Count(sources)));
            Assert.StartsWith("projection run failed: history-dropped: " + what, failed.Message, StringComparison.Ordinal);
            Assert.Contains("run it over a backup that is whole", failed.Message, StringComparison.Ordinal);
            Assert.Contains(what, Assert.Single(failed.Report.Diagnostics), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task BetweenTwoGapsThatNobodyExplains_ARangeThatTouchesNeitherRuns(string store)
    {
        await using var journal = Stores.Open(store);
        await journal.RestoreAsync([new JournalEntry(1, 1, 1, Samples.Entry("a"))]);
        await journal.RestoreAsync([new JournalEntry(5, 2, 5, Samples.Entry("a")), new JournalEntry(6, 1, 5, Samples.Entry("b"))]);
        await journal.RestoreAsync([new JournalEntry(10, 3, 8, Samples.Entry("a"))]);
        Assert.Equal(2, Runs(journal, Range(5, 6)));
        Assert.Equal(1, Runs(journal, Range(10, 20)));
        Assert.Equal(1, Runs(journal, Stream("b"), Range(5, 6)));
        Fails(journal);
        Fails(journal, Stream("a"));
        Fails(journal, Range(4, 5));
        Fails(journal, Range(6, 7));
        Fails(journal, Range(9, 9));
    }

    // Whatever is deleted: a run that succeeds gives what it gives where nothing was deleted, and one that could not have is refused.
    [Theory]
    [MemberData(nameof(All))]
    public async Task WhateverIsDeleted_ARunThatSucceedsLeftNothingOut(string store)
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            await using var whole = new InMemoryJournal();
            await using var journal = Stores.Open(store);
            for (var batch = 0; batch < 20; batch++)
            {
                var entries = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Samples.Entry("s" + random.Next(5))).ToArray();
                await whole.Append(entries);
                await journal.Append(entries);
            }

            for (var deletion = random.Next(0, 4); deletion > 0; deletion--)
                await journal.DeleteToAsync("s" + random.Next(5), random.Next(1, 12));
            var there = journal.ReadAll().Select(entry => entry.Position).ToHashSet();
            var runs = 0;
            for (var number = 0; number < 60; number++)
            {
                ProjectionSource[] sources =
                [
                    .. Enumerable.Range(0, random.Next(0, 3)).Select(_ => Stream("s" + random.Next(6))),
                    .. Enumerable.Range(0, random.Next(0, 3)).Select(_ => random.Next(1, 40))
                        .Select(from => Range(from, from + random.Next(8))),
                ];
                var asOf = random.Next(3) == 0 ? random.Next(1, 20) : (long?)null;
                var expected = whole.RunWithEvidence(Count(sources), asOf).Report;
                var lost = whole.ReadAll().TakeWhile(entry => entry.Position <= expected.Head!.Value.Position).Any(entry =>
                    !there.Contains(entry.Position) && IsRead(sources, entry));
                try
                {
                    Assert.Equal(expected.BodyToJson(), journal.RunWithEvidence(Count(sources), asOf).Report.BodyToJson());
                    Assert.False(lost);
                    runs++;
                }
                catch (ProjectionFailedException)
                {
                    // Without a range it is known whose the missing entries are.
                    Assert.True(lost || asOf is not null || sources.Any(source => source is ProjectionSource.Range));
                }
            }

            Assert.True(runs > 0);
        }
    }

    private static bool IsRead(ProjectionSource[] sources, JournalEntry entry)
    {
        var streams = sources.OfType<ProjectionSource.Stream>().ToList();
        var ranges = sources.OfType<ProjectionSource.Range>().ToList();
        return (streams.Count == 0 || streams.Any(stream => stream.Name == entry.Stream.Value))
            && (ranges.Count == 0 || ranges.Any(range => range.First <= entry.Position && entry.Position <= range.Last));
    }
}
