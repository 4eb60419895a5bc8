// What the tests of runs share: a fixed clock, a pin, runs with fixed names, commands.
// Used by the tests of runs and of snapshots, and by SnapshotChaos.
using Orders;
using Xunit;

namespace Refold.Suites;

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

    public static AggregateStreams<OrderState, OrderCommand, OrderEvent, OrderError> Orders(this Run run) =>
        run.Streams(Order.Aggregate);

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

    /// <summary>Another writer, at this moment.</summary>
    public static void AppendFact(ILocalJournal journal, StreamId stream, int points)
    {
        var append = journal.TryAppendAsync(new AppendRequest(Fact(stream, points)));
        Assert.True(append.IsCompletedSuccessfully);
        Assert.IsType<AppendResult.Appended>(append.Result);
    }

    public static List<byte[]> Canonical(this ILocalJournal journal, StreamId stream) =>
        [.. journal.ReadStream(stream).Select(entry => entry.ToCanonicalBytes())];
}
