// The page facade/docs/testing.md as it stands: its C# is the code below, its F# that of properties/TestingExamples.fs.
// Run by `dotnet test`.
using System.Text.RegularExpressions;
using FsCheck.Fluent;
using Orders;
using Xunit;

namespace Refold.Testing.Tests.Documentation;

public partial class TestingPageTests
{
    private const string Page = "facade/docs/testing.md";

    [Theory]
    [InlineData("csharp", "tests/Refold.Testing.Tests/Documentation/TestingPageTests.cs", 7)]
    [InlineData("fsharp", "properties/TestingExamples.fs", 3)]
    public void ItsCode_IsTheCodeOfTheTests(string language, string file, int count)
    {
        var code = Flat(SourceTree.Read(file));
        var blocks = Blocks(language);
        Assert.Equal(count, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public void ARefusal() =>
        Order.Aggregate
            .Given(new Placed("sku", 2))
            .When(new Place("sku", 3))
            .ThenRefused(OrderError.AlreadyPlaced);

    [Fact]
    public void ItsDifference_IsTheOneThatIsThrown()
    {
        var failure = Assert.Throws<ScenarioException>(
            () => Order.Aggregate.Given().When(new Place("sku", 2)).Then(new Placed("sku", 3)));
        Assert.Equal(Blocks("text")[0].TrimEnd('\n'), failure.Message);
    }

    [Fact]
    public void AStory() =>
        Order.Aggregate.Given()
            .When(new Place("sku", 2)).Then(new Placed("sku", 2))
            .When(new Cancel()).Then()
            .ThenState(new OrderState(Placed: true, Quantity: 2, Points: 0));

    [Fact]
    public void ADraw() =>
        Order.Aggregate.Given(new Placed("sku", 2))
            .At(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)).WithSeed(42)
            .When(new Draw())
            .ThenFrom(step => [new Won(step.Random.Between(1, 100))]);

    [Fact]
    public async Task ARecordedStream_AndARecordedRun()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(new RunPin("orders", "acme", "1.4.0", seed: 42));
        await run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Place("sku", 2));
        var changed = Order.Aggregate.WithDecide((_, _, _) => [new Placed("sku", 1)]);

        var history = await Order.Aggregate.GivenAsync(journal, "order/42");
        history.WithSeed(42).When(new Place("sku", 1)).ThenRefused(OrderError.AlreadyPlaced);

        await journal.Given(run.Id).When(Order.Aggregate).ThenMatchesAsync();
        await journal.Given(run.Id).When(changed).ThenDivergesAsync(position: 3, path: "/data/Quantity");
    }

    [Fact]
    public async Task ACheck_InFurtherProcesses()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(new RunPin("orders", "acme", "1.4.0", seed: 42));
        await run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Place("sku", 2));

        (await Determinism.CheckAsync(journal, typeof(Order))).ThrowIfDiverged();
    }

    [Fact]
    public void ALaw()
    {
        var commands = Gen.Frequency(
            (3, Gen.Constant<OrderCommand>(new Draw())),
            (1, Gen.Choose(1, 9).Select(quantity => (OrderCommand)new Place("sku", quantity)))).ToArbitrary();
        CommandSequences.Check(Order.Aggregate, commands, step => step.State.Points <= 100 * step.Events.OfType<Won>().Count());
    }

    private static List<string> Blocks(string language) =>
        [
            .. Fence().Matches(SourceTree.Read(Page)).Where(block => block.Groups[1].Value == language)
                .Select(block => block.Groups[2].Value),
        ];

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim().TrimEnd(';')).Where(line => line.Length > 0));

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
