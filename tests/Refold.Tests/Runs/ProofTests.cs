// What must not pass in silence: codecs that lose something, snapshots of another program, keys of other commands. On every store.
// Run by `dotnet test`. The cases are what was once found from outside.
using System.Globalization;
using System.Text;
using Refold.Testing;
using Xunit;

namespace Refold.Tests.Runs;

public class ProofTests
{
    private static readonly RunPin pin = new("sums", "acme", "1.0", seed: 7);

    public static TheoryData<string> EveryStore => Stores.All;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ACodecThatIsNotStable_FailsTheStep_AndNothingIsAppended(string store)
    {
        await using var journal = Stores.Open(store);
        await using var run = await journal.StartRunAsync(pin);
        var counting = 0;
        var unstable = Sums(Codec.Create<decimal>(
            "added", value => Text(value + counting++), bytes => decimal.Parse(Encoding.UTF8.GetString(bytes.Span), Invariant)));
        var before = journal.Head;
        var failed = await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(unstable).ExecuteAsync("sum/1", 1m));
        Assert.Contains("'added'", failed.Message, StringComparison.Ordinal);
        Assert.Equal(before, journal.Head);
        Assert.Equal(1, (await run.Streams(Sums()).ExecuteAsync("sum/1", 1m)).Version);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ACodecThatRoundsInAStableWay_ChangesLiveAndReplayedStateAlike_AndCheckCodecsNamesTheEvent(string store)
    {
        var rounding = Sums(Codec.Create<decimal>(
            "added",
            value => Encoding.UTF8.GetBytes(value.ToString("F2", Invariant)),
            bytes => decimal.Parse(Encoding.UTF8.GetString(bytes.Span), Invariant)));
        await using var journal = Stores.Open(store);
        await using var run = await journal.StartRunAsync(pin);
        await run.Streams(rounding).ExecuteAsync("sum/1", 1.005m);
        var live = await run.Streams(rounding).ExecuteAsync("sum/1", 2.001m);
        var folded = await journal.FoldAsync("sum/1", rounding);
        Assert.Equal(folded.State, live.State);
        var end = await run.FinishAsync();
        var report = await journal.VerifyAsync(run.Id, rounding);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(end.StateHash, report.StateHash);

        await using var checking = await journal.StartCheckedRunAsync(pin);
        var head = journal.Head;
        var found = await Assert.ThrowsAsync<StepFailedException>(() => checking.Streams(rounding).ExecuteAsync("sum/2", 1.005m));
        Assert.Contains("'added'", found.Message, StringComparison.Ordinal);
        Assert.Contains("as decided", found.Message, StringComparison.Ordinal);
        Assert.Equal(head, journal.Head);
        Assert.True((await checking.Streams(rounding).ExecuteAsync("sum/2", 1.25m)).IsAccepted);
    }

