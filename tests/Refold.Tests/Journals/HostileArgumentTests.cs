// Arguments at the ends of their ranges and nulls from C#, to every store alike.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Journals;

public sealed class HostileArgumentTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task RangesBeyondEveryEntry_AreEmpty_AndBelowTheFirst_BeginThere(string scheme)
    {
        await using var journal = Open(scheme);
        await journal.Append(Samples.Entry("s"), Samples.Entry("s"));
        long[] far = [3, int.MaxValue, 1L + int.MaxValue, 1L << 40, long.MaxValue];
        Assert.All(far, place =>
        {
            Assert.Empty(journal.ReadStream("s", place));
            Assert.Empty(journal.ReadAll(place));
            Assert.Empty(journal.Query(Query.All, place).Entries);
            Assert.Null(journal.HeadAt(place));
        });
        long[] none = [0, -1, int.MinValue, long.MinValue];
        Assert.All(none, number =>
        {
            Assert.Equal(2, journal.ReadStream("s", number).Count());
            Assert.Equal(2, journal.ReadAll(number).Count());
            Assert.Equal(2, journal.Query(Query.All, number).Entries.Count);
            Assert.Empty(journal.ReadStream("s", 1, number));
            Assert.Empty(journal.ReadStream("s", maxCount: number));
            Assert.Empty(journal.ReadAll(maxCount: number));
            Assert.Empty(journal.Query(Query.All, maxCount: number).Entries);
        });
    }

    [Fact]
    public async Task FarTooManyEntriesOrTags_AreCounted_BeforeAnythingIsMadeOfThem()
    {
        await using var journal = Open("memory:");
        var entries = new EntryData[1_000_000];
        Array.Fill(entries, Samples.Entry("s", "{}", "a"));
        var tagged = Samples.Entry("s") with { Tags = [.. Enumerable.Range(0, 1_000_000).Select(number => "t" + number)] };
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = await journal.TryAppendAsync(new AppendRequest(entries));
        Assert.Equal(
            new AppendFailure.LimitExceeded("entries of the batch", 65_537, 65_536),
            Assert.IsType<AppendResult.NotAppended>(refused).Failure);
        var error = await Assert.ThrowsAsync<NotAppendedException>(async () => await journal.AppendAsync(new AppendRequest(tagged)));
        Assert.Contains("more tags than the 64", error.Message, StringComparison.Ordinal);
        // As much as a batch of the limit needs.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100L * 1024 * 1024);
        Assert.Equal(0, journal.Head.Position);
    }

    [Fact]
    public async Task FarTooManyEvents_AreCounted_BeforeOneIsEncoded()
    {
        var encoded = 0;
        var events = Codec.Create<string>("event", _ => Encoding.UTF8.GetBytes($"{encoded++}"), _ => "x");
        var aggregate = Aggregate.Create(
            "many",
            0,
            (Step _, int _, string _) => Decision.Accept<string, string>([.. Enumerable.Repeat("x", 65_537)]),
            (count, _) => count + 1,
            Codec.Text("command"),
            events,
            Codec.Text("refused"));
        await using var journal = Open("memory:");
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options());
        var error = await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(aggregate).ExecuteAsync("many/1", "go"));
        Assert.Contains("more events of a step than the 65536", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, encoded);
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    public async Task Nulls_AreRefusedByName_AndTheJournalGoesOn(string scheme)
    {
        await using var journal = Open(scheme);
        var request = new AppendRequest(Samples.Entry("s"));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.TryAppendAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () =>
            await journal.TryAppendAsync(new AppendRequest((IReadOnlyList<EntryData>)null!)));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.TryAppendAsync(new AppendRequest([null!])));
        await Assert.ThrowsAsync<ArgumentNullException>(async () =>
            await journal.TryAppendAsync(request with { Condition = new AppendCondition(null!, 0) }));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.TryAppendAsync(request with { Expected = null! }));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.DeleteToAsync(null!, 1));
        Assert.Throws<ArgumentNullException>(() => journal.ReadStream(null!));
        Assert.Throws<ArgumentNullException>(() => journal.HighestVersion(null!));
        Assert.Throws<ArgumentNullException>(() => journal.Query(null!));
        Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s") with { Type = null! })));
        Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s") with
        {
            Tags = [null!]
        })));
        Assert.Equal(1, (await journal.AppendAsync(request)).FirstPosition);
    }

    private ILocalJournal Open(string scheme) => Journal.Open(scheme == "memory:" ? scheme : scheme + directory.File("journal"));
}
