// Reads of a journal in memory: ranges, queries in pages, one moment, what was deleted, heads of old positions.
// Run by `dotnet test`.
using Xunit;
using static Refold.Tests.Journals.InMemoryJournalTests;

namespace Refold.Tests.Journals;

public sealed class InMemoryJournalReadTests : IAsyncLifetime
{
    private const int Count = 600; // More than two pages of what is read at once.
    private readonly ILocalJournal journal = Journal.Open("memory:");

    public async Task InitializeAsync()
    {
        for (var number = 1; number <= Count; number++)
            await journal.AppendAsync(
                new AppendRequest(Entry(number % 3 == 0 ? "third" : "other", $"type{number % 2}", $"{number}", $"five:{number % 5}")));
    }

    public Task DisposeAsync() => journal.DisposeAsync().AsTask();

    [Fact]
    public async Task Ranges_AreInclusive_AndMayBeEmpty()
    {
        Assert.Equal(Enumerable.Range(1, Count / 3), journal.ReadStream("third").Select(entry => (int)entry.Version));
        Assert.Equal([5L, 6, 7], journal.ReadStream("third", 5, 7).Select(entry => entry.Version));
        Assert.Equal([5L, 6], journal.ReadStream("third", 5, 7, 2).Select(entry => entry.Version));
        Assert.Equal(300, journal.ReadStream("other", 10, maxCount: 300).Count());
        Assert.Empty(journal.ReadStream("third", 7, 5));
        Assert.Empty(journal.ReadStream("third", Count));
        Assert.Empty(journal.ReadStream("nobody"));
        Assert.Empty(journal.ReadAll(1, 0));
        Assert.Empty(journal.ReadAll(Count + 1));
        Assert.Equal(Enumerable.Range(1, Count), journal.ReadAll().Select(entry => (int)entry.Position));
        Assert.Equal([599L, 600], journal.ReadAll(599, 100).Select(entry => entry.Position));
        var twin = new List<JournalEntry>();
        await foreach (var entry in journal.ReadStreamAsync("third", 5, 7)) twin.Add(entry);
        Assert.Equal(journal.ReadStream("third", 5, 7), twin);
        twin.Clear();
        await foreach (var entry in journal.ReadAllAsync(599)) twin.Add(entry);
        Assert.Equal(journal.ReadAll(599), twin);
    }

    [Fact]
    public async Task ARead_SeesTheMomentOfTheCall()
    {
        var all = journal.ReadAll();
        var stream = journal.ReadStream("third");
        await journal.AppendAsync(new AppendRequest(Entry("third")));
        Assert.Equal(Count, all.Count());
        using var reading = stream.GetEnumerator();
        reading.MoveNext();
        await journal.DeleteToAsync("third", 100);
        var seen = 1;
        while (reading.MoveNext()) seen++;
        Assert.Equal(Count / 3, seen);
        Assert.Equal(Count / 3, stream.Count());
    }

    [Fact]
    public void Pages_AreOneRead()
    {
        var query = Query.Any(new QueryItem(["type1"], ["five:0"]), new QueryItem([], ["five:3"]));
        var whole = journal.Query(query);
        Assert.Equal(Count, whole.AsOf);
        Assert.Equal(
            journal.ReadAll().Where(entry => (entry.Type == "type1" && entry.Tags.Contains("five:0")) || entry.Tags.Contains("five:3")),
            whole.Entries);
        var paged = new List<JournalEntry>();
        for (var page = journal.Query(query, 1, 7).Entries; page.Count > 0; page = journal.Query(query, paged[^1].Position + 1, 7).Entries)
            paged.AddRange(page);
        Assert.Equal(whole.Entries, paged);
    }

    [Fact]
    public void Query_AsksForTypesTagsAndProvenance_AndAnswersAsOfWhenEmpty()
    {
        Assert.Equal(Count / 2, journal.Query(Query.OfTypes("type1")).Entries.Count);
        Assert.Equal(Count, journal.Query(Query.OfTypes("type0", "type1")).Entries.Count);
        Assert.Equal(Count / 5, journal.Query(Query.WithTags("five:2", "kind:external")).Entries.Count);
        Assert.Equal(Count, journal.Query(Query.All).Entries.Count);
        var none = journal.Query(Query.WithTags("kind:derived"));
        Assert.Empty(none.Entries);
        Assert.Equal(Count, none.AsOf);
        Assert.Equal(journal.Query(Query.WithTags("five:1")), journal.Query(Query.WithTags("five:1")));
        Assert.Equal(Query.WithTags("a"), Query.WithTags("a"));
        Assert.NotEqual(Query.WithTags("a"), Query.OfTypes("a"));
    }

    [Fact]
    public async Task WhatWasDeleted_IsNamed_NeverLeftOutSilently()
    {
        var head = journal.Head;
        await journal.DeleteToAsync("third", 150);
        await journal.DeleteToAsync("third", 10);
        Assert.Equal(head, journal.Head);
        var error = Assert.Throws<EntriesDroppedException>(() => journal.ReadStream("third"));
        Assert.Equal(("dropped", "third", 150L), (error.Code, error.Stream.Value, error.UpTo));
        Assert.Throws<EntriesDroppedException>(() => journal.ReadStream("third", 150));
        Assert.Equal(50, journal.ReadStream("third", 151).Count());
        Assert.Equal(Count - 150, journal.ReadAll().Count());
        Assert.Contains(new StreamInfo("third", 150, 200), journal.Streams());
        await journal.DeleteToAsync("third", long.MaxValue);
        Assert.Equal(200, journal.HighestVersion("third"));
        Assert.Empty(journal.ReadStream("third", 201));
        await Assert.ThrowsAsync<ConcurrencyException>(() =>
            journal.AppendAsync("third", ExpectedVersion.NoStream, [Entry("third")]).AsTask());
        Assert.Equal(
            201, Assert.Single((await journal.AppendAsync("third", ExpectedVersion.Exactly(200), [Entry("third")])).Versions).First);
    }

    [Fact]
    public async Task HeadAt_IsTheHeadAfterTheBatchThatHoldsThePosition()
    {
        var before = journal.Head;
        var receipt = await journal.AppendAsync(new AppendRequest(Entry("a"), Entry("a")));
        Assert.Equal(default(Head), journal.HeadAt(0));
        Assert.Equal(before, journal.HeadAt(Count));
        Assert.Equal(receipt.Head, journal.HeadAt(Count + 1));
        Assert.Equal(receipt.Head, journal.HeadAt(Count + 2));
        Assert.Null(journal.HeadAt(Count + 3));
        Assert.Null(journal.HeadAt(-1));
        Assert.Equal(receipt.Head, new Head(receipt.Head.Position, receipt.Head.Hash));
        Assert.Throws<FormatException>(() => new Head(1, "abc"));
    }
}
