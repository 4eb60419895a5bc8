// One case at work: the fixture, its open journal, and short forms of what cases do all the time.
// Made by JournalConformance for each case; used by the cases.
using System.Text;

namespace Refold.Testing;

internal sealed class JournalBench(JournalFixture fixture, ConformanceOptions options) : IAsyncDisposable
{
    private IJournal? journal;
    private JournalReads? reads;

    public ConformanceOptions Options => options;

    public JournalFixture Fixture => fixture;

    public IJournal Journal => journal ?? throw new InvalidOperationException("The journal of the case is not open.");

    /// <summary>The reads of the open journal.</summary>
    public JournalReads Read => reads ?? throw new InvalidOperationException("The journal of the case is not open.");

    public bool Has(JournalCapabilities capabilities) => (fixture.Capabilities & capabilities) == capabilities;

    public static EntryData Entry(string stream, string payload = "{}", string type = "happened", params string[] tags) =>
        new(stream, type, Encoding.UTF8.GetBytes(payload)) { Tags = tags };

    public async Task OpenAsync()
    {
        journal = await Expect.Within(fixture.OpenAsync(CancellationToken.None).AsTask(), "the opened journal");
        reads = new JournalReads(journal);
    }

    public async Task<AppendResult> TryAsync(AppendRequest request) =>
        await Expect.Within(Journal.TryAppendAsync(request).AsTask(), "the answer to an append");

    public Task<AppendResult> TryAsync(params EntryData[] entries) => TryAsync(new AppendRequest(entries));

    public async Task<Receipt> AppendAsync(AppendRequest request, string what = "a batch") =>
        Expect.Appended(await TryAsync(request), what);

    public Task<Receipt> AppendAsync(params EntryData[] entries) => AppendAsync(new AppendRequest(entries));

    public async Task DeleteToAsync(StreamId stream, long version) =>
        await Expect.Within(Journal.DeleteToAsync(stream, version).AsTask(), "the end of a deletion");

    /// <summary>Appends so many entries to a stream, each a batch of its own.</summary>
    public async Task FillAsync(string stream, int count)
    {
        for (var index = 0; index < count; index++) await AppendAsync(Entry(stream));
    }

    public async Task CloseAsync()
    {
        var open = journal;
        (journal, reads) = (null, null);
        if (open is not null) await open.DisposeAsync();
    }

    public async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    /// <summary>Opens the journal anew, with gates that it demands.</summary>
    public async Task ReopenWithGatesAsync(GateSet gates, bool recordsDenials = false)
    {
        await CloseAsync();
        var options = new JournalOptions { RequiredGates = gates, GateOptions = new GateOptions { RecordDenials = recordsDenials } };
        journal = await Expect.Within(fixture.OpenWithGatesAsync(options, CancellationToken.None).AsTask(), "the journal with gates");
        reads = new JournalReads(journal);
    }

    /// <summary>A power cut, and the next process; false where the fixture cannot.</summary>
    public async Task<bool> TryCrashAsync()
    {
        if (!await fixture.CrashAsync()) return false;
        await OpenAsync();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync();
        }
        finally
        {
            await fixture.DisposeAsync();
        }
    }
}
