// Appends that demand a pass of gates, on every store: what gets through, what is refused and why, who has the pass afterwards.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Gates;

public class GateAppendTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static readonly Gate<int> Positive = new("positive", "something is asked for", asked =>
        asked > 0 ? null : new GateDenial("positive", "NOTHING", "nothing is asked for"));

    private static readonly Gate<int> Stock = new("stock", "at most five", asked =>
        asked <= 5 ? null : new GateDenial("stock", "TOO_MANY", "there are five").With("there", "5"));

    private static readonly GateSet<int> Orders = new GateSet<int>("orders").Add(Positive).Add(Stock);

    public static TheoryData<string> All => Stores.All;

    private static AppendRequest Request(string payload = "1") => new(Samples.Entry("a", payload), Samples.Entry("b", payload));

    private static AppendRequest Passed(AppendRequest request, GateSet<int>? gates = null)
    {
        var trace = (gates ?? Orders).Evaluate(3, request, out var pass);
        Assert.True(trace.IsPassed);
        return request with { Gates = gates ?? Orders, Pass = pass };
    }

    private static async Task<PassFault> FaultAsync(IJournal journal, AppendRequest request)
    {
        var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(request, ct));
        var failure = Assert.IsType<AppendFailure.PassRefused>(refused.Failure);
        Assert.Equal("orders", failure.Gates);
        return failure.Fault;
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WithAPass_AnAppendCommitsWhatItWouldWithoutGates_Once(string store)
    {
        await using var journal = Stores.Open(store);
        await using var plain = new InMemoryJournal();
        var request = Passed(Request());
        Assert.False(request.Pass!.IsUsed);
        var receipt = await journal.AppendAsync(request, ct);
        Assert.Equal(await plain.AppendAsync(Request(), ct), receipt);
        Assert.True(request.Pass.IsUsed);
        Assert.Equal(PassFault.Used, await FaultAsync(journal, request));
        Assert.Equal(PassFault.Used, await FaultAsync(journal, request with { Gates = null }));
        Assert.Equal(receipt.Head, journal.Head);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WithoutThePassThatIsDemanded_NothingIsAppended(string store)
    {
        await using var journal = Stores.Open(store);
        var passed = Passed(Request());
        var same = new GateSet<int>("orders").Add(Positive).Add(Stock);
        Assert.Equal(PassFault.Missing, await FaultAsync(journal, Request() with { Gates = Orders }));
        Assert.Equal(PassFault.OtherProposal, await FaultAsync(journal, Request("2") with { Gates = Orders, Pass = passed.Pass }));
        Assert.Equal(PassFault.OtherProposal, await FaultAsync(journal, Request("2") with { Pass = passed.Pass }));
        Assert.Equal(PassFault.OtherProposal, await FaultAsync(journal, passed with { IdempotencyKey = "key" }));
        Assert.Equal(PassFault.OtherGates, await FaultAsync(journal, passed with { Gates = same }));
        Assert.Equal(PassFault.OtherGates, await FaultAsync(journal, passed with { Gates = Orders.Add(new("third", "", _ => null)) }));
        var around = Request() with { Gates = same, Bypass = Orders.Bypass("n", "j", "a") };
        Assert.Equal(PassFault.OtherGates, await FaultAsync(journal, around));
        Assert.Equal(new Head(0, default), journal.Head);
        Assert.False(passed.Pass!.IsUsed);
        await journal.AppendAsync(passed, ct);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ABatchThatWasEncodedByItself_TakesNoPass(string store)
    {
        await using var journal = Stores.Open(store);
        var passed = Passed(Request());
        foreach (var request in new[] { passed, passed with { Gates = null }, passed with { Pass = null } })
        {
            var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(request.Encode(), ct));
            Assert.Equal(new AppendFailure.PassRefused("orders", PassFault.NotAsRequest), refused.Failure);
        }

        Assert.Equal(0, journal.Head.Position);
        Assert.False(passed.Pass!.IsUsed);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AConflict_AFailedCondition_AndALimit_GiveThePassBack(string store)
    {
        await using var journal = Stores.Open(store);
        await journal.Append(Samples.Entry("a"));
        var passed = Passed(Request());
        AppendRequest[] refused =
        [
            passed with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream } },
            passed with { Condition = new AppendCondition(Query.OfTypes("Happened"), 0) },
        ];
        foreach (var request in refused)
        {
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(request, ct));
            Assert.False(passed.Pass!.IsUsed);
        }

        var large = Passed(new AppendRequest(Samples.Entry("a", new string('x', 16 * 1024 * 1024))));
        Assert.IsType<AppendFailure.LimitExceeded>(
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(large, ct)).Failure);
        Assert.False(large.Pass!.IsUsed);
        var expected = passed with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.Exactly(1) } };
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(expected, ct));
        Assert.True(passed.Pass!.IsUsed);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AKnownKey_IsAnsweredBeforeTheGates_AndTakesNoPass(string store)
    {
        await using var journal = Stores.Open(store);
        var passed = Passed(Request() with { IdempotencyKey = "key" });
        var first = await journal.AppendAsync(passed, ct);
        Assert.Equal(first, await journal.AppendAsync(passed, ct));
        Assert.Equal(first, await journal.AppendAsync(passed with { Pass = null }, ct));
        var again = Passed(Request() with { IdempotencyKey = "key" });
        Assert.Equal(first, await journal.AppendAsync(again, ct));
        Assert.True(passed.Pass!.IsUsed);
        Assert.False(again.Pass!.IsUsed);
        var other = Request("2") with { IdempotencyKey = "key", Gates = Orders };
        Assert.IsType<AppendFailure.KeyReused>(Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(other, ct)).Failure);
        Assert.Equal(PassFault.Missing, await FaultAsync(journal, other with { IdempotencyKey = "new" }));
        Assert.Equal(2, journal.Head.Position);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task OfManyThreadsWithOnePass_ExactlyOneCommits(string store)
    {
        await using var journal = Stores.Open(store);
        const int Rounds = 20;
        for (var round = 0; round < Rounds; round++)
        {
            var request = Passed(Request());
            using var start = new Barrier(4);
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return journal.TryAppendAsync(request, ct).AsTask();
                },
                ct,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap()));
            Assert.Single(answers.OfType<AppendResult.Appended>());
            Assert.All(
                answers.OfType<AppendResult.NotAppended>(),
                refused => Assert.Equal(new AppendFailure.PassRefused("orders", PassFault.Used), refused.Failure));
            Assert.Equal(2 * (round + 1), journal.Head.Position);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AClosedJournal_GivesThePassBack(string store)
    {
        var journal = Stores.Open(store);
        await journal.DisposeAsync();
        var passed = Passed(Request());
        Assert.IsType<AppendFailure.Unavailable>(
            Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(passed, ct)).Failure);
        Assert.False(passed.Pass!.IsUsed);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ACancelledToken_TakesNoPass_WhereTheAppendNeverBegan(string store)
    {
        await using var journal = Stores.Open(store);
        var passed = Passed(Request());
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => journal.TryAppendAsync(passed, cancelled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => journal.TryAppendAsync(Request(), Orders, 3, cancellationToken: cancelled).AsTask());
        Assert.False(passed.Pass!.IsUsed);
        Assert.Equal(0, journal.Head.Position);
    }

    [Fact]
    public async Task AnUnknownOutcome_KeepsThePass_AndARetryWithTheKeySettlesIt()
    {
        var device = new MemoryDevice();
        var passed = Passed(Request() with { IdempotencyKey = "key" });
        await using (var journal = Segments.SegmentJournal.Open(device, Samples.Small))
        {
            device.Fails = (what, _) => what == "flush" ? new IOException("the device is broken") : null;
            Assert.IsType<AppendResult.OutcomeUnknown>(await journal.TryAppendAsync(passed, ct));
            Assert.True(passed.Pass!.IsUsed);
        }

        device.Fails = (_, _) => null;
        await using var opened = Segments.SegmentJournal.Open(device, Samples.Small);
        var found = opened.FindByKey("key");
        var result = await opened.TryAppendAsync(passed, ct);
        if (found is not null) Assert.Equal(new AppendResult.Appended(found), result);
        else
        {
            Assert.Equal(
                new AppendFailure.PassRefused("orders", PassFault.Used), Assert.IsType<AppendResult.NotAppended>(result).Failure);
        }
    }

    [Fact]
    public async Task AFullDisk_GivesThePassBack()
    {
        var device = new Testing.SimulatedDevice(1) { Capacity = 16 * 1024 };
        await using var journal = Segments.SegmentJournal.Open(device, Samples.Small);
        AppendRequest passed;
        AppendResult result;
        do
        {
            passed = Passed(new AppendRequest(Samples.Entry("a", new string('x', 500))));
            result = await journal.TryAppendAsync(passed, ct);
            Assert.Equal(result is AppendResult.Appended, passed.Pass!.IsUsed);
        }
        while (result is AppendResult.Appended);
        Assert.IsType<AppendFailure.NoRoom>(Assert.IsType<AppendResult.NotAppended>(result).Failure);
    }

    [Fact]
    public void Requests_AreEqualByTheSameGatesPassAndBypass()
    {
        var passed = Passed(Request());
        var bypass = Orders.Bypass("n", "j", "a");
        Assert.Equal(passed, passed with { Entries = [.. passed.Entries] });
        Assert.NotEqual(passed, passed with { Pass = null });
        Assert.NotEqual(passed, passed with { Gates = null });
        Assert.NotEqual(passed, passed with { Bypass = bypass });
        Assert.NotEqual(Request() with { Bypass = Orders.Bypass("n", "j", "a") }, Request() with { Bypass = bypass });
    }

    [Fact]
    public void TheContentHash_IsThatOfTheCanonicalBytes()
    {
        var request = Request() with { IdempotencyKey = "key" };
        var trace = Orders.EvaluateAll(3, request, out var pass);
        var content = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(request.Encode().Bytes.Span));
        Assert.Equal(content, trace.Content.ToString());
        Assert.Equal(["Happened"], trace.Types);
        Assert.Same(trace, pass!.Trace);
        Assert.Same(Orders, pass.Gates);
    }

    [Fact]
    public void WhatBreaksARule_IsNotShownToGates()
    {
        var wrong = new AppendRequest(new EntryData("$run/r", "t", Encoding.UTF8.GetBytes("1")));
        Assert.IsType<AppendFailure.SystemStream>(
            Assert.Throws<NotAppendedException>(() => Orders.Evaluate(3, wrong, out _)).Failure);
        Assert.IsType<AppendFailure.Invalid>(
            Assert.Throws<NotAppendedException>(() => Orders.EvaluateAll(3, new AppendRequest(), out _)).Failure);
    }
}
