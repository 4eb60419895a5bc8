// A journal in memory as a user of the library meets it: appends and what they are answered, reads, queries, deletion, restoring.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Journals;

public sealed class InMemoryJournalTests : IAsyncLifetime
{
    private readonly ILocalJournal journal = Journal.Open("memory:");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => journal.DisposeAsync().AsTask();

    internal static EntryData Entry(string stream, string type = "happened", string payload = "{}", params string[] tags) =>
        new(stream, type, Encoding.UTF8.GetBytes(payload)) { Tags = tags };

    [Fact]
    public async Task Receipt_NamesPositionsVersionsAndHead()
    {
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        var receipt = await journal.AppendAsync(new AppendRequest(Entry("b"), Entry("a"), Entry("b")));
        Assert.Equal((2, 3, 4), (receipt.FirstPosition, receipt.Count, receipt.LastPosition));
        Assert.Equal([new StreamVersions("b", 1, 2), new StreamVersions("a", 2, 2)], receipt.Versions);
        Assert.Equal(journal.Head, receipt.Head);
        Assert.Equal([1L, 2, 2, 2], journal.ReadAll().Select(entry => entry.Batch));
        Assert.Equal(2, journal.HighestVersion("a"));
        Assert.Equal(0, journal.HighestVersion("c"));
        Assert.Equal([new StreamInfo("a", 0, 2), new StreamInfo("b", 0, 2)], journal.Streams());
    }

