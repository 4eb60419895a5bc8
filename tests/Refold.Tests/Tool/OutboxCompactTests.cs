// `refold compact` of journals with outboxes, from outside: what it refuses, on segment files and on LiteDB.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class OutboxCompactTests : IDisposable
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
        Assert.Contains("--retain-from", Compact("segments", "--merge", "--lose-outbox", "payments").ExpectError(2), StringComparison.Ordinal);
        Compact("segments", "--retain-from", "9", "--lose-outbox", "mails").ExpectError(4);
        Compact("segments", "--retain-from", "9", "--lose-outbox", "mails", "--lose-outbox", "payments").Expect(0);
        await using var journal = SegmentJournal.Open(directory.File("journal"), Samples.ReadOnly);
        Assert.True(journal.Begin.Position > 0);
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
