// What gates leave in a journal: denials where that is asked for, and bypasses always; and that nothing else minds those entries.
// Run by `dotnet test`.
using System.Text;
using System.Text.RegularExpressions;
using Orders;
using Xunit;

namespace Refold.Tests.Gates;

public class GateRecordTests
{
    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly GateOptions Recorded = new() { RecordDenials = true };
    private static readonly GateSet<int> Orders = new GateSet<int>("orders")
        .Add(new("positive", "", asked => asked > 0 ? null : new GateDenial("positive", "NOTHING", "nothing is asked for")))
        .Add(new("stock", "", asked => asked == 13 ? throw new InvalidOperationException("bad luck") : Judge(asked)));

    public static TheoryData<string> All => Stores.All;

    private static GateDenial? Judge(int asked) =>
        asked <= 5 ? null : new GateDenial("stock", "TOO_MANY", "there are five").With("there", "5");

    private static AppendRequest Request() => new(Samples.Entry("a", "1"), Samples.Entry("b", "2"));

    [Theory]
    [MemberData(nameof(All))]
    public async Task EvaluatedAndAppended_InOneCall(string store)
    {
        await using var journal = Stores.Open(store);
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(Request(), Orders, 3, cancellationToken: ct));
        Assert.Equal(2, journal.Head.Position);
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(Request() with { Gates = Orders }, Orders, 3, Recorded, ct));
        Assert.Equal(4, journal.Head.Position);
        var other = Request() with { Gates = new GateSet<int>("others") };
        Assert.Equal(
            new AppendFailure.PassRefused("others", PassFault.OtherGates),
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(other, Orders, 3, Recorded, ct)).Failure);
        Assert.IsType<AppendFailure.Invalid>(
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(), Orders, 13, Recorded, ct)).Failure);
        Assert.Equal(4, journal.Head.Position);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ADenial_LeavesNothing_UnlessThatIsAskedFor(string store)
    {
        await using var journal = Stores.Open(store);
        var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(Request(), Orders, 6, cancellationToken: ct));
        var denied = Assert.IsType<AppendFailure.Denied>(refused.Failure);
        Assert.Null(denied.Record);
        Assert.Equal("orders denied (positive: permit, stock: deny); [stock] there are five", denied.ToString());
        Assert.Equal(denied.ToString(), Assert.Throws<NotAppendedException>(() => refused.ReceiptOrThrow()).Message);
        Assert.Equal(0, journal.Head.Position);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ADenial_IsRecordedWithItsTrace_TheSameInEveryStore(string store)
    {
        await using var journal = Stores.Open(store);
        var request = Request() with { IdempotencyKey = "key" };
        for (var round = 1; round <= 2; round++)
        {
            var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(request, Orders, 0, Recorded, ct));
            var denied = Assert.IsType<AppendFailure.Denied>(refused.Failure);
            Assert.Equal(round, Assert.IsType<AppendResult.Appended>(denied.Record).Receipt.LastPosition);
            var entry = journal.ReadAll().Last();
            Assert.Equal(Orders.Stream, entry.Stream);
            Assert.Equal((EntryRole.Control, "gate-denied", 1), (entry.Role, entry.Type, entry.SchemaVersion));
            Assert.Null(entry.IdempotencyKey);
            Assert.Equal(denied.Trace, GateTrace.Parse(entry.Payload));
            var content = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(request.Encode().Bytes.Span));
            Assert.Equal(
                $$"""{"content":"{{content}}","evaluations":[{"denial":{"code":"NOTHING","context":[],"gate":"positive", """.TrimEnd()
                + """ "message":"nothing is asked for"},"gate":"positive","outcome":"deny"}, """.Trim()
                + """{"denial":null,"gate":"stock","outcome":"skipped"}],"pipeline":"orders","types":["Happened"]}""",
                Encoding.UTF8.GetString(entry.Payload.Span));
        }

        await using var memory = new InMemoryJournal();
        for (var round = 1; round <= 2; round++) await memory.TryAppendAsync(request, Orders, 0, Recorded, ct);
        Assert.Equal(memory.Head, journal.Head);
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(request, Orders, 5, Recorded, ct));
    }

    [Fact]
    public async Task WhatAGateThrows_GoesOut_OrIsADenialWhereAllAreAsked()
    {
        await using var journal = new InMemoryJournal();
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(
            () => journal.TryAppendAsync(Request(), Orders, 13, Recorded, ct).AsTask());
        Assert.Equal("bad luck", thrown.Message);
        Assert.Equal(0, journal.Head.Position);
        var result = await journal.TryAppendAsync(Request(), Orders, 13, Recorded with { AsksAll = true }, ct);
        var denied = Assert.IsType<AppendFailure.Denied>(Assert.IsType<AppendResult.NotAppended>(result).Failure);
        Assert.Equal(GateDenial.DefectCode, Assert.Single(denied.Trace.Denials).Code);
        Assert.Equal(GateOutcome.Permit, denied.Trace.Evaluations[0].Outcome);
        Assert.Equal(1, journal.Head.Position);
    }

    [Fact]
    public async Task WhereTheDenialCannotBeRecorded_ItIsADenialAllTheSame_AndSaysSo()
    {
        var journal = new InMemoryJournal();
        await journal.DisposeAsync();
        var result = await journal.TryAppendAsync(Request(), Orders, 6, Recorded, ct);
        var denied = Assert.IsType<AppendFailure.Denied>(Assert.IsType<AppendResult.NotAppended>(result).Failure);
        Assert.IsType<AppendFailure.Unavailable>(Assert.IsType<AppendResult.NotAppended>(denied.Record).Failure);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ABypass_GetsThrough_AndIsCommittedWithWhatItLetThrough(string store)
    {
        await using var journal = Stores.Open(store);
        var bypass = Orders.Bypass("hotfix", "the till stood still", "Ada");
        var request = Request() with { Gates = Orders, Bypass = bypass, IdempotencyKey = "key" };
        var receipt = await journal.AppendAsync(request, ct);
        Assert.Equal(3, receipt.Count);
        Assert.Equal(receipt, await journal.AppendAsync(request, ct));
        var told = journal.ReadAll().Last();
        Assert.Equal((Orders.Stream, EntryRole.Control, "gate-bypassed", 1L), (told.Stream, told.Role, told.Type, told.Batch));
        Assert.True(BypassRecord.TryRead(told, out var record));
        Orders.Evaluate(3, request, out var pass);
        Assert.Equal(
            new BypassRecord("orders", "hotfix", "the till stood still", "Ada", ["Happened"], pass!.Trace.Content), record);
        Assert.False(BypassRecord.TryRead(journal.ReadAll().First(), out _));

        // Used again: recorded again. Encoded by itself: the same batch.
        await journal.AppendAsync(Request() with { Bypass = bypass }, ct);
        await ((IJournal)journal).TryAppendAsync((Request() with { Bypass = bypass }).Encode(), ct);
        Assert.Equal(3, journal.HighestVersion(Orders.Stream));
    }

    [Fact]
    public async Task ABypass_OpensNoOtherStreamOfRefoldsOwn_AndGoesWithNoPass()
    {
        await using var journal = new InMemoryJournal();
        var bypass = Orders.Bypass("n", "j", "a");
        var own = new AppendRequest(Samples.Entry("$gates/orders")) { Bypass = bypass };
        Assert.IsType<AppendFailure.SystemStream>(Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(own, ct)).Failure);
        Orders.Evaluate(3, Request(), out var pass);
        var both = Request() with { Bypass = bypass, Pass = pass };
        Assert.IsType<AppendFailure.Invalid>(Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(both, ct)).Failure);
        Assert.Throws<ArgumentException>(() => { _ = journal.TryAppendAsync(both, Orders, 3, cancellationToken: ct); });
        var conflicting = Request() with
        {
            Bypass = bypass,
            Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.Exists },
        };
        var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(conflicting, ct));
        Assert.IsType<AppendFailure.Conflict>(refused.Failure);
        Assert.Equal(0, journal.Head.Position);
        Assert.False(pass!.IsUsed);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ARecordedRun_IsVerifiedAsWithoutThem(string store)
    {
        await using var plain = Stores.Open(store);
        var without = await RecordAsync(plain, gated: false);
        await using var journal = Stores.Open(store);
        var with = await RecordAsync(journal, gated: true);
        Assert.True(with.Matched, with.ToString());
        Assert.Equal(without.Findings.Select(WithoutNumbers), with.Findings.Select(WithoutNumbers));
        Assert.Equal(Texts(without), Texts(with));
        Assert.Equal(2, journal.HighestVersion(Orders.Stream));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Restored_TheJournalIsTheSame(string store)
    {
        await using var journal = new InMemoryJournal();
        await journal.TryAppendAsync(Request(), Orders, 6, Recorded, ct);
        await journal.AppendAsync(Request() with { Bypass = Orders.Bypass("n", "j", "a") }, ct);
        await using var copy = Stores.Open(store);
        foreach (var batch in journal.ReadAll().GroupBy(entry => entry.Batch)) await copy.RestoreAsync([.. batch], ct);
        Assert.Equal(journal.Head, copy.Head);
        Assert.Equal(journal.Lines(), copy.Lines());
    }

    private static IEnumerable<string> Texts(ReplayReport report) =>
        report.Uncompared.Select(uncompared => WithoutNumbers(uncompared.ToString()!));

    // Positions are others: what gates recorded lies between.
    private static string WithoutNumbers(string finding) => Regex.Replace(finding, "[0-9]+", "#");

    // A step, something besides it by the way of gates or not, and another step.
    private static async Task<ReplayReport> RecordAsync(ILocalJournal journal, bool gated)
    {
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1), ct);
        var fact = new AppendRequest(RunFixture.Fact(RunFixture.Stream, 3), Samples.Entry("other") with { Run = run.Id });
        if (gated)
        {
            await journal.TryAppendAsync(fact, Orders, 6, Recorded, ct);
            await journal.AppendAsync(fact with { Bypass = Orders.Bypass("n", "j", "a") }, ct);
        }
        else await journal.AppendAsync(fact, ct);

        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw(), ct);
        await run.FinishAsync(cancellationToken: ct);
        return await journal.VerifyAsync(run.Id, Order.Aggregate);
    }
}
