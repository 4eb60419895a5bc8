// A projection made in every way over one random history: live, inline, on demand, as of the end, made anew. All are one state.
// Run by ProjectionSuites.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

/// <summary>One history. Deletions come when the followers have read what goes: then on demand is refused, and they go on.</summary>
internal sealed class EqualProjections : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Tally tally;
    private readonly SeededRng random;
    private readonly Projection<long> projection;
    private readonly bool isOfStreams;
    private readonly InMemorySnapshotStore states = new();
    private readonly InMemorySnapshotStore inlineStates = new();
    private readonly MemoryDevice? device;
    private ILocalJournal journal = null!;
    private InlineProjection<long> inline = null!;
    private LiveProjection<long> live = null!;
    private CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    // The oracle: what was appended and matches, folded here.
    private long expected;
    private bool hasMatched;
    private bool isLost;

    private EqualProjections(Tally tally, ulong seed)
    {
        (this.tally, random) = (tally, SeededRng.FromSeed(seed));
        device = random.Between(0, 1) == 0 ? new MemoryDevice() : null;
        isOfStreams = random.Between(0, 2) == 0;
        ProjectionSource[] sources = isOfStreams
            ? [new ProjectionSource.Stream("s1"), new ProjectionSource.Stream("s2")]
            : [new ProjectionSource.Type("T"), new ProjectionSource.Type("U")];
        // The order counts.
        projection = Projection.Create("equal", 1, sources, 7L, Next, Numbers.Codec);
    }

    public static async Task RunAsync(Tally tally, ulong seed, int steps)
    {
        await using var history = new EqualProjections(tally, seed);
        await history.OpenAsync();
        for (var step = 0; step < steps; step++) await history.StepAsync();
        await history.CompareAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await journal.DisposeAsync();
        stop.Dispose();
        await states.DisposeAsync();
        await inlineStates.DisposeAsync();
    }

    private static long Next(long state, JournalEntry entry) => unchecked((state * 31) + entry.Position);

    private async Task OpenAsync()
    {
        inline = new InlineProjection<long>(projection, new ProjectionCache(inlineStates), random.Between(1, 30));
        ILocalJournal inner = device is null
            ? new InMemoryJournal()
            : SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = SegmentJournal.MinSegmentBytes } });
        journal = await inner.WithInlineAsync([inline]);
        Start();
    }

    private void Start()
    {
        live = new LiveProjection<long>(journal, projection, new LiveProjectionOptions
        {
            Cache = new ProjectionCache(states),
            KeepEvery = random.Between(1, 30),
            Runner = new() { BatchSize = random.Between(0, 2) switch { 0 => 1, 1 => 7, _ => 1000 } },
        });
        stop.Dispose();
        stop = new CancellationTokenSource();
        running = live.RunAsync(stop.Token);
    }

    private async Task StopAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
    }

    private async Task StepAsync()
    {
        switch (random.Between(0, 19))
        {
            case < 12:
                await AppendAsync();
                break;
            case < 15:
                await CompareAsync();
                break;
            case 15:
                tally.Add("restarts");
                await StopAsync();
                Start();
                break;
            case 16 when device is not null:
                tally.Add("restarts");
                await StopAsync();
                await journal.DisposeAsync();
                await OpenAsync();
                break;
            case 17:
                await DeleteAsync();
                break;
            default:
                await MakeAnewAsync();
                break;
        }
    }

    private async Task AppendAsync()
    {
        var entries = Enumerable.Range(0, random.Between(1, 4))
            .Select(_ => Samples.Entry("s" + random.Between(0, 3)) with { Type = "TUV"[random.Between(0, 2)].ToString() })
            .ToList();
        var receipt = await journal.AppendAsync(new AppendRequest([.. entries]));
        foreach (var (index, entry) in entries.Index())
        {
            if (isOfStreams ? entry.Stream.Value is not ("s1" or "s2") : entry.Type == "V") continue;
            expected = unchecked(((hasMatched ? expected : 7L) * 31) + receipt.FirstPosition + index);
            hasMatched = true;
        }

        // Inside the append, not some time later.
        Assert.Equal(receipt.Head, inline.Current.Place);
        Same(inline.Current, "inline");
    }

    private async Task DeleteAsync()
    {
        await CompareAsync();
        var stream = "s" + random.Between(0, 3);
        var highest = journal.HighestVersion(stream);
        if (highest == 0) return;
        await journal.DeleteToAsync(stream, random.Between(1L, highest));
        isLost |= !isOfStreams || stream is "s1" or "s2";
        tally.Add("deletions");
    }

    private async Task MakeAnewAsync()
    {
        await live.WaitForAsync(journal.Head.Position).WaitAsync(Patience);
        if (isLost)
        {
            var refused = await Assert.ThrowsAsync<ReadModelException>(() => live.RebuildAsync().WaitAsync(Patience));
            Assert.Equal("history-dropped", refused.Code);
            tally.Add("refusals");
            return;
        }

        Same(await live.RebuildAsync().WaitAsync(Patience), "made anew");
        tally.Add("rebuilds");
    }

    private async Task CompareAsync()
    {
        var head = journal.Head;
        var followed = await live.WaitForAsync(head.Position).WaitAsync(Patience);
        Assert.Equal(head, followed.Place);
        Same(followed, "live");
        Same(inline.Current, "inline");
        Assert.Equal(followed.EntriesHash, inline.Current.EntriesHash);
        tally.Add("comparisons");
        if (isLost)
        {
            Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(projection));
            tally.Add("refusals");
            return;
        }

        var results = new List<ProjectionResult<long>> { journal.RunWithEvidence(projection) };
        if (head.Position > 0) results.Add(journal.RunWithEvidence(projection, head.Position));
        foreach (var result in results)
        {
            Assert.Equal((hasMatched, hasMatched ? expected : 0L), (result.HasState, result.State));
            Assert.Equal(followed.EntriesHash, result.Report.EntriesHash);
            Assert.Equal(head, result.Report.Head);
        }
    }

    private void Same(LiveState<long> found, string how) =>
        Assert.True(
            (found.HasState, found.State) == (hasMatched, hasMatched ? expected : 0L), $"{how}: {found}, expected {hasMatched} {expected}");
}
