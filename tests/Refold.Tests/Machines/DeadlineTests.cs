// Deadlines of machines: from recorded time, sent once, also those that passed while nothing ran; with two drivers, after restarts.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;
using static Refold.Tests.Snapshots.SnapshotFixture;

namespace Refold.Tests.Machines;

public class DeadlineTests
{
    private static readonly RunPin Pin = new("gates", "acme", "1.0", seed: 7);
    private static readonly StreamId Stream = "turnstile/north";
    private readonly ManualClock clock = new();

    public static TheoryData<string> Durable => ["segments", "litedb"];

    [Fact]
    public void ADeadline_IsAValueOfStateDataAndTheRecordedTime()
    {
        var unlocked = new MachineState<Gate, Till>(Gate.Unlocked, new Till(0, 0));
        Assert.Equal(
            new MachineDeadline<GateCommand>(ManualClock.Start + TimeSpan.FromSeconds(30), new TimedOut()),
            Turnstile.Definition.DeadlineOf(unlocked, ManualClock.Start));
        Assert.Null(Turnstile.Definition.DeadlineOf(unlocked, null));
        Assert.Null(Turnstile.Definition.DeadlineOf(unlocked, DateTimeOffset.MaxValue));
        Assert.Null(Turnstile.Definition.DeadlineOf(unlocked with { State = Gate.Locked }, ManualClock.Start));
        var byData = Turnstile.Table().In(Gate.Broken)
            .TimesOut((at, since) => since.AddHours(at.Data.Passed), at => new Kick(at.Data.Cents)).Build();
        Assert.Equal(
            new MachineDeadline<GateCommand>(ManualClock.Start.AddHours(3), new Kick(5)),
            byData.DeadlineOf(new(Gate.Broken, new Till(5, 3)), ManualClock.Start.ToOffset(TimeSpan.FromHours(5))));
    }

    [Theory]
    [MemberData(nameof(Durable))]
    public async Task ADeadlineThatPassedWhileNothingRan_IsSentOnceAfterTheRestart(string store)
    {
        using var directory = new TemporaryDirectory();
        var uri = store + ":" + directory.File("journal.db");
        await using (var journal = await Journal.OpenAsync(uri))
        await using (var run = await journal.StartRunAsync(Pin, Options()))
            await run.Streams(Turnstile.Aggregate).ExecuteAsync(Stream, new Coin(100));

        clock.Advance(TimeSpan.FromHours(5));
        for (var start = 0; start < 3; start++)
        {
            await using var journal = await Journal.OpenAsync(uri);
            await using var run = await journal.ResumeRunAsync("test", Pin, Options());
            await using var driver = Turnstile.Definition.Deadlines(run);
            await driver.StartAsync(CancellationToken.None);
            await UntilAsync(() => Closed(journal) == 1);
            Assert.Equal(0, await driver.FireDueAsync());
            await driver.StopAsync(CancellationToken.None);
            await driver.Completion;
            Assert.Equal(Gate.Locked, (await run.Streams(Turnstile.Aggregate).LoadAsync(Stream)).State.State);
        }

        await using var last = await Journal.OpenAsync(uri);
        var entries = await last.ReadAllAsync().ToListAsync();
        var sent = entries.Single(entry => entry.Type == "timed-out");
        Assert.Equal(EntryRole.Command, sent.Role);
        Assert.Equal(ManualClock.Start.AddHours(5), sent.Time);
        Assert.Equal(entries.Single(entry => entry.Type == "opened").Id, sent.CausationId);
        var report = await last.VerifyAsync("test", Turnstile.Aggregate);
        Assert.True(report.Matched, report.ToString());
    }