    [Fact]
    public async Task ACommandCodecThatLosesSomething_IsNamedWhereCodecsAreChecked()
    {
        var losing = Codec.Create<(decimal By, bool Negates)>(
            "add",
            value => Encoding.UTF8.GetBytes(value.By.ToString(Invariant)),
            bytes => (decimal.Parse(Encoding.UTF8.GetString(bytes.Span), Invariant), false));
        var aggregate = Aggregate.Create(
            "sum", 0m, (Step _, decimal _, (decimal By, bool Negates) add) =>
                Decision.Accept<decimal, string>([add.Negates ? -add.By : add.By]),
            (sum, by) => sum + by, losing, Decimals("added"), Codec.Text("refused"), Decimals("sum"));
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartCheckedRunAsync(pin);
        Assert.True((await run.Streams(aggregate).ExecuteAsync("sum/1", (1m, false))).IsAccepted);
        var head = journal.Head;
        var failed = await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(aggregate).ExecuteAsync("sum/1", (1m, true)));
        Assert.Contains("the command as given is decided otherwise", failed.Message, StringComparison.Ordinal);
        Assert.Equal(head, journal.Head);
    }

    [Fact]
    public async Task AnEvolveThatDependsOnSomethingElse_IsFoundWhenTheRunIsFinished()
    {
        var calls = 0;
        var counting = Aggregate.Create(
            "sum", 0m, (Step _, decimal _, decimal by) => Decision.Accept<decimal, string>([by]), (sum, by) => sum + by + calls++,
            Decimals("add"), Decimals("added"), Codec.Text("refused"), Decimals("sum"));
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(pin);
        await run.Streams(counting).ExecuteAsync("sum/1", 1m);
        await run.Streams(counting).ExecuteAsync("sum/1", 1m);
        var head = journal.Head;
        var found = await Assert.ThrowsAsync<StateDiffersException>(() => run.FinishAsync());
        Assert.Equal("sum/1", found.Stream.Value);
        Assert.Equal(head, journal.Head);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ASnapshotOfAnotherPin_IsNotStoodOn_UnlessTheHistoryIsGone_AndThenTheStepSaysSo(string store)
    {
        var snapshots = new InMemorySnapshotStore();
        var options = new RunOptions { Snapshots = snapshots, SnapshotInterval = 0 };
        var doubling = Sums(Decimals("added"), factor: 2);
        await using var journal = Stores.Open(store);
        await using (var first = await journal.StartRunAsync(pin, options))
        {
            await first.Streams(Sums()).ExecuteAsync("sum/1", 3m);
            Assert.NotNull(await first.Streams(Sums()).TakeSnapshotAsync("sum/1"));
        }

        var next = new RunPin("sums", "acme", "2.0", seed: 7);
        await using (var second = await journal.StartRunAsync(next, options))
        {
            var result = await second.Streams(doubling).ExecuteAsync("sum/1", 1m);
            Assert.Equal(8m, result.State);
            await second.FinishAsync();
            var report = await journal.VerifyAsync(second.Id, doubling);
            Assert.True(report.Matched, report.ToString());
        }

        await journal.DeleteToAsync("sum/1", 1);
        await using var third = await journal.StartRunAsync(next, options);
        Assert.Equal(7m, (await third.Streams(doubling).ExecuteAsync("sum/1", 1m)).State);
        var effect = Assert.Single(journal.ReadStream("$fx/" + third.Id.Value));
        Assert.Equal(("$snapshot", EntryRole.Effect), (effect.Type, effect.Role));
        Assert.Contains("\"version\":\"1.0\"", Encoding.UTF8.GetString(effect.Payload.Span), StringComparison.Ordinal);
        var told = await journal.VerifyAsync(third.Id, [doubling], new VerifyOptions { StartFrom = [snapshots.Load("sum/1").Snapshot!] });
        Assert.True(told.Matched, told.ToString());
        Assert.Contains(told.Findings, finding => finding.Contains("$snapshot", StringComparison.Ordinal)
            || finding.Contains("stood on a snapshot", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AKey_AnswersTheSameCommandOnly_AlsoWhereNoCommandIsRecorded(string store)
    {
        await using var journal = Stores.Open(store);
        await using var off = await journal.StartRunAsync(pin, new RunOptions { Mode = RecordMode.Off });
        var key = new ExecuteOptions { IdempotencyKey = "key" };
        var first = await off.Streams(Sums()).ExecuteAsync("sum/1", 10m, key);
        await off.Streams(Sums()).ExecuteAsync("sum/1", 1m);
        var again = await off.Streams(Sums()).ExecuteAsync("sum/1", 10m, key);
        Assert.True(again.IsRepeated);
        Assert.Equal(first.State, again.State);
        var reused = await Assert.ThrowsAsync<NotAppendedException>(() => off.Streams(Sums()).ExecuteAsync("sum/1", 99m, key));
        Assert.IsType<AppendFailure.KeyReused>(reused.Failure);

        var fact = new EntryData("sum/2", "added", Encoding.UTF8.GetBytes("\"5\""));
        (await journal.TryAppendAsync(new AppendRequest([fact]) { IdempotencyKey = "fact" })).ReceiptOrThrow();
        await using var run = await journal.StartRunAsync(pin);
        var swallowed = await Assert.ThrowsAsync<NotAppendedException>(() => run.Streams(Sums()).ExecuteAsync(
            "sum/2", 5m, new ExecuteOptions { IdempotencyKey = "fact" }));
        Assert.IsType<AppendFailure.KeyReused>(swallowed.Failure);

        // Nor by what only looks like a command: a run writes its commands into its own stream.
        var looks = new EntryData("notes/1", "add", Encoding.UTF8.GetBytes("""{"stream":"sum/3","data":7}"""))
        {
            Role = EntryRole.Command,
        };
        (await journal.TryAppendAsync(new AppendRequest([looks]) { IdempotencyKey = "looks" })).ReceiptOrThrow();
        swallowed = await Assert.ThrowsAsync<NotAppendedException>(() => run.Streams(Sums()).ExecuteAsync(
            "sum/3", 7m, new ExecuteOptions { IdempotencyKey = "looks" }));
        Assert.IsType<AppendFailure.KeyReused>(swallowed.Failure);
    }

    [Fact]
    public async Task AnExceptionWhoseMessageThrows_IsReportedAllTheSame()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(pin);
        await run.Streams(Sums()).ExecuteAsync("sum/1", 1m);
        var throwing = Sums().WithDecide((_, _, _) => throw new Mute());
        var report = await journal.VerifyAsync(run.Id, throwing);
        Assert.Equal(DivergenceCause.Threw, report.Divergence!.Cause);
        Assert.Contains(nameof(Mute), report.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(throwing).ExecuteAsync("sum/1", 1m));
    }

    private static CultureInfo Invariant => CultureInfo.InvariantCulture;

    private static byte[] Text(decimal value) => Encoding.UTF8.GetBytes(value.ToString(Invariant));

    private static Codec<decimal> Decimals(string name) =>
        Codec.Create<decimal>(name, value => Text(value), bytes => decimal.Parse(Encoding.UTF8.GetString(bytes.Span), Invariant));

    private static Aggregate<decimal, decimal, decimal, string> Sums(Codec<decimal>? events = null, int factor = 1) => Aggregate.Create(
        "sum",
        0m,
        (Step _, decimal _, decimal by) => by < 0 ? "negative" : Decision.Accept<decimal, string>([by]),
        (sum, by) => sum + (factor * by),
        Decimals("add"),
        events ?? Decimals("added"),
        Codec.Text("refused"),
        Decimals("sum"));

    private sealed class Mute : Exception
    {
        public override string Message => throw new InvalidOperationException("not even that");
    }
}
