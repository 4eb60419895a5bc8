// What `refold replay` tells of a divergence: the remedy, the entries around it, and the way past a pin mismatch.
// Run by `dotnet test`.
using Refold.Cli.Demo;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class ReplayTellingTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public ReplayTellingTests()
    {
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(20));
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "7", "--journal",
            directory.Journal()).Expect(0);
    }

    public void Dispose() => directory.Dispose();

    [Fact]
    public void APinMismatch_NamesTheOptionThatGoesPastIt()
    {
        string told = Replay("--choices", "3").Expect(1).Output;
        Assert.Contains("\nto do: ", told, StringComparison.Ordinal);
        Assert.Contains("--ignore-pin", told, StringComparison.Ordinal);
        string remedy = Replay("--choices", "3", "--json").Expect(1).Json.GetProperty("divergence").GetProperty("remedy").GetString()!;
        Assert.Contains("--ignore-pin", remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("--ignore-pin", Replay("--choices", "3", "--ignore-pin").Expect(1).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(1000)]
    public void Context_IsTheEntriesBeforeAndAfter(int wanted)
    {
        var divergence = Replay(
            "--choices", "3", "--ignore-pin", "--context", wanted.ToString(System.Globalization.CultureInfo.InvariantCulture), "--json")
            .Expect(1).Json.GetProperty("divergence");
        long position = divergence.GetProperty("position").GetInt64();
        using var journal = new Opened(directory.Journal());
        var expected = journal.Value.ReadAll().Select(entry => entry.Position)
            .Where(found => found >= position - wanted && found <= position + wanted);
        var shown = divergence.GetProperty("context").EnumerateArray();
        Assert.Equal(expected, shown.Select(entry => entry.GetProperty("position").GetInt64()));
        Assert.Contains(position, expected);
    }

    [Fact]
    public void ADivergence_NamesTheCommandAndTheStateBeforeIt()
    {
        string told = Replay("--choices", "3", "--ignore-pin").Expect(1).Output;
        Assert.Contains("\ncommand: position ", told, StringComparison.Ordinal);
        Assert.Contains("\nstate before: {", told, StringComparison.Ordinal);
        var divergence = Replay("--choices", "3", "--ignore-pin", "--json").Expect(1).Json.GetProperty("divergence");
        Assert.StartsWith("position ", divergence.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("{", divergence.GetProperty("stateBefore").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotCompared_IsSaidAlsoWhereEverythingMatches()
    {
        string whole = Replay().Expect(0).Output;
        Assert.DoesNotContain("finding: ", whole, StringComparison.Ordinal);
        Assert.DoesNotContain("not compared: ", whole, StringComparison.Ordinal);

        // Without its end nothing vouches for what the run got.
        string[] lines = RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0).Lines;
        string cut = directory.Write("cut.ndjson", string.Concat(lines.SkipLast(1).Select(line => line + "\n")));
        RefoldTool.Run("import", cut, "--journal", directory.Journal("cut")).Expect(0);
        string told = RefoldTool.Run("replay", "--journal", directory.Journal("cut")).Expect(0).Output;
        Assert.Contains("finding: the run has not ended", told, StringComparison.Ordinal);
        Assert.Contains("not compared: content, time, correlation and causation of 20 entries", told, StringComparison.Ordinal);
        var json = RefoldTool.Run("replay", "--journal", directory.Journal("cut"), "--json").Expect(0).Json;
        Assert.Equal([1L, 20L], json.GetProperty("uncompared").EnumerateArray().Select(found => found.GetProperty("entries").GetInt64()));
    }

    [Fact]
    public void WithoutContext_NoneIsPrinted() => Assert.Equal(
        "null",
        Replay("--choices", "3", "--ignore-pin", "--json").Expect(1).Json.GetProperty("divergence").GetProperty("context").GetRawText());

    private ToolResult Replay(params string[] arguments) =>
        RefoldTool.Run(["replay", .. arguments, "--journal", directory.Journal()]);
}
