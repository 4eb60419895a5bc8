// The page facade/docs/gates.md as it stands: its C# is the code below, its F# that of properties/GateExamples.fs.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class GatesPageTests
{
    private const string Page = "facade/docs/gates.md";
    private static readonly CancellationToken ct = CancellationToken.None;

    internal sealed record Asked(int Quantity, int InStock);

    private static readonly Gate<Asked> Positive = new("positive", "something is asked for", asked =>
        asked.Quantity > 0 ? null : new GateDenial("positive", "NOTHING", "nothing is asked for"));

    private static readonly Gate<Asked> Stock = new("stock", "no more than there is", asked =>
        asked.Quantity <= asked.InStock
            ? null
            : new GateDenial("stock", "TOO_MANY", "there is less")
                .With("inStock", asked.InStock.ToString(CultureInfo.InvariantCulture)));

    private static readonly GateSet<Asked> Orders = new GateSet<Asked>("orders").Add(Positive).Add(Stock);

    private static AppendRequest Placed(int quantity) =>
        new(new EntryData("order/1", "placed", Encoding.UTF8.GetBytes(quantity.ToString(CultureInfo.InvariantCulture))));

    [Theory]
    [InlineData("csharp", "tests/Refold.Tests/Documentation/GatesPageTests.cs", 5)]
    [InlineData("fsharp", "properties/GateExamples.fs", 2)]
    public void ItsCode_IsTheCodeOfTheTests(string language, string file, int count)
    {
        var code = Flat(SourceTree.Read(file));
        var blocks = Fence().Matches(SourceTree.Read(Page)).Where(block => block.Groups[1].Value == language)
            .Select(block => block.Groups[2].Value).ToList();
        Assert.Equal(count, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AJournal_DemandsGatesOfEveryAppend()
    {
        var house = new GateSet<EncodedBatch>("house").Add(new("size", "no payload above a page", batch =>
            Enumerable.Range(0, batch.Count).All(index => batch.Payload(index).Length <= 4096)
                ? null
                : new GateDenial("size", "TOO_LARGE", "a payload is above 4096 bytes")));
        var options = new JournalOptions { RequiredGates = house, GateOptions = new GateOptions { RecordDenials = true } };
        await using var guarded = Journal.Open("memory:", options);
        await guarded.AppendAsync(Placed(3), ct);
        var large = new AppendRequest(new EntryData("order/1", "placed", new byte[5000]));
        Assert.IsType<AppendFailure.Denied>(Assert.IsType<AppendResult.NotAppended>(await guarded.TryAppendAsync(large, ct)).Failure);
        Assert.Equal(["order/1", "$gates/house"], guarded.ReadAll().Select(entry => entry.Stream.Value));
    }

    [Fact]
    public async Task WhatPasses_IsAppended_AndWhatIsDenied_IsRecorded()
    {
        await using var journal = new InMemoryJournal();
        var request = Placed(3);
        var result = await journal.TryAppendAsync(
            request, Orders, new Asked(3, InStock: 2), new GateOptions { RecordDenials = true }, ct);
        if (result is AppendResult.NotAppended { Failure: AppendFailure.Denied denied })
            Console.WriteLine(denied);   // orders denied (positive: permit, stock: deny); [stock] there is less
        Assert.Equal(
            "orders denied (positive: permit, stock: deny); [stock] there is less",
            Assert.IsType<AppendResult.NotAppended>(result).Failure.ToString());

        var entry = Assert.Single(journal.ReadStream(Orders.Stream));
        GateTrace recorded = GateTrace.Parse(entry.Payload);
        Assert.Equal("stock", Assert.Single(recorded.Denials).Gate);
    }

    [Fact]
    public async Task APass_IsTakenByOneAppend()
    {
        await using var journal = new InMemoryJournal();
        var request = Placed(2) with { Gates = Orders };
        GateTrace trace = Orders.EvaluateAll(new Asked(2, InStock: 2), request, out GatePass? pass);
        if (trace.IsPassed) await journal.AppendAsync(request with { Pass = pass }, ct);
        Assert.Equal(1, journal.Head.Position);
        Assert.True(pass!.IsUsed);
    }

    [Fact]
    public async Task ABypass_TellsWhoAnswersForIt()
    {
        await using var journal = new InMemoryJournal();
        var request = Placed(9) with { Gates = Orders };
        var bypass = Orders.Bypass("stocktaking", justification: "the count is wrong until Monday", approver: "Ada");
        await journal.AppendAsync(request with { Bypass = bypass }, ct);
        Assert.True(BypassRecord.TryRead(journal.ReadStream(Orders.Stream).Single(), out var record));
        Assert.Equal("Ada", record.Approver);
    }

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
