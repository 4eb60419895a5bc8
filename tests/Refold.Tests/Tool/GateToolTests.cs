// Journals with recorded denials and bypasses of gates, from outside: checked, exported, imported, looked at.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class GateToolTests : IDisposable
{
    private static readonly GateSet<int> Orders = new GateSet<int>("orders")
        .Add(new("stock", "", asked => asked <= 5 ? null : new GateDenial("stock", "TOO_MANY", "there are five")));

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    // A bypass, a denial and an append that passed, beside a run of its own.
    private async Task MakeAsync()
    {
        await using var journal = SegmentJournal.Open(directory.File("journal"), Samples.Small);
        var request = new AppendRequest(Samples.Entry("a", "1"), Samples.Entry("b", "2"));
        await journal.AppendAsync(request with { Bypass = Orders.Bypass("hotfix", "the till stood still", "Ada") });
        var other = new AppendRequest(Samples.Entry("a", "3"));
        await journal.TryAppendAsync(other, Orders, 6, new GateOptions { RecordDenials = true });
        (await journal.TryAppendAsync(other, Orders, 5)).ReceiptOrThrow();
        await using var run = await journal.StartAsync();
        await run.FinishAsync();
    }

    private string Export(string name) => RefoldTool.Run("export", "--raw", "--journal", directory.Journal(name)).Expect(0).Output;

    [Fact]
    public async Task WhatGatesRecorded_IsExportedAndImported_AsItIs()
    {
        await MakeAsync();
        RefoldTool.Run("verify", "--journal", directory.Journal()).Expect(0);
        var export = RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0);
        Assert.Contains("\"gate-denied\"", export.Output, StringComparison.Ordinal);
        Assert.Contains("\"gate-bypassed\"", export.Output, StringComparison.Ordinal);
        var file = directory.Write("in.ndjson", export.Output);
        RefoldTool.Run("import", file, "--journal", directory.Journal("imported")).Expect(0);
        Assert.Equal(Export("journal"), Export("imported"));
        RefoldTool.Run("diff", directory.Journal(), directory.Journal("imported")).Expect(0);
        // Behind others: renumbered, and nothing else.
        RefoldTool.Run("import", file, "--again", "--journal", directory.Journal("imported")).Expect(0);
        await using var imported = SegmentJournal.Open(directory.File("imported"), Samples.Small);
        Assert.Equal(4, imported.HighestVersion(Orders.Stream));
        Assert.Equal(2, imported.ReadStream(Orders.Stream).Count(entry => BypassRecord.TryRead(entry, out _)));
    }

    [Fact]
    public async Task TheStreamOfGates_IsListedLikeAnyOther()
    {
        await MakeAsync();
        var streams = RefoldTool.Run("streams", "--journal", directory.Journal()).Expect(0).Output;
        Assert.Contains("$gates/orders", streams, StringComparison.Ordinal);
        var read = RefoldTool.Run("read", "--stream", "$gates/orders", "--journal", directory.Journal()).Expect(0).Output;
        Assert.Contains("the till stood still", read, StringComparison.Ordinal);
        Assert.Contains("there are five", read, StringComparison.Ordinal);
    }
}