    [Theory]
    [MemberData(nameof(MachineTests.EveryStore), MemberType = typeof(MachineTests))]
    public async Task TwoDrivers_SendOneCommandBetweenThem(string store)
    {
        await using var journal = Stores.Open(store);
        await using var one = await journal.StartRunAsync(Pin, Options());
        await using var other = await journal.StartRunAsync(Pin, Options() with { RunId = "other" });
        var streams = Enumerable.Range(0, 20).Select(index => StreamId.Create($"turnstile/{index}")).ToList();
        foreach (var stream in streams) await one.Streams(Turnstile.Aggregate).ExecuteAsync(stream, new Coin(100));
        await using var first = Turnstile.Definition.Deadlines(one);
        await using var second = Turnstile.Definition.Deadlines(other);
        await first.StartAsync(CancellationToken.None);
        await second.StartAsync(CancellationToken.None);
        await UntilAsync(() => first.Next is not null && second.Next is not null);
        Assert.Equal(ManualClock.Start.AddSeconds(30), first.Next);
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(0, await first.FireDueAsync());
        clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => first.Next is null && second.Next is null);
        Assert.Equal(20, Closed(journal));
        Assert.Equal(20, journal.ReadAll().Count(entry => entry.Type == "timed-out"));
        Assert.Equal(0, await first.FireDueAsync() + await second.FireDueAsync());
        foreach (var run in new[] { one, other })
        {
            await run.FinishAsync();
            var report = await journal.VerifyAsync(run.Id, Turnstile.Aggregate);
            // The driver that was faster each time left the other's run without a command.
            Assert.True(report.Verdict is ReplayVerdict.Matched or ReplayVerdict.NotRecorded, report.ToString());
        }
    }

    [Fact]
    public async Task ARunningDriver_FollowsWhatMachinesDo()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(Pin, Options());
        var gate = run.Streams(Turnstile.Aggregate);
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await gate.ExecuteAsync(Stream, new Coin(100));
        await UntilAsync(() => driver.Next == ManualClock.Start.AddSeconds(30));

        // Left before the deadline: nothing is sent. Entered again: another deadline.
        clock.Advance(TimeSpan.FromSeconds(20));
        await gate.ExecuteAsync(Stream, new Push());
        await UntilAsync(() => driver.Next is null);
        clock.Advance(TimeSpan.FromSeconds(20));
        await gate.ExecuteAsync(Stream, new Coin(100));
        await UntilAsync(() => driver.Next == ManualClock.Start.AddSeconds(70));
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(0, Closed(journal));
        clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => driver.Next is null);
        Assert.Equal(1, Closed(journal));
        Assert.Equal(Gate.Locked, (await gate.LoadAsync(Stream)).State.State);
    }

    [Fact]
    public async Task AnEventThatStays_DoesNotMoveTheDeadline_AndOneThatChangesTheDataMayMakeAnother()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(Pin, Options());
        var patient = Parking().Build();
        var lot = run.Streams(patient.Aggregate);
        await lot.ExecuteAsync("parking/1", "enter");
        clock.Advance(TimeSpan.FromMinutes(10));
        await lot.ExecuteAsync("parking/1", "look");
        await using var driver = patient.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => driver.Next == ManualClock.Start.AddHours(1));
        await lot.ExecuteAsync("parking/1", "pay");
        await UntilAsync(() => driver.Next == ManualClock.Start.AddHours(2));

        // The command is refused; it was sent all the same, and is not sent again: not now, and not after a restart.
        clock.Advance(TimeSpan.FromMinutes(140));
        await UntilAsync(() => driver.Next is null);
        Assert.Equal(1, journal.ReadAll().Count(entry => entry.Role == EntryRole.Command && entry.IdempotencyKey is not null));
        await lot.ExecuteAsync("parking/1", "look");
        await using var another = patient.Deadlines(run);
        Assert.Equal(0, await another.FireDueAsync());

        // Data that move the deadline make another one of it.
        await lot.ExecuteAsync("parking/1", "pay");
        Assert.Equal(0, await another.FireDueAsync());
        clock.Advance(TimeSpan.FromHours(1));
        await UntilAsync(() => journal.ReadAll().Count(entry => entry.Role == EntryRole.Refusal) == 2);
        Assert.Equal(0, await another.FireDueAsync());
    }

    [Fact]
    public async Task AStepThatFails_IsTriedAgainLater_AndOtherMachinesGoOn()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(Pin, Options());
        var fails = true;
        var broken = Machine.Create<Gate, int, string, string>("shop")
            .Initially(Gate.Locked, 0).Commands(Codec.Text("command")).Events(Codec.Text("event"))
            .In(Gate.Locked).On("open", (_, _) => ["opened"]).Goes("opened", Gate.Unlocked)
            .In(Gate.Unlocked)
                .On("close", (_, _) => fails
                    ? throw new InvalidOperationException("stuck")
                    : Decision.Accept<string, IllegalTransition>("closed"))
                .Goes("closed", Gate.Broken).TimesOut(TimeSpan.FromSeconds(30), "close")
            .Build();
        await run.Streams(broken.Aggregate).ExecuteAsync("shop/1", "open");
        await using var driver = broken.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => driver.Next is not null);
        clock.Advance(TimeSpan.FromSeconds(30));
        await UntilAsync(() => driver.Next == ManualClock.Start.AddSeconds(35));
        fails = false;
        clock.Advance(TimeSpan.FromSeconds(5));
        await UntilAsync(() => driver.Next is null);
        Assert.Equal(1, journal.ReadAll().Count(entry => entry.Type == "event" && entry.Stream == "shop/1") - 1);
    }

    [Fact]
    public async Task ADriver_EndsWithItsRun_AndIsStartedOnce()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(Pin, Options());
        await run.Streams(Turnstile.Aggregate).ExecuteAsync(Stream, new Coin(100));
        var driver = Turnstile.Definition.Deadlines(run);
        Assert.True(driver.Completion.IsCompletedSuccessfully);
        await driver.StartAsync(CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => driver.StartAsync(CancellationToken.None));
        await UntilAsync(() => driver.Next is not null);
        await run.FinishAsync();
        clock.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<RunEndedException>(() => driver.Completion);
        await driver.StopAsync(CancellationToken.None);
        await driver.DisposeAsync();
        await driver.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => driver.StartAsync(CancellationToken.None));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Turnstile.Definition.Deadlines(run, new DeadlineOptions { RetryDelay = TimeSpan.Zero }));
    }

    [Fact]
    public async Task TheKeyOfADeadline_IsTheSameForEver()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(Pin, Options());
        await run.Streams(Turnstile.Aggregate).ExecuteAsync(Stream, new Coin(100));
        clock.Advance(TimeSpan.FromSeconds(30));
        await using var driver = Turnstile.Definition.Deadlines(run);
        Assert.Equal(1, await driver.FireDueAsync());
        // SHA-256 over the domain, the stream, the version of the entry that opened the gate, and the ticks of the deadline, each framed.
        Assert.Equal(
            "deadline:5a45b67e8675a67a8a2d718238e8024b707872c923219af0ba0a04274a33c95f",
            journal.ReadAll().Single(entry => entry.Type == "timed-out").IdempotencyKey);
    }

    [Fact]
    public async Task AJournalInSegments_KeepsTheKeyOverARestart_WithoutTheRun()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, new JournalOptions()))
        await using (var run = await journal.StartRunAsync(Pin, Options()))
        {
            await run.Streams(Turnstile.Aggregate).ExecuteAsync(Stream, new Coin(100));
            clock.Advance(TimeSpan.FromMinutes(1));
            await using var driver = Turnstile.Definition.Deadlines(run);
            Assert.Equal(1, await driver.FireDueAsync());
            await run.FinishAsync();
        }

        await using var reopened = SegmentJournal.Open(device, new JournalOptions());
        await using var next = await reopened.StartRunAsync(Pin, Options() with { RunId = "next" });
        await using var again = Turnstile.Definition.Deadlines(next);
        Assert.Equal(0, await again.FireDueAsync());
        Assert.Equal(1, reopened.ReadAll().Count(entry => entry.Type == "timed-out"));
    }

    private RunOptions Options() => new() { RunId = RunId.Create("test"), TimeProvider = clock };

    private static int Closed(IJournal journal) => ((ILocalJournal)journal).ReadAll().Count(entry => entry.Type == "closed");

    // An hour for each payment, from the recorded time of entering on; the time-out is a warning, and refused as such.
    internal static MachineBuilder<Gate, int, string, string, IllegalTransition> Parking() =>
        Machine.Create<Gate, int, string, string>("parking")
            .States(gate => gate == Gate.Locked ? "outside" : "inside", "outside", "inside")
            .Initially(Gate.Locked, 0)
            .Commands(Codec.Text("command"))
            .Events(Codec.Text("event"))
            .State(Codec.Create<MachineState<Gate, int>>(
                "parking-state",
                at => System.Text.Encoding.UTF8.GetBytes(FormattableString.Invariant($"{(int)at.State} {at.Data}")),
                bytes => System.Text.Encoding.UTF8.GetString(bytes.Span).Split(' ') is [var gate, var paid]
                    ? new((Gate)int.Parse(gate, System.Globalization.CultureInfo.InvariantCulture),
                        int.Parse(paid, System.Globalization.CultureInfo.InvariantCulture))
                    : throw new FormatException()))
            .In("outside").On("enter", (_, _) => ["entered"]).Goes("entered", "inside", at => new(Gate.Unlocked, 1))
            .In("inside")
                .On("look", (_, _) => ["looked"])
                .On("pay", (_, _) => ["paid"])
                .Stays("looked").Stays("paid", at => at.Data + 1)
                .TimesOut((at, since) => since.AddHours(at.Data), _ => "warn");
}
