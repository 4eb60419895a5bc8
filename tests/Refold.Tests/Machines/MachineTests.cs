// State machines in runs: states with data, guards, illegal transitions, transitions, folding without commands, recovery, verification.
// Run by `dotnet test`.
using System.Text;
using Refold.Testing;
using Xunit;

namespace Refold.Tests.Machines;

public class MachineTests
{
    private static readonly RunPin Pin = new("gates", "acme", "1.0", seed: 7);
    private static readonly StreamId Stream = "turnstile/north";

    public static TheoryData<string> EveryStore => Stores.All;

    [Fact]
    public void ACommand_IsDecidedByStateAndData_AndItsEventsMoveBoth() =>
        Turnstile.Aggregate.Given()
            .When(new Coin(60)).Then(new Paid(60))
            .When(new Coin(50)).Then(new Paid(50), new Opened())
            .ThenState(new(Gate.Unlocked, new Till(10, 0)))
            .When(new Coin(5)).ThenRefused(new IllegalTransition("Unlocked", "coin", []))
            .When(new Push()).Then(new Passed())
            .ThenState(new(Gate.Locked, new Till(10, 1)));

    [Fact]
    public void AnIllegalCommand_IsRefusedWithStateAndCommand_AndTheGuardsThatDidNotHold() =>
        Turnstile.Aggregate.Given()
            .When(new Push()).ThenRefused(new IllegalTransition("Locked", "push", []))
            .When(new Kick(9)).ThenRefused(new IllegalTransition("Locked", "kick", ["hard"]))
            .When(new Kick(10)).Then(new Broke())
            .When(new Coin(100)).ThenRefused(new IllegalTransition("Broken", "coin", []))
            // A state that is entered again is left for nothing: no transition, and no refusal either.
            .When(new Kick(10)).Then(new Broke())
            .When(new Repair()).Then(new Repaired())
            .ThenState(new(Gate.Locked, new Till(0, 0)));

