// What the end of a run vouches for besides its steps: facts under its name wherever they lie, and entries of nobody in its streams.
// Run by `dotnet test`.
using System.Text.Json.Nodes;
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunEndTests
{
    private static readonly RunPin pin = new("orders", "acme", "1.0", seed: 7);

    public static TheoryData<string> EveryStore => Stores.All;

    // A fact of the run in a stream of its own, one elsewhere, and an entry of nobody in the run's stream, behind every step.
    private static async Task<Run> RecordAsync(IJournal journal)
    {
        var run = await journal.StartRunAsync(pin, new RunOptions { RunId = "run" });
        await AppendAsync(journal, "elsewhere/before", null);
        await run.Streams(Order.Aggregate).ExecuteAsync("order/1", new Draw());
        await AppendAsync(journal, "order/1", run.Id);
        await AppendAsync(journal, "elsewhere/1", run.Id);
        await AppendAsync(journal, "elsewhere/2", run.Id);
        await AppendAsync(journal, "order/1", null);
        return run;
    }

    private static async Task AppendAsync(IJournal journal, string stream, RunId? run)
    {
        var happened = Order.Aggregate.Events.Encode(new Won(2));
        var fact = new EntryData(stream, happened.Type, happened.Payload) { Role = EntryRole.Fact, Run = run };
        (await journal.TryAppendAsync(new AppendRequest([fact]))).ReceiptOrThrow();
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AnHonestRun_Matches_AndSaysHowManyThereWere(string store)
    {
        await using var journal = Stores.Open(store);
        await using var run = await RecordAsync(journal);
        await run.FinishAsync();
        var end = Assert.Single(journal.ReadAll(), entry => entry.Type == "$run.ended");
        var said = JsonNode.Parse(end.Payload.Span)!;
        Assert.Equal((3, 1, 4), (end.SchemaVersion, (int)said["facts"]!, (int)said["beside"]!));
        // Behind the end nothing is vouched for, and what is there is told.
        await AppendAsync(journal, "order/1", run.Id);
        await AppendAsync(journal, "order/1", null);
        await AppendAsync(journal, "elsewhere/1", run.Id);
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Findings, finding => finding.Contains("lies behind its end", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnEndWithNothingBeside_IsWrittenAsBefore()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(pin, new RunOptions { RunId = "run" });
        await AppendAsync(journal, "elsewhere/1", null);
        await run.Streams(Order.Aggregate).ExecuteAsync("order/1", new Draw());
        await run.FinishAsync();
        var end = Assert.Single(journal.ReadAll(), entry => entry.Type == "$run.ended");
        Assert.Equal(2, end.SchemaVersion);
        Assert.DoesNotContain("beside", System.Text.Encoding.UTF8.GetString(end.Payload.Span), StringComparison.Ordinal);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    public static TheoryData<string, string, string?> Edits => new()
    {
        // Deleted; under another run's name; nobody's; in another stream.
        { "elsewhere/1", "", null },
        { "elsewhere/2", "", null },
        { "elsewhere/2", "run", "another" },
        { "elsewhere/2", "run", null },
        { "elsewhere/1", "stream", "elsewhere/3" },
        { "elsewhere/1", "time", "2031-01-01T00:00:00Z" },
        { "elsewhere/1", "type", "lost" },
        { "order/1", "", null },
        { "order/1", "stream", "order/2" },
        { "order/1", "run", "another" },
        { "order/1", "time", "2031-01-01T00:00:00Z" },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task AnEditOfWhatIsBesideTheSteps_IsFound(string stream, string member, string? value)
    {
        await using var journal = new InMemoryJournal();
        await using (var run = await RecordAsync(journal)) await run.FinishAsync();
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        var index = lines.FindLastIndex(line => (string)JsonNode.Parse(line)!["stream"]! == stream);
        var edited = JsonNode.Parse(lines[index])!.AsObject();
        if (member.Length == 0)
        {
            lines.RemoveAt(index);
        }
        else
        {
            if (value is null) edited.Remove(member);
            else edited[member] = value;
            if (member == "stream") edited["version"] = 1;
            lines[index] = edited.ToJsonString();
        }

        await using var imported = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(imported, lines));
        var report = await imported.VerifyAsync("run", Order.Aggregate);
        Assert.Equal((ReplayVerdict.Diverged, "$run/run"), (report.Verdict, report.Divergence?.Stream.Value));
        Assert.Equal(DivergenceCause.Input, report.Divergence!.Cause);
        Assert.StartsWith("/data/beside", report.Divergence.Path, StringComparison.Ordinal);
    }

    // Facts conflict with nothing, so one may come while the end is made of what was read: it is told, and no difference.
    [Theory]
    [InlineData("order/1", true, false)]
    [InlineData("order/1", true, true)]
    [InlineData("order/1", false, false)]
    [InlineData("order/1", false, true)]
    [InlineData("elsewhere/1", true, false)]
    [InlineData("elsewhere/1", true, true)]
    [InlineData("elsewhere/9", true, true)]
    public async Task AFactThatComesWhileTheRunEnds_IsNoDifference(string stream, bool isOfRun, bool hasOthers)
    {
        await using var inner = new InMemoryJournal();
        await using var journal = new Meanwhile(inner, () => AppendAsync(inner, stream, isOfRun ? RunId.Create("run") : null));
        if (hasOthers)
        {
            await using var run = await RecordAsync(journal);
            journal.IsArmed = true;
            await run.FinishAsync();
        }
        else
        {
            await using var run = await journal.StartRunAsync(pin, new RunOptions { RunId = "run" });
            await run.Streams(Order.Aggregate).ExecuteAsync("order/1", new Draw());
            journal.IsArmed = true;
            await run.FinishAsync();
        }

        Assert.False(journal.IsArmed);
        var entries = inner.ReadAll().ToList();
        Assert.Equal(("$run.ended", stream), (entries[^1].Type, entries[^2].Stream.Value));
        var report = await inner.VerifyAsync("run", Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        var position = entries[^2].Position;
        Assert.True(
            report.Findings.Any(finding => finding.Contains($"position {position}", StringComparison.Ordinal))
            || report.Uncompared.Any(found => found.Ranges.Any(range => range.First <= position && position <= range.Last)),
            string.Join('\n', report.Findings));
    }

    // What retention took may be among what the end counts: nobody can tell, and that is said.
    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task WhereAStreamElsewhereWasDeleted_ItIsSaid_AndNoDifference(string store)
    {
        await using var journal = Stores.Open(store);
        await using var run = await RecordAsync(journal);
        await run.FinishAsync();
        await journal.DeleteToAsync("elsewhere/1", 1);
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Findings, finding => finding.Contains("vouches for entries besides its steps", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AResumedRun_VouchesForWhatWasThereBefore()
    {
        await using var journal = new InMemoryJournal();
        await using (await RecordAsync(journal)) { }
        await using (var again = await journal.ResumeRunAsync("run", pin)) await again.FinishAsync();
        var end = Assert.Single(journal.ReadAll(), entry => entry.Type == "$run.ended");
        Assert.Equal(4, (int)JsonNode.Parse(end.Payload.Span)!["beside"]!);
        Assert.True((await journal.VerifyAsync("run", Order.Aggregate)).Matched);
    }

    // Appends once, when the end of the run has read how far the journal goes.
    private sealed class Meanwhile(InMemoryJournal inner, Func<Task> append) : ForwardingJournal(inner)
    {
        public bool IsArmed { get; set; }

        public override async ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default)
        {
            var head = await base.HeadAsync(cancellationToken);
            if (!IsArmed) return head;
            IsArmed = false;
            await append();
            return head;
        }

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);
    }
}
