// Replays of a program that was changed: what differs first is named, with operation, branch, name, number.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Operations;

public class OperationReplayTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private sealed class Changes
    {
        public string Request { get; set; } = "ask";

        public string Name { get; set; } = "first";

        public bool LeavesOut { get; set; }

        public bool Adds { get; set; }

        public bool AddsReading { get; set; }

        public bool AddsCommand { get; set; }

        public int Quantity { get; set; } = 1;

        public string Output { get; set; } = "done";

        public bool Throws { get; set; }

        public bool TakesFewer { get; set; }
    }

    private static Operation<string, string> Program(Changes changes) => Operation.Create(
        "op",
        ShopJson.Default.String,
        ShopJson.Default.String,
        async (fx, input) =>
        {
            Task<string> Call(OperationContext context, string name, string request) => context.CallAsync(
                name, request, ShopJson.Default.String, (text, _) => Task.FromResult(text + "!"), ShopJson.Default.String);
            await Call(fx, changes.Name, changes.Request);
            if (!changes.LeavesOut) await Call(fx, "second", "ask");
            if (changes.Adds) await Call(fx, "third", "ask");
            fx.Clock.GetUtcNow();
            if (changes.AddsReading) fx.Clock.GetUtcNow();
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Place("sku", changes.Quantity));
            if (changes.AddsCommand) await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            if (changes.Throws) throw new InvalidOperationException("changed");
            if (!changes.TakesFewer) await Call(fx.Branch("b"), "last", "ask");
            return changes.Output;
        });

    private static async Task<InMemoryJournal> RecordAsync()
    {
        var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(Program(new Changes()), "k", "in", ct);
        await run.FinishAsync();
        return journal;
    }

    // A verification decides commands only; without the finding, "matches" would promise more.
    [Fact]
    public async Task WhatIsOnlyVerified_SaysThatOperationsWereNotReplayed()
    {
        await using var journal = await RecordAsync();
        var verified = await journal.VerifyAsync("run", Order.Aggregate);
        Assert.True(verified.Matched, verified.ToString());
        Assert.Equal(1, verified.Decided);
        var finding = Assert.Single(verified.Findings);
        Assert.StartsWith("operations were not replayed: ", finding, StringComparison.Ordinal);
        Assert.EndsWith(" entries from position 2 on", finding, StringComparison.Ordinal);
        Assert.EndsWith("; 1 finding", verified.ToString(), StringComparison.Ordinal);
        var replayed = await journal.ReplayAsync("run", [Program(new Changes())], [Order.Aggregate]);
        Assert.True(replayed.Matched, replayed.ToString());
        Assert.Empty(replayed.Findings);
        Assert.Equal(1, replayed.Decided);
    }

    // Recorded by one clock, replayed while all others say something else; that none is read is seen in the compiled code
    // (Refold.Architecture).
    [Fact]
    public async Task WhatTheClockSaid_ComesFromTheRecord()
    {
        var readings = new List<DateTimeOffset>();
        var operation = Operation.Create("op", ShopJson.Default.String, ShopJson.Default.String, async (fx, input) =>
        {
            readings.Add(fx.Clock.GetUtcNow());
            await fx.DelayAsync(TimeSpan.Zero);
            readings.Add(new DateTimeOffset(fx.Clock.GetTimestamp(), TimeSpan.Zero));
            return input;
        });
        await using var journal = new InMemoryJournal();
        await using (var run = await Shop.StartAsync(journal, options: new RunOptions { TimeProvider = new FixedClock() }))
        {
            await run.RunAsync(operation, "k", "in", ct);
            await run.FinishAsync();
        }

        Assert.True((await journal.ReplayAsync("run", operation)).Matched);
        Assert.Equal([.. Enumerable.Repeat(new FixedClock().GetUtcNow(), 4)], readings);
    }

    public static TheoryData<string, DivergenceCause, string, string, string> Cases => new()
    {
        { "request", DivergenceCause.UnrecordedInput, "$call", "/data/input/data", "operation 'op', key 'k', attempt 1, call 'first' 1" },
        { "name", DivergenceCause.UnrecordedInput, "$call", "/data/name", "operation 'op', key 'k', attempt 1, call 'other' 1" },
        { "left out", DivergenceCause.Missing, "$call", "", "here, but operation 'op', key 'k', attempt 1, clock reading 1" },
        { "added", DivergenceCause.UnrecordedInput, "$clock", "", "call 'third' 3" },
        { "reading", DivergenceCause.UnrecordedInput, "$executed", "", "clock reading 2" },
        { "command", DivergenceCause.Payload, "place", "/data/data/Quantity", "command on 'order/1' 1" },
        { "another command", DivergenceCause.UnrecordedInput, "$executed", "", "command on 'order/1' 2" },
        { "output", DivergenceCause.Payload, "$operation.ended", "/data/output/data", "operation 'op', key 'k', attempt 1" },
        { "throws", DivergenceCause.Missing, "$call", "", "no longer asked for" },
        { "branch", DivergenceCause.Missing, "$call", "", "no longer asked for" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task AChange_IsNamedWithItsPlace(string change, DivergenceCause cause, string type, string path, string actual)
    {
        await using var journal = await RecordAsync();
        var changes = change switch
        {
            "request" => new Changes { Request = "other" },
            "name" => new Changes { Name = "other" },
            "left out" => new Changes { LeavesOut = true },
            "added" => new Changes { Adds = true },
            "reading" => new Changes { AddsReading = true },
            "command" => new Changes { Quantity = 2 },
            "another command" => new Changes { AddsCommand = true },
            "output" => new Changes { Output = "other" },
            "throws" => new Changes { Throws = true },
            _ => new Changes { TakesFewer = true },
        };
        var report = await journal.ReplayAsync("run", Program(changes));
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        var divergence = report.Divergence!;
        var entry = journal.ReadAll(divergence.Position, 1).Single();
        Assert.Equal((cause, type, path), (divergence.Cause, entry.Type, divergence.Path));
        Assert.Contains(actual, divergence.Actual, StringComparison.Ordinal);
        Assert.True((await journal.ReplayAsync("run", Program(new Changes()))).Matched);
    }

    [Fact]
    public async Task AChangedDecide_IsNamedWithTheOperationThatGaveTheCommand()
    {
        await using var journal = await RecordAsync();
        var changed = Order.Aggregate.WithDecide((step, state, command) =>
            command is Place ? [new Placed("other", 1)] : Order.Decide(step, state, command));
        var report = await journal.ReplayAsync(RunId.Create("run"), [Program(new Changes())], [changed]);
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        var divergence = report.Divergence!;
        Assert.Equal(("order/1", "/data/Sku", "\"sku\"", "\"other\""),
            (divergence.Stream.Value, divergence.Path, divergence.Expected, divergence.Actual));
        Assert.Contains("place", divergence.Command, StringComparison.Ordinal);
        Assert.Contains(
            report.Findings,
            finding => finding.Contains("operation 'op', key 'k', attempt 1, command on 'order/1' 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnOperationThatIsNotGiven_MakesTheVerdictIncomplete()
    {
        await using var journal = await RecordAsync();
        var report = await journal.ReplayAsync("run");
        Assert.Equal((ReplayVerdict.Incomplete, false), (report.Verdict, report.Matched));
        Assert.Contains(report.Findings, finding => finding.Contains("no operation of this name is given", StringComparison.Ordinal));
        Assert.Contains("as far as it can be replayed", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEffectBehindTheEndOfTheRun_IsNamed()
    {
        await using var journal = await RecordAsync();
        var last = journal.ReadStream("$fx/run").Last();
        var position = journal.Head.Position + 1;
        var data = new EntryData(last.Stream, last.Type, last.Payload) { Role = last.Role, Tags = last.Tags, Run = last.Run };
        await journal.RestoreAsync([new JournalEntry(position, last.Version + 1, position, data)]);
        var report = await journal.VerifyAsync(RunId.Create("run"), Order.Aggregate);
        Assert.Contains(report.Findings, finding => finding.Contains("an effect of the run lies behind its end", StringComparison.Ordinal));
        var replayed = await journal.ReplayAsync("run", Program(new Changes()));
        Assert.Equal((ReplayVerdict.Diverged, journal.Head.Position), (replayed.Verdict, replayed.Divergence!.Position));
    }

    [Fact]
    public async Task WhereTheStreamOfACommandWasDeleted_TheVerdictIsNotThatItMatches()
    {
        await using var journal = await RecordAsync();
        await journal.DeleteToAsync("order/1", 1);
        var report = await journal.ReplayAsync("run", Program(new Changes()));
        Assert.False(report.Matched, report.ToString());
        Assert.Contains(report.Findings, finding => finding.Contains("the beginning of 'order/1' was deleted", StringComparison.Ordinal));
    }

    // What is left of a run without its start says nothing of seed and pin, so nothing of it matches.
    [Fact]
    public async Task OperationsOfARunWhoseStartIsGone_NeverMatch()
    {
        await using var journal = new InMemoryJournal();
        var operation = Operation.Create(
            "op", ShopJson.Default.String, ShopJson.Default.String, (_, input) => Task.FromResult(input));
        await using (var run = await Shop.StartAsync(journal)) await run.RunAsync(operation, "k", "in", ct);
        Assert.True((await journal.ReplayAsync("run", operation)).Matched);
        await journal.DeleteToAsync(RunId.Create("run").Stream, long.MaxValue);
        await Assert.ThrowsAsync<RunNotFoundException>(() => journal.ReplayAsync("run", operation));
        await journal.AppendAsync(new AppendRequest(
            new EntryData("elsewhere", "fact", "1"u8.ToArray()) { Role = EntryRole.Fact, Run = RunId.Create("run") }));
        Assert.Equal(ReplayVerdict.NotRecorded, (await journal.ReplayAsync("run", operation)).Verdict);
    }

    [Fact]
    public async Task OfTwoEndsAtOnce_TheOneThatGivesUp_LetsNothingBeginBehindTheOther()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var goOn = new TaskCompletionSource();
        var operation = Operation.Create(
            "op",
            ShopJson.Default.String,
            ShopJson.Default.String,
            async (_, input) =>
            {
                await goOn.Task;
                return input;
            });
        var running = run.RunAsync(operation, "k", "in", ct);
        using var source = new CancellationTokenSource();
        var (first, second) = (run.FinishAsync(), run.FinishAsync(cancellationToken: source.Token));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await Assert.ThrowsAsync<RunEndedException>(() => run.RunAsync(operation, "late", "in", ct));
        goOn.SetResult();
        await running;
        await first;
    }
}
