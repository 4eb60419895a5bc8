// Opening journals of every scheme by OpenAsync, and what Open says about those that do not answer at once.
// Run by `dotnet test`.
using Xunit;
using static Refold.Tests.Journals.InMemoryJournalTests;

namespace Refold.Tests.Journals;

public sealed class OpenAsyncTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("memory:", "", "InMemoryJournal")]
    [InlineData("segments:", "journal", "SegmentJournal")]
    [InlineData("litedb:", "journal.db", "LiteDbJournal")]
    public async Task EachLocalScheme_IsOpenedByBoth(string scheme, string name, string type)
    {
        var uri = scheme + (name.Length == 0 ? "" : directory.File(name));
        Head head;
        await using (var journal = await Journal.OpenAsync(uri))
        {
            Assert.Equal(type, journal.GetType().Name);
            head = (await journal.AppendAsync(new AppendRequest(Entry("a")))).Head;
            Assert.Equal(head, await journal.HeadAsync());
        }

        await using ILocalJournal local = Journal.Open(uri);
        Assert.Equal(type, local.GetType().Name);
        Assert.Equal(name.Length == 0 ? default : head, local.Head);
    }

    [Fact]
    public async Task ASchemeThatIsRegisteredAsynchronously_IsOpenedByOpenAsync_WithPathOptionsAndToken()
    {
        using var source = new CancellationTokenSource();
        (string Path, JournalOptions Options, CancellationToken Token) given = default;
        Journal.Register("remote1", async (path, options, cancellationToken) =>
        {
            await Task.Yield();
            given = (path, options, cancellationToken);
            return new InMemoryJournal();
        });
        var options = new JournalOptions { SnapshotInterval = 7 };
        await using var journal = await Journal.OpenAsync("remote1:Host=x;Port=1", options, source.Token);
        Assert.IsType<InMemoryJournal>(journal);
        Assert.Equal(("Host=x;Port=1", options, source.Token), given);
    }

    [Fact]
    public void ASchemeThatIsRegisteredAsynchronously_IsRefusedByOpen_WithItsNameAndTheRemedy()
    {
        var opened = 0;
        Journal.Register("remote2", (_, _, _) =>
        {
            opened++;
            return ValueTask.FromResult<IJournal>(new InMemoryJournal());
        });
        var error = Assert.Throws<ArgumentException>(() => Journal.Open("remote2:Host=x"));
        Assert.Contains("'remote2:Host=x'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Journal.OpenAsync", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, opened);
    }

    [Fact]
    public void Registering_RefusesReservedAndMalformedSchemes_InBothForms()
    {
        string[] schemes = ["memory", "segments", "", "A", "1a", "a:"];
        Assert.All(schemes, scheme => Assert.Throws<ArgumentException>(() => Journal.Register(scheme, OpenRemoteAsync)));
        Assert.Throws<ArgumentNullException>(() => Journal.Register(null!, OpenRemoteAsync));
        Func<string, JournalOptions, CancellationToken, ValueTask<IJournal>>? none = null;
        Assert.Throws<ArgumentNullException>(() => Journal.Register("a", none!));

        static ValueTask<IJournal> OpenRemoteAsync(string path, JournalOptions options, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IJournal>(new InMemoryJournal());
    }

    [Theory]
    [InlineData("")]
    [InlineData("data")]
    [InlineData("redis:x")]
    [InlineData("memory:x")]
    [InlineData("segments:")]
    [InlineData("litedb:")]
    public Task AWrongUri_IsTheCallersMistake(string uri) =>
        Assert.ThrowsAsync<ArgumentException>(async () => await Journal.OpenAsync(uri));

    [Fact]
    public async Task ASchemeWithoutAStore_IsNamedWithThoseThereAre()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await Journal.OpenAsync("postgres:Host=x"));
        Assert.Contains("unknown scheme 'postgres'; known are", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFailedOpening_ComesWithTheAwait_AndNullsWithTheCall()
    {
        var refusal = new JournalOpenException("The server is not there; start it.");
        Journal.Register("remote3", (_, _, _) => ValueTask.FromException<IJournal>(refusal));
        var opening = Journal.OpenAsync("remote3:Host=x");
        Assert.Same(refusal, await Assert.ThrowsAsync<JournalOpenException>(async () => await opening));
        var missing = Journal.OpenAsync(directory.Journal("missing"), new JournalOptions { ReadOnly = true });
        await Assert.ThrowsAsync<JournalOpenException>(async () => await missing);
        Assert.Throws<ArgumentNullException>(() => { _ = Journal.OpenAsync(null!); });
    }

    [Fact]
    public async Task ACancelledToken_OpensNothing()
    {
        var opened = 0;
        Journal.Register("remote4", (_, _, _) =>
        {
            opened++;
            return ValueTask.FromResult<IJournal>(new InMemoryJournal());
        });
        string[] uris = ["memory:", directory.Journal(), "litedb:" + directory.File("journal.db"), "remote4:x"];
        var cancelled = new CancellationToken(true);
        foreach (var uri in uris)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Journal.OpenAsync(uri, null, cancelled));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Root));
        Assert.Equal(0, opened);
    }

    [Fact]
    public async Task ACancellationWhileTheStoreOpens_EndsTheOpening()
    {
        using var source = new CancellationTokenSource();
        Journal.Register("remote5", async (_, _, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return new InMemoryJournal();
        });
        var opening = Journal.OpenAsync("remote5:x", null, source.Token).AsTask();
        Assert.False(opening.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    }
}
