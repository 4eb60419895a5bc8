// What the tests of runs share: a fixed clock, a pin, runs with fixed names, and journals with another writer or a slow device.
using Orders;

namespace Refold.Tests.Runs;

internal sealed class FixedClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
}

internal static class RunFixture
{
    public static RunPin Pin { get; } = new("orders", "acme", "1.4.0", seed: 42);

    public static StreamId Stream { get; } = "order/42";

    public static RunOptions Options(RecordMode mode = RecordMode.Record) =>
        new() { RunId = RunId.Create("test"), TimeProvider = new FixedClock(), Mode = mode };

    public static Task<Run> StartAsync(this IJournal journal, RecordMode mode = RecordMode.Record) =>
        journal.StartRunAsync(Pin, Options(mode));

    public static Aggregates<OrderState, OrderCommand, OrderEvent, OrderError> Orders(this Run run) =>
        run.Aggregates(Order.Aggregate);

    /// <summary>Places, refusals, draws and commands without events on some streams; the same for every call.</summary>
    public static IEnumerable<(StreamId Stream, OrderCommand Command)> Commands(int count) =>
        Enumerable.Range(0, count).Select(index => (
            StreamId.Create("order/" + (index * 7 % 5).ToString(System.Globalization.CultureInfo.InvariantCulture)),
            (index % 4) switch
            {
                0 => (OrderCommand)new Place("sku", index),
                1 or 2 => new Draw(),
                _ => new Cancel(),
            }));

    /// <summary>What somebody else appends to an order: points from outside.</summary>
    public static EntryData Fact(StreamId stream, int points) =>
        new(stream, "won", System.Text.Encoding.UTF8.GetBytes(
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{{\"Points\":{points}}}")));

    public static List<byte[]> Canonical(this IJournal journal, StreamId stream) =>
        [.. journal.ReadStream(stream).Select(entry => entry.ToCanonicalBytes())];
}

/// <summary>A journal whose appends can be watched, held back, and made to fail; everything else is the inner journal's.</summary>
internal sealed class StagedJournal(IJournal inner) : IJournal
{
    private readonly Queue<TaskCompletionSource<AppendResult>> held = new();
    private readonly Queue<AppendResult> results = new();

    /// <summary>Called with the number of each append, from 1, before it is handed on; an answer replaces it.</summary>
    public Func<int, AppendResult?> Before { get; set; } = _ => null;

    /// <summary>Whether answers are held back until <see cref="Release"/>.</summary>
    public bool Holds { get; set; }

    public int Appends { get; private set; }

    public int Held
    {
        get { lock (held) return held.Count; }
    }

    public Head Head => inner.Head;

    public async ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        var result = Before(++Appends) ?? await inner.TryAppendAsync(request, cancellationToken);
        if (!Holds)
            return result;
        var answer = new TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (held)
        {
            held.Enqueue(answer);
            results.Enqueue(result);
        }

        return await answer.Task;
    }

    /// <summary>Answers everything that was held back, and holds nothing back any more.</summary>
    public void Release()
    {
        Holds = false;
        lock (held)
        {
            while (held.TryDequeue(out var answer))
                answer.SetResult(results.Dequeue());
        }
    }

    public Head? HeadAt(long position) => inner.HeadAt(position);

    public ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        inner.TryRestoreAsync(batch, cancellationToken);

    public ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) =>
        inner.DeleteToAsync(stream, version, cancellationToken);

    public long HighestVersion(StreamId stream) => inner.HighestVersion(stream);

    public IReadOnlyList<StreamInfo> Streams() => inner.Streams();

    public IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        inner.ReadStream(stream, fromVersion, toVersion, maxCount);

    public IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) => inner.ReadAll(fromPosition, maxCount);

    public QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) => inner.Query(query, fromPosition, maxCount);

    public IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default) =>
        inner.SubscribeAsync(fromPosition, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
