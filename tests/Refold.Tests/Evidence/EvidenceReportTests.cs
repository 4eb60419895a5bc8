// Reports of runs, replays, imports, snapshots, openings and gates: the same in every store, read back, checked, and refused when changed.
// Run by `dotnet test`.
using Orders;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Evidence;

public class EvidenceReportTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static readonly GateSet<int> Gates = new GateSet<int>("orders").Add(new(
        "stock", "at most five", asked => asked <= 5 ? null : new GateDenial("stock", "TOO_MANY", "there are five").With("there", "5")));

    private static readonly Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Generous = Order.Aggregate.WithDecide(
        (step, state, command) => command is Draw ? [new Won(step.Random.Between(1, 1000))] : Order.Decide(step, state, command));

    public static TheoryData<string> All => Stores.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task ARun_IsReported_TheSameInEveryStore_AndStaysSoWhenOthersAppend(string store)
    {
        await using var memory = new InMemoryJournal();
        await RecordAsync(memory);
        await using var journal = Stores.Open(store);
        await RecordAsync(journal);
        var report = journal.RunReport(RunId.Create("test"));
        Assert.Equal(memory.RunReport(RunId.Create("test")).BodyToJson(), report.BodyToJson());
        Assert.Equal(
            (EvidenceKind.Run, "run/v1", journal.Head, (long?)null), (report.Kind, report.KindName, report.Head, report.ProvableFrom));
        RequireReadable(report);
        var run = System.Text.Json.Nodes.JsonNode.Parse(report.BodyToJson())!;
        var entries = journal.ReadAll().ToArray();
        string Count(params EntryRole[] roles) =>
            entries.Count(entry => roles.Contains(entry.Role)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Count(EntryRole.Command, EntryRole.Fact, EntryRole.Effect), (string?)run["external"]);
        Assert.Equal(Count(EntryRole.Event, EntryRole.Refusal, EntryRole.Message), (string?)run["derived"]);
        Assert.Equal("42", (string?)run["seed"]);
        Assert.NotNull(run["first_random"]);
        Assert.NotEqual(run["first_random"]!.ToJsonString(), run["last_random"]!.ToJsonString());

        await journal.AppendAsync(new AppendRequest(Samples.Entry("z")));
        Assert.Equal(report.BodyToJson(), journal.RunReport(RunId.Create("test")).BodyToJson());
        Assert.Equal(new EvidenceCheck(null, []), journal.Check(report));
        Assert.Throws<RunNotFoundException>(() => journal.RunReport(RunId.Create("other")));
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.RunReport(RunId.Create("test"), 10_000));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ARunThatGoesOn_IsReportedAsOfAPlace_AndOneWithGoneEntriesIsNot(string store)
    {
        await using var journal = Stores.Open(store);
        await RecordAsync(journal);
        var last = journal.Head.Position;
        var early = journal.RunReport(RunId.Create("test"), last - 20);
        // The batch that holds the position counts whole.
        Assert.Equal(journal.HeadAt(last - 20), early.Head);
        Assert.True(journal.Check(early).Holds);
        Assert.NotEqual(early.BodyHash, journal.RunReport(RunId.Create("test")).BodyHash);
        await journal.DeleteToAsync("order/1", 2);
        Assert.Equal("dropped", Assert.Throws<JournalException>(() => journal.RunReport(RunId.Create("test"))).Code);
        Assert.Equal("dropped", Assert.Throws<JournalException>(() => journal.Check(early)).Code);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AReplay_IsReported_AndComparedWithOneMadeAgain(string store)
    {
        await using var journal = Stores.Open(store);
        await RecordAsync(journal);
        var replay = await journal.VerifyAsync(RunId.Create("test"), Order.Aggregate);
        Assert.Equal(journal.Head, replay.Head);
        var report = EvidenceReport.Of(replay);
        Assert.Equal((EvidenceKind.Replay, journal.Head), (report.Kind, report.Head));
        RequireReadable(report);
        // Others append, also to the run's streams.
        await journal.AppendAsync(new AppendRequest(Samples.Entry("z"), RunFixture.Fact("order/1", 5)));
        var upTo = new VerifyOptions { UpTo = report.Head!.Value.Position };
        var again = await journal.VerifyAsync(RunId.Create("test"), [Order.Aggregate], upTo);
        Assert.Equal(new EvidenceCheck(null, []), journal.CheckReplay(report, again));
        var later = await journal.VerifyAsync(RunId.Create("test"), Order.Aggregate);
        Assert.Throws<ArgumentException>(() => journal.CheckReplay(report, later));
        var behind = new VerifyOptions { UpTo = 10_000 };
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => journal.VerifyAsync(RunId.Create("test"), [Order.Aggregate], behind));
        Assert.Contains("/verdict", journal.Check(report).NotChecked);
        Assert.True(journal.Check(report).Holds);

        // Another fold of the same commands: the report of its replay says where it went apart.
        var other = await journal.VerifyAsync(RunId.Create("test"), [Generous], upTo);
        Assert.False(other.Matched);
        Assert.StartsWith("/decided: the report says ", journal.CheckReplay(report, other).Difference, StringComparison.Ordinal);
        var turned = journal.CheckReplay(EvidenceReport.Of(other), again);
        Assert.StartsWith("/decided: the report says ", turned.Difference, StringComparison.Ordinal);
        Assert.NotNull(System.Text.Json.Nodes.JsonNode.Parse(EvidenceReport.Of(other).BodyToJson())!["divergence"]);
        Assert.Throws<ArgumentException>(() => journal.CheckReplay(journal.RunReport(RunId.Create("test")), again));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AnImport_IsReportedByWhatItAppended_AndAChangeIsNamed(string store)
    {
        await using var journal = Stores.Open(store);
        await journal.AppendAsync(new AppendRequest(Samples.Entry("before")));
        var before = journal.Head;
        await journal.AppendAsync(new AppendRequest(Samples.Entry("a"), Samples.Entry("b")));
        await journal.AppendAsync(new AppendRequest(Samples.Entry("a")));
        var report = journal.ImportReport(before, alreadyThere: 3, renumbered: true);
        RequireReadable(report);
        Assert.Equal(journal.Head, report.Head);
        await journal.AppendAsync(new AppendRequest(Samples.Entry("z")));
        Assert.Equal(new EvidenceCheck(null, ["/already_there", "/renumbered", "/times_truncated"]), journal.Check(report));
        Assert.Throws<ArgumentException>(() => journal.ImportReport(new Head(1, default)));
        Assert.Throws<ArgumentException>(() => journal.ImportReport(journal.Head, before));

        await using var other = Stores.Open(store);
        await other.AppendAsync(new AppendRequest(Samples.Entry("before")));
        await other.AppendAsync(new AppendRequest(Samples.Entry("a"), Samples.Entry("c")));
        await other.AppendAsync(new AppendRequest(Samples.Entry("a")));
        Assert.StartsWith("/head: ", other.Check(report).Difference, StringComparison.Ordinal);
        await using var shorter = Stores.Open(store);
        await shorter.AppendAsync(new AppendRequest(Samples.Entry("before")));
        Assert.Contains("its tail is gone", shorter.Check(report).Difference, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ASnapshot_IsReported_AndTheStateIsFoldedAgain(string store)
    {
        await using var journal = Stores.Open(store);
        var snapshots = new InMemorySnapshotStore();
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { Snapshots = snapshots }))
        {
            foreach (var (stream, command) in RunFixture.Commands(30)) await run.Orders().ExecuteAsync(stream, command, ct);
            var inRun = EvidenceReport.Of((await run.Orders().TakeSnapshotAsync("order/1", ct))!);
            RequireReadable(inRun);
            Assert.Equal(new EvidenceCheck(null, ["/pin", "/run"]), await journal.CheckSnapshotAsync(inRun, Order.Aggregate));
            Assert.Equal(
                ["/checksum", "/pin", "/run", "/state_hash", "/state_schema_version", "/state_type"], journal.Check(inRun).NotChecked);
        }

        var outside = EvidenceReport.Of((await journal.TakeSnapshotAsync("order/2", Order.Aggregate, new InMemorySnapshotStore(), ct))!);
        Assert.Equal(EvidenceKind.Snapshot, outside.Kind);
        Assert.Equal(new EvidenceCheck(null, ["/pin", "/run"]), await journal.CheckSnapshotAsync(outside, Order.Aggregate));
        var version = journal.HighestVersion("order/2");
        var forged = new Snapshot("order/2", version, outside.Head!.Value, Order.Aggregate.State!.Encode(new OrderState(true, 77, 0)));
        Assert.True(journal.Check(EvidenceReport.Of(forged)).Holds);
        var found = await journal.CheckSnapshotAsync(EvidenceReport.Of(forged), Order.Aggregate);
        Assert.Contains(found.Difference!.Split(':')[0], new[] { "/checksum", "/state_hash" });
        var behind = new Snapshot("order/2", 1_000, outside.Head!.Value, forged.State);
        Assert.StartsWith("/version: ", journal.Check(EvidenceReport.Of(behind)).Difference, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(
            () => journal.CheckSnapshotAsync(journal.RunReport(RunId.Create("test")), Order.Aggregate));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WhatGatesSaid_IsReported_AndComparedWithWhatWasAppended(string store)
    {
        await using var journal = Stores.Open(store);
        var request = new AppendRequest(Samples.Entry("a"), Samples.Entry("b"));
        var trace = Gates.Evaluate(3, request, out var pass);
        var receipt = await journal.AppendAsync(request with { Gates = Gates, Pass = pass }, ct);
        var passed = EvidenceReport.Of(trace, receipt);
        RequireReadable(passed);
        Assert.Equal(("gates/v1", receipt.Head), (passed.KindName, passed.Head));
        Assert.Equal(new EvidenceCheck(null, ["/evaluations", "/pipeline"]), journal.Check(passed));

        var denied = Gates.Evaluate(6, request, out _);
        Assert.Equal(["/content", "/evaluations", "/pipeline", "/types"], journal.Check(EvidenceReport.Of(denied)).NotChecked);
        Assert.Null(EvidenceReport.Of(denied).Head);
        var refused = Assert.IsType<AppendResult.NotAppended>(
            await journal.TryAppendAsync(request, Gates, 7, new GateOptions { RecordDenials = true }, ct));
        var failure = Assert.IsType<AppendFailure.Denied>(refused.Failure);
        var recorded = EvidenceReport.Of(failure.Trace, Assert.IsType<AppendResult.Appended>(failure.Record).Receipt);
        RequireReadable(recorded);
        Assert.Equal(new EvidenceCheck(null, []), journal.Check(recorded));
        // A pass of other entries, a denial that was not recorded there.
        var other = Gates.Evaluate(3, new AppendRequest(Samples.Entry("c")), out _);
        Assert.StartsWith("/content: ", journal.Check(EvidenceReport.Of(other, receipt)).Difference, StringComparison.Ordinal);
        Assert.StartsWith("/evaluations: ", journal.Check(EvidenceReport.Of(denied, receipt)).Difference, StringComparison.Ordinal);

        var around = await journal.AppendAsync(request with { Bypass = Gates.Bypass("night", "nobody is there", "ann") }, ct);
        Assert.Equal(new EvidenceCheck(null, ["/evaluations", "/pipeline"]), journal.Check(EvidenceReport.Of(denied, around)));
    }

    [Fact]
    public async Task AnOpening_IsReported_WithWhatItRead()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, new JournalOptions())) await RecordAsync(journal);
        await using var opened = SegmentJournal.Open(device, new JournalOptions());
        var report = EvidenceReport.Of(opened.Opened);
        RequireReadable(report);
        Assert.Equal((EvidenceKind.Opening, opened.Head), (report.Kind, report.Head));
        Assert.True(opened.Check(report).Holds);
        await using var other = SegmentJournal.Open(new MemoryDevice(), new JournalOptions());
        Assert.False(other.Check(report).Holds);
    }

    [Fact]
    public void WhatIsNoReport_OrAChangedOne_IsRefused()
    {
        var json = EvidenceReport.Of(Gates.Evaluate(6, new AppendRequest(Samples.Entry("a")), out _)).ToJson();
        Assert.Equal(EvidenceKind.Gates, EvidenceReport.Parse(json).Kind);
        string[] refused =
        [
            "", "{}", "null", "[]", "{\"body\":{\"kind\":\"other\"}}",
            json.Replace("\"TOO_MANY\"", "\"TOO_FEW\"", StringComparison.Ordinal),
            json.Replace("\"kind\":\"gates\"", "\"kind\":\"run\"", StringComparison.Ordinal),
            json.Replace("\"schema_version\":1", "\"schema_version\":2", StringComparison.Ordinal),
        ];
        Assert.All(refused, text => Assert.Throws<FormatException>(() => EvidenceReport.Parse(text)));
    }

    /// <summary>What every report has to hold: it is read back the same, and its hash is of its body, not of what stands beside.</summary>
    internal static void RequireReadable(EvidenceReport report)
    {
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        var read = EvidenceReport.Parse(report.MadeAt(at).ToJson());
        Assert.Equal((report.BodyHash, report.BodyToJson()), (read.BodyHash, read.BodyToJson()));
        Assert.Equal((at, report.Kind, report.Head), (read.GeneratedAt!.Value, read.Kind, read.Head));
        Assert.Equal(report.Diagnostics, read.Diagnostics);
        Assert.Null(report.DifferenceFrom(read));
        Assert.Equal(Hash.Compute(System.Text.Encoding.UTF8.GetBytes(report.BodyToJson())), report.BodyHash);
    }

    private static async Task RecordAsync(ILocalJournal journal)
    {
        await using var run = await journal.StartAsync();
        foreach (var (stream, command) in RunFixture.Commands(30)) await run.Orders().ExecuteAsync(stream, command, ct);
        await run.FinishAsync();
    }
}
