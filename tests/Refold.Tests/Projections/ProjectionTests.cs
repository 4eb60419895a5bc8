// Projections in C#: what they read, their reports, kept states by every rule, over every store.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Projections;

public class ProjectionTests
{
    public static TheoryData<string> Stores => ["memory:", "segments:", "litedb:"];

    private static Projection<long> Count(params ProjectionSource[] sources) => Of("count", 1, sources);

    private static Projection<long> Of(string id, int version, params ProjectionSource[] sources) =>
        Projection.Create(id, version, sources, 0L, (count, entry) => count + 1, Numbers.Codec);

    private static EntryData Entry(string stream, string type, params string[] tags) =>
        Samples.Entry(stream) with { Type = type, Tags = tags };

    private static async Task FillAsync(IJournal journal, int from = 0, int count = 30)
    {
        for (var number = from; number < from + count; number++)
        {
            await journal.AppendAsync(new AppendRequest(
            [
                Entry("a/" + (number % 3), number % 2 == 0 ? "T" : "U", number % 5 == 0 ? ["x"] : []), Entry("b", "V"),
            ]));
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Sources_AreAlternativesOfAKind_AndAllKindsHaveToFit(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Open(directory, store);
        await FillAsync(journal);
        Assert.Equal(60, journal.RunWithEvidence(Count()).State);
        Assert.Equal(30, journal.RunWithEvidence(Count(new ProjectionSource.Type("V"))).State);
        Assert.Equal(30, journal.RunWithEvidence(Count(new ProjectionSource.Type("T"), new ProjectionSource.Type("U"))).State);
        Assert.Equal(3, journal.RunWithEvidence(Count(new ProjectionSource.Type("T"), new ProjectionSource.Tag("x"))).State);
        Assert.Equal(20, journal.RunWithEvidence(Count(new ProjectionSource.Stream("a/1"), new ProjectionSource.Stream("a/2"))).State);
        Assert.Equal(
            5, journal.RunWithEvidence(Count(new ProjectionSource.Stream("a/1"), new ProjectionSource.Type("T"))).State);
        Assert.Equal(3, journal.RunWithEvidence(Count(new ProjectionSource.Range(10, 12))).State);
        var none = journal.RunWithEvidence(Count(new ProjectionSource.Stream("a")));
        Assert.Equal((false, 0L, null, null), (none.HasState, none.State, none.Report.Frontier, none.Report.OutputHash));
        Assert.Equal([ProjectionFinding.PartialVisibilityNotApplicable], none.Report.Findings);
        Assert.Equal("NotApplicable", none.Report.Freshness);
        // As of a place inside a batch that batch counts whole.
        Assert.Equal(6, journal.RunWithEvidence(Count(), asOf: 5).State);
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.RunWithEvidence(Count(), asOf: 61));
    }

    [Fact]
    public async Task Reports_AreTheSameInEveryStore_AndOfAMergedJournal_AndSayWhereTheyAreAsOf()
    {
        using var directory = new TemporaryDirectory();
        var bodies = new HashSet<string>();
        foreach (var store in new[] { "memory:", "segments:", "litedb:" })
        {
            await using var journal = Open(directory, store);
            await FillAsync(journal);
            if (journal is Refold.Segments.SegmentJournal segments)
                await segments.CompactAsync(new Refold.Segments.CompactionRequest.Merge());
            foreach (var projection in new[] { Count(), Count(new ProjectionSource.Stream("b")), Count(new ProjectionSource.Tag("x")) })
            {
                var report = journal.RunWithEvidence(projection).Report;
                Assert.Equal(journal.Head, report.Head);
                Assert.Equal(journal.RootAt(), report.Tree);
                Assert.Equal(60, report.Frontier!.Value.Position);
                Assert.Equal("Bypassed", report.CacheStatus);
                bodies.Add(report.BodyToJson());
                var read = ProjectionReport.Parse(report.MadeAt(DateTimeOffset.UnixEpoch).ToJson());
                Assert.Equal((report.BodyHash, report.BodyToJson()), (read.BodyHash, read.BodyToJson()));
                Assert.Equal(Hash.Compute(Encoding.UTF8.GetBytes(report.BodyToJson())), report.BodyHash);
                Assert.Throws<FormatException>(
                    () => ProjectionReport.Parse(report.ToJson().Replace("\"60\"", "\"61\"", StringComparison.Ordinal)));
            }

            Assert.Equal(60, journal.Head.Position);
        }

        Assert.Equal(3, bodies.Count);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task WhatWasDeleted_IsNotLeftOutInSilence(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Open(directory, store);
        await FillAsync(journal);
        await journal.DeleteToAsync("a/1", 3);
        var failed = Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(Count()));
        Assert.Contains("history-dropped", failed.Message, StringComparison.Ordinal);
        Assert.Equal(
            [
                ProjectionFinding.ObservedFreshnessUnavailable, ProjectionFinding.InputFrontierUnknown,
                ProjectionFinding.OutputHashUnavailable, ProjectionFinding.CacheStatusUnavailable,
                ProjectionFinding.PartialVisibilityNotApplicable, ProjectionFinding.ProjectionFailed,
            ],
            failed.Report.Findings);
        // A stream that the query excludes, and a range behind what is gone, lose nothing.
        Assert.Equal(10, journal.RunWithEvidence(Count(new ProjectionSource.Stream("a/2"))).State);
        Assert.Equal(21, journal.RunWithEvidence(Count(new ProjectionSource.Range(40, 60))).State);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task WhatWasNotYetThere_IsNotMissed_AndAGapNobodyExplainsIs(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Open(directory, store);
        await FillAsync(journal);
        var before = journal.RunWithEvidence(Count()).Report;
        await journal.AppendAsync(new AppendRequest([Entry("late", "T"), Entry("late", "T")]));
        await journal.DeleteToAsync("late", 2);
        Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(Count()));
        Assert.Equal(before.BodyToJson(), journal.RunWithEvidence(Count(), asOf: 60).Report.BodyToJson());

        // Versions that never had a position explain no gap.
        await using var restored = Journal.Open(store == "memory:" ? store : store + directory.File("restored"));
        await restored.TryRestoreAsync([new JournalEntry(1, 100, 1, Entry("a", "T"))]);
        await restored.TryRestoreAsync([new JournalEntry(50, 1, 50, Entry("b", "T"))]);
        Assert.Throws<ProjectionFailedException>(() => restored.RunWithEvidence(Count()));
        Assert.Equal(1, restored.RunWithEvidence(Count(new ProjectionSource.Range(50, 60))).State);
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task BesideAWriter_EveryReportIsWhole(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Open(directory, store);
        await FillAsync(journal);
        using var enough = new CancellationTokenSource();
        var writer = Task.Run(async () =>
        {
            // Not for ever: a journal that grows faster than it is read would never be read whole.
            for (var round = 0; round < 400 && !enough.IsCancellationRequested; round++) await FillAsync(journal, round, 10);
        });
        long first = 0, last = 0;
        for (var run = 0; run < 20 || (first == last && !writer.IsCompleted); run++)
        {
            var result = journal.RunWithEvidence(Count());
            Assert.Equal(result.Report.Frontier!.Value.Position, result.State);
            Assert.Equal(journal.HeadAt(result.State), result.Report.Head);
            (first, last) = (run == 0 ? result.State : first, result.State);
        }
        await enough.CancelAsync();
        await writer;
        Assert.True(first < last, "nothing was written meanwhile");
    }

    [Fact]
    public async Task AFoldThatThrows_AndAnEntryThatCannotBeRead_FailWithTheirReport()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal);
        var thrown = Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(Projection.Create<long>(
            "throws", 1, [], 0L, (_, entry) => entry.Position == 7 ? throw new InvalidOperationException("at seven") : 0, Numbers.Codec)));
        Assert.Contains("at seven", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("at seven", Assert.Single(thrown.Report.Diagnostics), StringComparison.Ordinal);
        var undecodable = Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(Projection.OfEvents<long, long>(
            "undecodable", 1, [new ProjectionSource.Type("T")], Numbers.Codec, 0L, (sum, number) => sum + number, Numbers.Codec)));
        Assert.Contains("position 1", undecodable.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Of("", 1));
        Assert.Throws<ArgumentException>(() => Of("a\nb", 1));
        Assert.Throws<ArgumentException>(() => Of("a", 0));
        Assert.Throws<ArgumentException>(() => Count(new ProjectionSource.Range(5, 4)));
    }

    [Theory]
    [InlineData("segments:")]
    [InlineData("litedb:")]
    public async Task AKeptState_IsGoneOnFrom_Served_OrLeftAlone_ByRule(string store)
    {
        using var directory = new TemporaryDirectory();
        var clock = new SettableTime(DateTimeOffset.UnixEpoch.AddDays(1));
        await using var snapshots = Refold.Snapshots.Open(store + directory.File("kept"));
        var cache = new ProjectionCache(snapshots, clock);
        await using var journal = Open(directory, store);
        await FillAsync(journal);
        var exact = new ProjectionOptions { Cache = cache };
        var stale = exact with { MaxStale = TimeSpan.FromSeconds(10) };

        await IsAsync(exact, 60, "Miss", "Fresh");
        await IsAsync(exact, 60, "Hit", "Fresh");
        await FillAsync(journal, 30, 5);
        clock.Now += TimeSpan.FromSeconds(9.999);
        Assert.Equal(ProjectionFinding.StaleUsed, (await IsAsync(stale, 60, "Hit", "StaleAllowed")).Findings[^1]);
        clock.Now += TimeSpan.FromSeconds(0.001);
        // As old as allowed is too old: it is gone on from.
        await IsAsync(stale, 70, "Hit", "Fresh");
        Assert.Equal(
            journal.RunWithEvidence(Count()).Report.EntriesHash, (await IsAsync(exact, 70, "Hit", "Fresh")).EntriesHash);
        await FillAsync(journal, 35, 5);
        clock.Now -= TimeSpan.FromDays(2);
        // A clock that went back makes a state new.
        await IsAsync(stale, 70, "Hit", "StaleAllowed");
        await IsAsync(stale with { MaxStale = TimeSpan.Zero }, 80, "Hit", "Fresh");

        // Another schema, another query: not its states.
        Assert.Equal("Miss", (await journal.RunWithEvidenceAsync(Of("count", 2), exact)).Report.CacheStatus);
        Assert.Equal("Miss", (await journal.RunWithEvidenceAsync(Count(new ProjectionSource.Type("V")), exact)).Report.CacheStatus);
        // What was deleted after it was folded is in the kept state.
        await journal.DeleteToAsync("b", 3);
        Assert.Equal("Hit", (await journal.RunWithEvidenceAsync(Count(), exact)).Report.CacheStatus);
        await FillAsync(journal, 40, 1);
        Assert.Equal(82, (await journal.RunWithEvidenceAsync(Count(), exact)).State);
        // Another history: read again, not gone on from.
        await using var other = new InMemoryJournal();
        await FillAsync(other, 1, 60);
        Assert.Equal((120L, "Miss"), await ToldAsync(other, exact));
        // A state ahead of the journal likewise.
        await using var shorter = new InMemoryJournal();
        await FillAsync(shorter, 0, 10);
        Assert.Equal((20L, "Miss"), await ToldAsync(shorter, exact));

        async Task<ProjectionReport> IsAsync(ProjectionOptions options, long state, string status, string freshness)
        {
            var result = await journal.RunWithEvidenceAsync(Count(), options);
            Assert.Equal((state, status, freshness), (result.State, result.Report.CacheStatus, result.Report.Freshness));
            return result.Report;
        }
    }

    [Fact]
    public async Task InMemory_AKeptStateIsUsedOnlyAtTheHead()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal);
        var options = new ProjectionOptions { Cache = new ProjectionCache(new InMemorySnapshotStore()), MaxStale = TimeSpan.FromDays(1) };
        Assert.Equal((60L, "Miss"), await ToldAsync(journal, options));
        Assert.Equal((60L, "Hit"), await ToldAsync(journal, options));
        await FillAsync(journal, 30, 1);
        Assert.Equal((62L, "Miss"), await ToldAsync(journal, options));
    }

    [Fact]
    public async Task AStoreThatFails_CostsTheCacheOnly()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal);
        var store = new InMemorySnapshotStore();
        await store.DisposeAsync();
        var result = await journal.RunWithEvidenceAsync(Count(), new ProjectionOptions { Cache = new ProjectionCache(store) });
        Assert.Equal((60L, "Unavailable", "Fresh"), (result.State, result.Report.CacheStatus, result.Report.Freshness));
        Assert.Contains(ProjectionFinding.CacheStatusUnavailable, result.Report.Findings);
        Assert.Contains("not kept", Assert.Single(result.Report.Diagnostics), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARegistry_ReplacesAndSorts_AndKnowsNoOther()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal);
        var registry = new ProjectionRegistry().Register(Of("b", 1)).Register(Of("a", 1)).Register(Of("b", 2));
        Assert.Equal(["a", "b"], registry.Ids);
        Assert.True(registry.Contains("b"));
        Assert.Null(registry.TryRun("c", journal));
        var run = registry.TryRun("b", journal)!;
        Assert.Equal((60L, journal.RunWithEvidence(Of("b", 2)).Report.BodyHash), (run.State, run.Report.BodyHash));
        Assert.Equal("60", Encoding.UTF8.GetString(run.Encoded!.Value.Span));
    }

    private static async Task<(long, string)> ToldAsync(ILocalJournal journal, ProjectionOptions options)
    {
        var result = await journal.RunWithEvidenceAsync(Count(), options);
        return (result.State, result.Report.CacheStatus);
    }

    private static ILocalJournal Open(TemporaryDirectory directory, string store) =>
        Journal.Open(store == "memory:" ? store : store + directory.File("journal " + store[..^1]));

    private sealed class SettableTime(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
