// What is promised of gates: an append that demands a pass has one, once, or is not appended; what is recorded lies where it is to.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class GateCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("an append that demands a pass of gates is appended with one, once", OnceAsync),
        JournalCase.Of("an append that demands a pass and has none, or another, is not appended", RefusedAsync),
        JournalCase.Of("an append that is not committed gives its pass back", GivenBackAsync),
        JournalCase.Of("of appends with one pass at once, one is appended", AtOnceAsync),
        JournalCase.Of("a key is looked up before gates, and a known one takes no pass", KnownAsync, JournalCapabilities.Keys),
        JournalCase.Of("a bypass is the last entry of the batch that it lets through, and a denial an entry of its own", RecordedAsync),
    ];

    private static readonly GateSet<bool> Gates = new GateSet<bool>("conformance")
        .Add(new("open", "", open => open ? null : new GateDenial("open", "CLOSED", "it is closed")));

    private static AppendRequest Request(string payload = "{}") => new(JournalBench.Entry("a", payload), JournalBench.Entry("b", payload));

    private static AppendRequest Passed(AppendRequest request)
    {
        Gates.Evaluate(true, request, out var pass);
        return request with { Gates = Gates, Pass = pass };
    }

    private static async Task FailsAsync(JournalBench bench, AppendRequest request, PassFault fault) =>
        Expect.Equal(
            new AppendFailure.PassRefused("conformance", fault),
            Expect.NotAppended<AppendFailure.PassRefused>(await bench.TryAsync(request), "an append that does not get through"),
            "the reason");

    private static async Task OnceAsync(JournalBench bench)
    {
        var passed = Passed(Request());
        var receipt = await bench.AppendAsync(passed);
        Expect.Equal(2, receipt.Count, "the number of entries");
        Expect.True(passed.Pass!.IsUsed, "a pass that was used says that it was not");
        await FailsAsync(bench, passed, PassFault.Used);
        Expect.Equal(receipt.Head, await bench.Read.HeadAsync(), "the head");
    }

    private static async Task RefusedAsync(JournalBench bench)
    {
        var passed = Passed(Request());
        await FailsAsync(bench, Request() with { Gates = Gates }, PassFault.Missing);
        await FailsAsync(bench, passed with { Entries = Request("{ }").Entries }, PassFault.OtherProposal);
        await FailsAsync(bench, passed with { Gates = new GateSet<bool>("conformance") }, PassFault.OtherGates);
        var encoded = await Expect.Within(bench.Journal.TryAppendAsync(passed.Encode()).AsTask(), "the answer to an append");
        Expect.Equal(
            new AppendFailure.PassRefused("conformance", PassFault.NotAsRequest),
            Expect.NotAppended<AppendFailure.PassRefused>(encoded, "a batch that was encoded by itself"),
            "the reason");
        Expect.Equal(0L, (await bench.Read.HeadAsync()).Position, "the last position");
        await bench.AppendAsync(passed);
    }

    private static async Task GivenBackAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 1);
        var passed = Passed(Request());
        var conflicting = passed with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream } };
        Expect.NotAppended<AppendFailure.Conflict>(await bench.TryAsync(conflicting), "an append that expects another version");
        Expect.True(!passed.Pass!.IsUsed, "a pass whose append was refused is used");
        await bench.AppendAsync(passed);
    }

    private static async Task AtOnceAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        for (var round = 0; round < 20; round++)
        {
            var passed = Passed(Request());
            var appends = Enumerable.Range(0, bench.Options.Threads).Select(_ => Task.Run(() => journal.TryAppendAsync(passed).AsTask()));
            var answers = await Expect.Within(Task.WhenAll(appends), "the answer to an append");
            Expect.Equal(1, answers.Count(answer => answer is AppendResult.Appended), "the number of appends with one pass");
            Expect.Equal(2 * (round + 1L), (await bench.Read.HeadAsync()).Position, "the last position");
        }
    }

    private static async Task KnownAsync(JournalBench bench)
    {
        var passed = Passed(Request() with { IdempotencyKey = "key" });
        var first = await bench.AppendAsync(passed);
        Expect.Equal(Told.Of(first), Told.Of(await bench.AppendAsync(passed)), "the receipt of a retry whose pass is used");
        var without = await bench.AppendAsync(passed with { Pass = null });
        Expect.Equal(Told.Of(first), Told.Of(without), "the receipt of a retry without a pass");
        await FailsAsync(bench, passed with { Pass = null, IdempotencyKey = "other" }, PassFault.Missing);
    }

    private static async Task RecordedAsync(JournalBench bench)
    {
        var receipt = await bench.AppendAsync(Request() with { Gates = Gates, Bypass = Gates.Bypass("name", "justification", "approver") });
        var recorded = new GateOptions { RecordDenials = true };
        var denied = await Expect.Within(
            bench.Journal.TryAppendAsync(Request(), Gates, false, recorded).AsTask(), "the answer to an append");
        var failure = Expect.NotAppended<AppendFailure.Denied>(denied, "an append that a gate denies");
        var entries = await bench.Read.AllAsync();
        Expect.Sequence(
            ["a", "b", "$gates/conformance", "$gates/conformance"], entries.Select(entry => entry.Stream.Value), "the stream of an entry");
        Expect.Equal(receipt.FirstPosition, entries[2].Batch, "the batch of the bypass");
        Expect.True(BypassRecord.TryRead(entries[2], out var bypass) && bypass.Approver == "approver", "the bypass cannot be read");
        Expect.Equal("gate-denied", entries[3].Type, "the type of the denial");
        Expect.Equal(failure.Trace, GateTrace.Parse(entries[3].Payload), "the trace of the denial");
    }
}
