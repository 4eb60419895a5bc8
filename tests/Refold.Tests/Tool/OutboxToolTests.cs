// `refold outbox`, and `refold compact` of journals with outboxes, from outside, on segment files and on LiteDB.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class OutboxToolTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private string Uri(string scheme) => $"{scheme}:{directory.File("journal")}";

    private ToolResult Compact(string scheme, params string[] arguments) =>
        RefoldTool.Run(["compact", "--journal", Uri(scheme), .. arguments]);

    private async Task WriteAsync(string scheme)
    {
        await using var journal = await Journal.OpenAsync(Uri(scheme));
        await using var run = await journal.StartRunAsync(Till.Pin);
        await run.Tills().ExecuteAsync("till/a", "pay 3");
        await journal.ConfirmMessageAsync("payments", 1);
        await run.Tills().ExecuteAsync("till/a", "no");
    }

    [Fact]
    public async Task RetainingFromBehindUnsettledMessages_IsAConflict_ThatSaysWhatToDo()
    {
        await WriteAsync("segments");
        var error = Compact("segments", "--retain-from", "9").ExpectError(4);
        Assert.Contains("'payments'", error, StringComparison.Ordinal);
        Assert.Contains("from number 2 on", error, StringComparison.Ordinal);
        Assert.Contains("--lose-outbox 'payments'", error, StringComparison.Ordinal);
        var wrong = Compact("segments", "--merge", "--lose-outbox", "payments").ExpectError(2);
        Assert.Contains("--retain-from", wrong, StringComparison.Ordinal);
        Compact("segments", "--retain-from", "9", "--lose-outbox", "payments").Expect(0);
        await using var journal = SegmentJournal.Open(directory.File("journal"), Samples.ReadOnly);
        Assert.True(journal.Begin.Position > 0);
    }

    private ToolResult Outbox(string scheme, params string[] arguments) =>
        RefoldTool.Run(["outbox", "--journal", Uri(scheme), .. arguments]);

    [Theory]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task Outboxes_AreListed_AndAMessageIsConfirmedOrRequeuedByNumber(string scheme)
    {
        await WriteAsync(scheme);
        await using (var journal = await Journal.OpenAsync(Uri(scheme)))
        {
            var options = new OutboxDispatcherOptions { Name = "d", MaxAttempts = 1, BurstLimit = 1 };
            await new OutboxDispatcher<TillCharge>(
                journal, Till.Payments, (_, _) => Task.FromException(new IOException("no bank")), options).DeliverDueAsync();
        }

        var listed = Assert.Single(Outbox(scheme, "--json").Expect(0).Json.GetProperty("outboxes").EnumerateArray());
        Assert.Equal(
            """{"outbox":"payments","sent":3,"settledTo":1,"unconfirmed":[3],"moreUnconfirmed":0"""
            + ""","deadLetters":[2],"moreDeadLetters":0,"dispatcher":"d"}""",
            listed.ToString());
        Assert.Matches(@"payments\t3\t1\t3\t2\td", Outbox(scheme, "payments").Expect(0).Output);
        var again = Outbox(scheme, "payments", "--requeue", "2", "--json").Expect(0).Json.GetProperty("outboxes")[0];
        Assert.Equal("[2,3]", again.GetProperty("unconfirmed").ToString());
        Assert.Contains("no dead letter", Outbox(scheme, "payments", "--requeue", "2").ExpectError(4), StringComparison.Ordinal);
        Outbox(scheme, "payments", "--confirm", "2").Expect(0);
        Outbox(scheme, "payments", "--confirm", "2").ExpectError(4);
        Outbox(scheme, "payments", "--confirm", "9").ExpectError(4);
        Assert.Contains("no outbox 'payment'", Outbox(scheme, "payment").ExpectError(3), StringComparison.Ordinal);
        Outbox(scheme, "payment", "--confirm", "3").ExpectError(3);
        Outbox(scheme, "--confirm", "3").ExpectError(2);
        Outbox(scheme, "payments", "--confirm", "3", "--requeue", "3").ExpectError(2);
        Outbox(scheme, "payments", "--confirm", "0").ExpectError(2);
    }

    [Theory]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task ManyMessages_AreListedUpToABound_AndTheOthersAreCounted(string scheme)
    {
        await using (var journal = await Journal.OpenAsync(Uri(scheme)))
        {
            await using var run = await journal.StartRunAsync(Till.Pin);
            await run.Tills().ExecuteAsync("till/a", "pay 120");
            var options = new OutboxDispatcherOptions { Name = "d", MaxAttempts = 1, BurstLimit = 5 };
            await new OutboxDispatcher<TillCharge>(
                journal, Till.Payments, (_, _) => Task.FromException(new IOException("no bank")), options).DeliverDueAsync();
        }

        var listed = Outbox(scheme, "--json").Expect(0).Json.GetProperty("outboxes")[0];
        Assert.Equal(Enumerable.Range(6, 100), listed.GetProperty("unconfirmed").EnumerateArray().Select(number => number.GetInt32()));
        Assert.Equal(15, listed.GetProperty("moreUnconfirmed").GetInt32());
        Assert.Equal(0, listed.GetProperty("moreDeadLetters").GetInt32());
        var few = Outbox(scheme, "payments", "--max", "2", "--json").Expect(0).Json.GetProperty("outboxes")[0];
        Assert.Equal(("[6,7]", 113), (few.GetProperty("unconfirmed").ToString(), few.GetProperty("moreUnconfirmed").GetInt32()));
        Assert.Equal(("[1,2]", 3), (few.GetProperty("deadLetters").ToString(), few.GetProperty("moreDeadLetters").GetInt32()));
        Assert.Contains("6 7 and 113 more\t1 2 and 3 more", Outbox(scheme, "--max", "2").Expect(0).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("more", Outbox(scheme, "--max", "115").Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("--max is '0'", Outbox(scheme, "--max", "0").ExpectError(2), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task AnOutboxThatMayLoseSomething_IsOneThatIsThere_OrNothingGoes(string scheme)
    {
        await WriteAsync(scheme);
        await using (var journal = await Journal.OpenAsync(Uri(scheme))) await journal.Append(Samples.Entry("other"));
        List<string[]> requests = [["--delete-stream", "other"]];
        if (scheme == "segments") requests.Add(["--retain-from", "2"]);
        foreach (var request in requests)
        {
            var error = Compact(scheme, [.. request, "--lose-outbox", "payments", "--lose-outbox", "payment"]).ExpectError(3);
            Assert.Contains("no outbox 'payment'; 'refold outbox' lists them", error, StringComparison.Ordinal);
        }

        await using (var journal = await Journal.OpenAsync(Uri(scheme)))
            Assert.Equal("other", (await journal.ReadStreamAsync("other").SingleAsync()).Stream.Value);
        Compact(scheme, [.. requests[0], "--lose-outbox", "payments"]).Expect(0);
    }

    [Fact]
    public void AWordWithoutItsOption_IsAnErrorThatSaysWhatIsMeant()
    {
        Assert.Contains("--stream 'x' may be meant", RefoldTool.Run("read", "x").ExpectError(2), StringComparison.Ordinal);
        var other = RefoldTool.Run("read", "--stream", "x", "y").ExpectError(2);
        Assert.Contains("'y' is not known here. See", other, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task DeletingAnOutbox_IsAConflict_UntilItIsNamed(string scheme)
    {
        await WriteAsync(scheme);
        foreach (var stream in (string[])["$outbox/payments", "$outbox-log/payments"])
        {
            Assert.Contains("'payments'", Compact(scheme, "--delete-stream", stream).ExpectError(4), StringComparison.Ordinal);
            Compact(scheme, "--delete-stream", stream, "--lose-outbox", "payments").Expect(0);
        }
    }
}