    [Fact]
    public void Transitions_AreRealChangesOnly_AsDeclaredAndAsObserved()
    {
        Assert.Equal(
            [
                new("Locked", "opened", "Unlocked"), new("Locked", "broke", "Broken"),
                new("Unlocked", "passed", "Locked"), new("Unlocked", "closed", "Locked"), new("Unlocked", "broke", "Broken"),
                new("Broken", "repaired", "Locked"),
            ],
            Turnstile.Definition.Transitions().OrderBy(one => Enum.Parse<Gate>(one.From)).ThenBy(one => Order(one.On)));
        Assert.Equal(
            [new("Locked", "opened", "Unlocked"), new("Unlocked", "broke", "Broken"), new("Broken", "repaired", "Locked")],
            Turnstile.Definition.TransitionsOf([new Paid(60), new Paid(40), new Opened(), new Broke(), new Broke(), new Repaired()]));

        static int Order(string on) => Array.IndexOf(["opened", "passed", "closed", "repaired", "broke"], on);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task TheTransitionsOfAStream_HaveTheirEntries_AndWhatWasRefusedIsNone(string store)
    {
        await using var journal = Stores.Open(store);
        await RecordAsync(journal);
        var time = new FixedClock().GetUtcNow();
        Assert.Equal(
            [
                new RecordedTransition(2, time, new("Locked", "opened", "Unlocked")),
                new RecordedTransition(3, time, new("Unlocked", "passed", "Locked")),
                new RecordedTransition(5, time, new("Locked", "broke", "Broken")),
            ],
            await Turnstile.Definition.TransitionsAsync(journal, Stream));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ARefusedCommand_IsRecordedInTheRun_AndTheStreamHoldsEventsOnly(string store)
    {
        await using var journal = Stores.Open(store);
        await RecordAsync(journal);
        var refusals = journal.ReadStream("$run/test").Where(entry => entry.Role == EntryRole.Refusal).ToList();
        Assert.Equal(
            ["""{"Command":"push","Guards":[],"State":"Locked"}""", """{"Command":"kick","Guards":["hard"],"State":"Locked"}"""],
            refusals.Select(entry => Encoding.UTF8.GetString(entry.Payload.Span)));
        Assert.All(refusals, entry => Assert.Equal("illegal-transition", entry.Type));
        Assert.Equal(
            ["paid", "opened", "passed", "paid", "broke"], journal.ReadStream(Stream).Select(entry => entry.Type));
        var report = await journal.VerifyAsync("test", Turnstile.Aggregate);
        Assert.True(report.Matched, report.ToString());
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AMachineWithoutItsCommands_IsFoldedToTheExactStateAndData(string store)
    {
        await using var journal = Stores.Open(store);
        await RecordAsync(journal);
        var folding = Machine.Create<Gate, Till, GateCommand, GateEvent>("turnstile")
            .Initially(Gate.Locked, new Till(0, 0))
            .Events(Turnstile.Aggregate.Events)
            .In(Gate.Locked).Goes<Opened>(Gate.Unlocked, (at, _) => at.Data with { Cents = at.Data.Cents - 100 })
            .In(Gate.Unlocked).Goes<Passed>(Gate.Locked, (at, _) => at.Data with { Passed = at.Data.Passed + 1 })
            .InAny()
                .Stays<Paid>((at, paid) => at.Data with { Cents = at.Data.Cents + paid.Cents })
                .Goes<Broke>(Gate.Broken)
            .Build();
        var folded = await journal.FoldAsync(Stream, folding.Aggregate);
        Assert.True(folded.Matched);
        Assert.Equal(new(Gate.Broken, new Till(40, 1)), folded.State);
        Assert.Equal(folded.State, (await journal.FoldAsync(Stream, Turnstile.Aggregate)).State);
        Assert.Equal(3, (await folding.TransitionsAsync(journal, Stream)).Count);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ACommandWithoutEvents_WritesNothingButItself(string store)
    {
        await using var journal = Stores.Open(store);
        var quiet = Turnstile.Table().In(Gate.Unlocked).On<Coin>((_, _, _) => []).Build();
        await using (var run = await journal.StartRunAsync(Pin, RunFixture.Options()))
        {
            var gate = run.Streams(quiet.Aggregate);
            await gate.ExecuteAsync(Stream, new Coin(100));
            var before = journal.Head;
            var result = await gate.ExecuteAsync(Stream, new Coin(1));
            Assert.True(result.IsAccepted);
            Assert.Empty(result.Events);
            Assert.Equal(before.Position + 1, journal.Head.Position);
            Assert.Equal(EntryRole.Command, journal.ReadAll(before.Position + 1).Single().Role);
        }

        await using var off = await journal.StartRunAsync(Pin, new RunOptions { Mode = RecordMode.Off });
        var head = journal.Head;
        await off.Streams(quiet.Aggregate).ExecuteAsync(Stream, new Coin(1));
        await off.Streams(quiet.Aggregate).ExecuteAsync(Stream, new Repair());
        Assert.Equal(head, journal.Head);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AfterARestart_StateAndDataAreExact_WithAndWithoutSnapshots(bool withSnapshots)
    {
        var device = new MemoryDevice();
        await using var snapshots = new InMemorySnapshotStore();
        var options = RunFixture.Options() with
        {
            Snapshots = withSnapshots ? snapshots : null,
            SnapshotInterval = withSnapshots ? 2 : 0,
        };
        MachineState<Gate, Till> expected;
        await using (var journal = Segments.SegmentJournal.Open(device, new JournalOptions()))
        await using (var run = await journal.StartRunAsync(Pin, options))
        {
            var gate = run.Streams(Turnstile.Aggregate);
            for (var round = 0; round < 10; round++)
            {
                await gate.ExecuteAsync(Stream, new Coin(60));
                await gate.ExecuteAsync(Stream, new Coin(40));
                await gate.ExecuteAsync(Stream, new Push());
            }

            expected = (await gate.ExecuteAsync(Stream, new Coin(1))).State;
            Assert.Equal(new(Gate.Locked, new Till(1, 10)), expected);
        }

        Assert.Equal(withSnapshots, (await snapshots.LoadAsync(Stream)) is { Snapshot: not null });
        await using var reopened = Segments.SegmentJournal.Open(device, new JournalOptions());
        await using var resumed = await reopened.ResumeRunAsync("test", Pin, options);
        Assert.Equal(expected, (await resumed.Streams(Turnstile.Aggregate).LoadAsync(Stream)).State);
        Assert.Equal(expected, (await reopened.FoldAsync(Stream, Turnstile.Aggregate)).State);
        var next = await resumed.Streams(Turnstile.Aggregate).ExecuteAsync(Stream, new Coin(99));
        Assert.Equal(new(Gate.Unlocked, new Till(0, 10)), next.State);
        await resumed.FinishAsync();
        var report = await reopened.VerifyAsync("test", Turnstile.Aggregate);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public async Task AnEmptyJournal_LeavesTheInitialStateAndData()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(Pin, RunFixture.Options());
        var loaded = await run.Streams(Turnstile.Aggregate).LoadAsync(Stream);
        Assert.Equal((new MachineState<Gate, Till>(Gate.Locked, new Till(0, 0)), 0L), (loaded.State, loaded.Version));
        Assert.Empty(await Turnstile.Definition.TransitionsAsync(journal, Stream));
    }

    [Fact]
    public async Task AnEditedTransition_IsNamedByVerification()
    {
        await using var journal = new InMemoryJournal();
        await RecordAsync(journal);

        // Another guard: the coin no longer opens.
        var dearer = await journal.VerifyAsync("test", Edited(enough: 200, afterPassing: Gate.Locked));
        Assert.Equal((ReplayVerdict.Diverged, "missing", 2L), (dearer.Verdict, dearer.Divergence!.CauseName, dearer.Divergence.Version));

        // Another target: the gate stays open, so that a push is legal where it was refused.
        var open = await journal.VerifyAsync("test", Edited(enough: 100, afterPassing: Gate.Unlocked));
        Assert.Equal((ReplayVerdict.Diverged, "refusal"), (open.Verdict, open.Divergence!.CauseName));
        Assert.Contains("illegal-transition", open.Divergence.ToString(), StringComparison.Ordinal);

        var same = await journal.VerifyAsync("test", Edited(enough: 100, afterPassing: Gate.Locked));
        Assert.True(same.Matched, same.ToString());
    }

    [Fact]
    public async Task AnEventWithoutARow_FailsItsStepBeforeAnythingIsWritten_AndEndsTheFoldOfAStreamThatHasIt()
    {
        await using var journal = new InMemoryJournal();
        var careless = Turnstile.Table().In(Gate.Locked).On<Repair>((_, _, _) => [new Repaired()]).Build();
        await using var run = await journal.StartRunAsync(Pin, RunFixture.Options());
        var head = journal.Head;
        var failure = await Assert.ThrowsAsync<StepFailedException>(
            () => run.Streams(careless.Aggregate).ExecuteAsync(Stream, new Repair()));
        Assert.Contains("the state 'Locked' has no row for the event 'repaired'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(head, journal.Head);

        await journal.AppendAsync(new AppendRequest(new EntryData(Stream, "repaired", "{}"u8.ToArray())));
        var folded = await journal.FoldAsync(Stream, Turnstile.Aggregate);
        Assert.Equal((0L, "threw"), (folded.Version, folded.Divergence!.CauseName));
        await Assert.ThrowsAsync<StateUnreadableException>(() => Turnstile.Definition.TransitionsAsync(journal, Stream));
    }

    [Fact]
    public async Task TheCheckOfDeterminism_TakesAMachineAsItIs()
    {
        await using var journal = new InMemoryJournal();
        await RecordAsync(journal);
        var options = new DeterminismOptions { Cultures = ["tr-TR"] };
        var report = await Refold.Testing.Determinism.CheckAsync(journal, typeof(Turnstile), options);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public async Task TheTool_DecidesTheRunOfAMachineAgain_WithTheProgramThatHasIt()
    {
        using var directory = new TemporaryDirectory();
        await using (var journal = await Journal.OpenAsync(directory.Journal())) await RecordAsync(journal);
        Assert.Equal([Turnstile.Aggregate], ProgramMembers.Aggregates(typeof(Turnstile)));
        var answer = RefoldTool.Run("replay", "--with", typeof(Turnstile).Assembly.Location, "--journal", directory.Journal());
        Assert.StartsWith("identical   run test, 6 commands decided", string.Join('\n', answer.Expect(0).Lines), StringComparison.Ordinal);
    }

    private static async Task RecordAsync(IJournal journal)
    {
        await using var run = await journal.StartRunAsync(Pin, RunFixture.Options());
        var gate = run.Streams(Turnstile.Aggregate);
        GateCommand[] commands = [new Coin(100), new Push(), new Push(), new Kick(9), new Coin(40), new Kick(10)];
        foreach (var command in commands)
            await gate.ExecuteAsync(Stream, command);
        await run.FinishAsync();
    }

    private static Aggregate<MachineState<Gate, Till>, GateCommand, GateEvent, IllegalTransition> Edited(int enough, Gate afterPassing) =>
        Machine.Create<Gate, Till, GateCommand, GateEvent>("turnstile")
            .Initially(Gate.Locked, new Till(0, 0))
            .Commands(Turnstile.Aggregate.Commands)
            .Events(Turnstile.Aggregate.Events)
            .State(Turnstile.Aggregate.State!)
            .In(Gate.Locked)
                .On<Coin>((_, _, coin) => [new Paid(coin.Cents), new Opened()],
                    guard: "enough", when: (at, coin) => at.Data.Cents + coin.Cents >= enough)
                .On<Coin>((_, _, coin) => [new Paid(coin.Cents)])
                .Goes<Opened>(Gate.Unlocked, (at, _) => at.Data with { Cents = at.Data.Cents - 100 })
            .In(Gate.Unlocked)
                .On<Push>((_, _, _) => [new Passed()])
                .Goes<Passed>(afterPassing, (at, _) => at.Data with { Passed = at.Data.Passed + 1 })
            .InAny()
                .Stays<Paid>((at, paid) => at.Data with { Cents = at.Data.Cents + paid.Cents })
                .On<Kick>((_, _, _) => [new Broke()], guard: "hard", when: (_, kick) => kick.Force > 9)
                .Goes<Broke>(Gate.Broken)
            .Build().Aggregate;
}