    [Fact]
    public async Task Entry_ComesBackAsItWasAppended()
    {
        var time = new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.FromHours(2));
        var data = Entry("orders/1", "placed", " {\"a\" : 1}", "b", "a") with
        {
            Role = EntryRole.Command,
            SchemaVersion = 3,
            Time = time,
            Id = new Guid("11111111-2222-3333-4444-555555555555"),
            CausationId = new Guid("99999999-2222-3333-4444-555555555555"),
            Run = "run-1",
            Drawn = ulong.MaxValue,
        };
        await journal.AppendAsync(new AppendRequest(data) { IdempotencyKey = "key" });
        var entry = Assert.Single(journal.ReadStream("orders/1"));
        Assert.Equal((1, 1, 1), (entry.Position, entry.Version, entry.Batch));
        Assert.Equal(EntryRole.Command, entry.Role);
        Assert.Equal(("placed", 3), (entry.Type, entry.SchemaVersion));
        Assert.Equal(" {\"a\" : 1}", Encoding.UTF8.GetString(entry.Payload.Span));
        Assert.Equal(["a", "b"], entry.Tags);
        Assert.Equal(time, entry.Time);
        Assert.Equal(TimeSpan.Zero, entry.Time!.Value.Offset);
        Assert.Equal(data.Id, entry.Id);
        Assert.Equal(data.Id, entry.CorrelationId);
        Assert.Equal(data.CausationId, entry.CausationId);
        Assert.Equal("run-1", entry.Run!.Value);
        Assert.Equal(ulong.MaxValue, entry.Drawn);
        Assert.Equal("key", entry.IdempotencyKey);
        Assert.Equal(new JournalEntry(1, 1, 1, data, "key"), entry);
        Assert.Equal(new JournalEntry(1, 1, 1, data, "key").GetHashCode(), entry.GetHashCode());
        Assert.NotEqual(0, new JournalEntry(long.MaxValue - 1, 1, 1, data).GetHashCode());
        Assert.NotEqual(new JournalEntry(1, 1, 1, data), entry);
        Assert.NotEqual(new JournalEntry(1, 1, 1, data with { Payload = "{}"u8.ToArray() }, "key"), entry);
    }

    [Fact]
    public async Task Conflict_IsAnAnswer_AndAnExceptionFromTheThrowingTwin()
    {
        await journal.AppendAsync("a", ExpectedVersion.NoStream, [Entry("a"), Entry("a")]);
        var before = journal.Head;
        var result = await journal.TryAppendAsync("a", ExpectedVersion.Exactly(1), [Entry("a")]);
        Assert.Equal(new AppendResult.NotAppended(new AppendFailure.Conflict("a", ExpectedVersion.Exactly(1), 2)), result);
        var error = await Assert.ThrowsAsync<ConcurrencyException>(() =>
            journal.AppendAsync("a", ExpectedVersion.NoStream, [Entry("a")]).AsTask());
        Assert.Equal(("conflict", "a", 2L), (error.Code, error.Stream.Value, error.Actual));
        Assert.Equal(ExpectedVersion.NoStream, error.Expected);
        Assert.Equal("stream 'a' was expected to be no stream, it is at version 2", error.Message);
        Assert.Equal(before, journal.Head);
        await journal.AppendAsync("a", ExpectedVersion.Exactly(2), [Entry("a")]);
        await journal.AppendAsync("a", ExpectedVersion.Exists, [Entry("a")]);
    }

    [Fact]
    public async Task TwoCreators_OnlyOneWins()
    {
        var results = await Task.WhenAll(
            Enumerable.Range(0, 20)
                .Select(_ => Task.Run(() => journal.TryAppendAsync("a", ExpectedVersion.NoStream, [Entry("a")]).AsTask())));
        Assert.Single(results.OfType<AppendResult.Appended>());
        Assert.All(results.OfType<AppendResult.NotAppended>(), refused => Assert.IsType<AppendFailure.Conflict>(refused.Failure));
        Assert.Equal(1, journal.Head.Position);
    }

    [Fact]
    public async Task RepeatedKey_GetsTheFirstReceipt_OtherContentIsRefused()
    {
        var request = new AppendRequest(Entry("a"))
        {
            IdempotencyKey = "k",
            Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream }
        };
        var first = await journal.AppendAsync(request);
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        Assert.Equal(first, await journal.AppendAsync(request));
        var other = await journal.TryAppendAsync(new AppendRequest(Entry("b")) { IdempotencyKey = "k" });
        Assert.Equal(new AppendResult.NotAppended(new AppendFailure.KeyReused("k", 1)), other);
        var error = await Assert.ThrowsAsync<NotAppendedException>(() =>
            journal.AppendAsync(new AppendRequest(Entry("b")) { IdempotencyKey = "k" }).AsTask());
        Assert.Equal(("not-appended", new AppendFailure.KeyReused("k", 1)), (error.Code, error.Failure));
        Assert.Equal(2, journal.Head.Position);
    }

    [Fact]
    public async Task Condition_FailsWhenAMatchWasAppendedAfterTheQuery()
    {
        await journal.AppendAsync(new AppendRequest(Entry("a", "reserved", "{}", "seat:1")));
        var query = Query.WithTags("seat:1");
        var seen = journal.Query(query);
        var request = new AppendRequest(Entry("b", "reserved", "{}", "seat:1")) { Condition = new AppendCondition(query, seen.AsOf) };
        await journal.AppendAsync(new AppendRequest(Entry("c", "reserved", "{}", "seat:2")));
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(request));
        Assert.Equal(new AppendResult.NotAppended(new AppendFailure.ConditionFailed(3)), await journal.TryAppendAsync(request));
        Assert.Equal(
            new AppendResult.NotAppended(new AppendFailure.ConditionFailed(0)),
            await journal.TryAppendAsync(request with { Condition = new AppendCondition(query, 99) }));
    }

    public static TheoryData<string, AppendRequest> BrokenRules => new()
    {
        { "batch", new AppendRequest() },
        { "kind:other", new AppendRequest(Entry("a", tags: "kind:other")) },
        { "kind:external", new AppendRequest(Entry("a", tags: "kind:external")) },
        { "tag", new AppendRequest(Entry("a", tags: "")) },
        { "tags", new AppendRequest(Entry("a", tags: [.. Enumerable.Range(0, 65).Select(number => $"t{number}")])) },
        { "type", new AppendRequest(Entry("a", "")) },
        { "type", new AppendRequest(Entry("a", new string('t', 257))) },
        { "schema version", new AppendRequest(Entry("a") with { SchemaVersion = 0 }) },
        { "role", new AppendRequest(Entry("a") with { Role = (EntryRole)8 }) },
        { "role", new AppendRequest(Entry("a") with { Role = (EntryRole)257 }) },
        { "words drawn", new AppendRequest(Entry("a") with { Drawn = 1 }) },
        { "idempotency key", new AppendRequest(Entry("a")) { IdempotencyKey = "" } },
        { "idempotency key", new AppendRequest(Entry("a")) { IdempotencyKey = new string('k', 129) } },
    };

    [Theory]
    [MemberData(nameof(BrokenRules))]
    public async Task ABrokenRule_IsAnAnswerThatNamesIt(string named, AppendRequest request)
    {
        var result = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(request));
        Assert.Contains(named, Assert.IsType<AppendFailure.Invalid>(result.Failure).Reason, StringComparison.Ordinal);
        Assert.Equal(default, journal.Head);
    }

    [Fact]
    public async Task ALimit_IsAnAnswerWithBothNumbers()
    {
        var result = await journal.TryAppendAsync(new AppendRequest(new EntryData("a", "t", new byte[16 * 1024 * 1024])));
        var exceeded = Assert.IsType<AppendFailure.LimitExceeded>(Assert.IsType<AppendResult.NotAppended>(result).Failure);
        Assert.Equal(15 * 1024 * 1024, exceeded.Limit);
        Assert.InRange(exceeded.Actual, 16 * 1024 * 1024, 16 * 1024 * 1024 + 200);
    }

    [Fact]
    public async Task Null_IsTheCallersMistake()
    {
        await Assert.ThrowsAsync<ArgumentNullException>(() => journal.TryAppendAsync(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => journal.TryAppendAsync(new AppendRequest(null!, Entry("a"))).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() =>
            journal.TryAppendAsync(new AppendRequest(Entry("a") with { Stream = null! })).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => journal.TryRestoreAsync(null!).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => journal.DeleteToAsync(null!, 1).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => ((IJournal)null!).AppendAsync(new AppendRequest(Entry("a"))).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => journal.AppendAsync("b", ExpectedVersion.Any, [Entry("a")]).AsTask());
        Assert.Throws<ArgumentNullException>(() => journal.HighestVersion(null!));
        Assert.Throws<ArgumentNullException>(() => journal.ReadStream(null!));
        Assert.Throws<ArgumentNullException>(() => journal.Query(null!));
        Assert.Throws<ArgumentException>(() => Query.WithTags("kind:other"));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExpectedVersion.Exactly(0));
    }

    [Fact]
    public async Task ACancelledToken_AppendsNothing()
    {
        var cancelled = new CancellationToken(true);
        await Assert.ThrowsAsync<TaskCanceledException>(() => journal.TryAppendAsync(new AppendRequest(Entry("a")), cancelled).AsTask());
        await Assert.ThrowsAsync<TaskCanceledException>(() => journal.TryRestoreAsync([], cancelled).AsTask());
        await Assert.ThrowsAsync<TaskCanceledException>(() => journal.DeleteToAsync("a", 1, cancelled).AsTask());
        Assert.Equal(0, journal.Head.Position);
    }

    [Fact]
    public async Task Restore_GivesTheHeadAndEntriesOfTheOriginal()
    {
        await journal.AppendAsync(new AppendRequest(Entry("a"), Entry("b")) { IdempotencyKey = "k" });
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        await using var copy = Journal.Open("memory:");
        foreach (var batch in journal.ReadAll().GroupBy(entry => entry.Batch))
            await copy.RestoreAsync([.. batch]);
        Assert.Equal(journal.Head, copy.Head);
        Assert.Equal(journal.ReadAll(), copy.ReadAll());
        var again = Assert.IsType<AppendResult.NotAppended>(await copy.TryRestoreAsync([.. journal.ReadAll(1, 2)]));
        Assert.IsNotType<AppendFailure.Unavailable>(again.Failure);
        Assert.Equal(1, (await copy.AppendAsync(new AppendRequest(Entry("a"), Entry("b")) { IdempotencyKey = "k" })).FirstPosition);
    }

    [Fact]
    public async Task AfterClosing_AppendsAreRefused_AndReadsThrow()
    {
        await journal.AppendAsync(new AppendRequest(Entry("a")));
        var begun = journal.ReadAll();
        var head = journal.Head;
        await journal.DisposeAsync();
        await journal.DisposeAsync();
        var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Entry("a"))));
        Assert.IsType<AppendFailure.Unavailable>(refused.Failure);
        Assert.IsType<AppendFailure.Unavailable>(Assert.IsType<AppendResult.NotAppended>(await journal.TryRestoreAsync([])).Failure);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => journal.DeleteToAsync("a", 1).AsTask());
        Assert.Throws<ObjectDisposedException>(() => journal.ReadAll());
        var closed = journal.SubscribeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await closed.FirstAsync());
        Assert.Equal(head, journal.Head);
        Assert.Single(begun);
    }
}
