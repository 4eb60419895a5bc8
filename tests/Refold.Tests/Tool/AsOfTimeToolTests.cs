// project and evidence make as of a time, from outside: equal times, times that go back, none, before the first, behind the last.
// Run by `dotnet test`.
using System.Text.Json.Nodes;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class AsOfTimeToolTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public AsOfTimeToolTests()
    {
        // The third goes back, the fourth has no time, the last two have the same.
        string?[] times = ["12:00", "12:10", "12:05", null, "12:20", "12:20"];
        var lines = string.Concat(times.Select(time => time is null
            ? "{\"stream\":\"s\",\"type\":\"T\",\"data\":1}\n"
            : $"{{\"stream\":\"s\",\"type\":\"T\",\"time\":\"2026-11-28T{time}:00Z\",\"data\":1}}\n"));
        RefoldTool.Run("import", directory.Write("lines", lines), "--batch", "1", "--journal", directory.Journal()).Expect(0);
    }

    public void Dispose() => directory.Dispose();

    private ToolResult Run(params string[] arguments) => RefoldTool.Run([.. arguments, "--journal", directory.Journal()]);

    private ToolResult Project(params string[] arguments) => Run(["project", "activity-counts", .. arguments]);

    [Theory]
    [InlineData("2026-11-28T12:00:00Z", 1)]
    [InlineData("2026-11-28T12:09:59.9999999Z", 1)]
    [InlineData("2026-11-28T12:10:00Z", 4)]
    [InlineData("2026-11-28T14:10:00.000000000+02:00", 4)]
    [InlineData("2026-11-28T12:19:59Z", 4)]
    [InlineData("2026-11-28T12:20:00Z", 6)]
    [InlineData("9999-12-31T23:59:59Z", 6)]
    public void AStateAsOfATime_IsThatOfThePositionThatWasReachedThen(string time, int position)
    {
        var at = position.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var json = Project("--as-of-time", time, "--json").Expect(0).Json;
        Assert.Equal(Project("--at", at, "--json").Expect(0).Output, Project("--as-of-time", time, "--json").Expect(0).Output);
        Assert.Equal(position, json.GetProperty("asOf").GetInt32());
        Assert.Equal($"{{\"T\":\"{at}\"}}", json.GetProperty("state").GetProperty("types").GetRawText());
        var report = directory.Write("report.json", Run("evidence", "make", "--as-of-time", time, "--json").Expect(0).Output);
        Assert.Equal(
            json.GetProperty("bodyHash").GetString(), JsonNode.Parse(File.ReadAllText(report))!["bodyHash"]!.GetValue<string>());
        Run("evidence", "verify", report).Expect(0);
    }

    [Fact]
    public void BeforeTheFirstEntry_NothingMatched()
    {
        var json = Project("--as-of-time", "2026-11-28T11:59:59Z", "--json").Expect(0).Json;
        Assert.Equal(("null", "null"), (json.GetProperty("asOf").GetRawText(), json.GetProperty("state").GetRawText()));
        Assert.Contains(
            "none: nothing matched", Project("--as-of-time", "2026-11-28T11:59:59Z").Expect(0).Output, StringComparison.Ordinal);
        var report = directory.Write(
            "report.json", Run("evidence", "make", "--as-of-time", "2026-11-28T11:59:59Z", "--json").Expect(0).Output);
        Run("evidence", "verify", report).Expect(0);
    }

    [Fact]
    public void WhereTheBeginningWasDropped_ATimeBeforeItIsRefused()
    {
        Run("compact", "--retain-from", "4").Expect(0);
        Assert.Equal(
            "refold: --as-of-time is 2026-11-28T12:09:59Z. What the journal was at that time was dropped; behind its beginning the times "
            + "are from 2026-11-28T12:10:00.0000000+00:00 on. Use a backup that has all of it.",
            Project("--as-of-time", "2026-11-28T12:09:59Z").ExpectError(2).TrimEnd());
        Run("evidence", "make", "--as-of-time", "2026-11-28T12:09:59Z").ExpectError(2);
        // Behind the beginning the time is known, and what would have to be folded is gone.
        Assert.Contains("dropped", Project("--as-of-time", "2026-11-28T12:10:00Z").ExpectError(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2026-11-28")]
    [InlineData("2026-11-28T12:00:00")]
    [InlineData("2026-11-28 12:00:00Z")]
    [InlineData("2026-02-30T12:00:00Z")]
    public void WhatIsNoTime_IsWrongUsage_WithAnExample(string time)
    {
        foreach (var error in new[]
        {
            Project("--as-of-time", time).ExpectError(2), Run("evidence", "make", "--as-of-time", time).ExpectError(2),
        })
            Assert.Contains($"--as-of-time is '{time}': ", error, StringComparison.Ordinal);
        Assert.Contains("such as 2026-11-28T12:00:00Z", Project("--as-of-time", time).ExpectError(2), StringComparison.Ordinal);
    }

    [Fact]
    public void APositionAndATime_AreTwoPlaces()
    {
        string[] both = ["--at", "1", "--as-of-time", "2026-11-28T12:00:00Z"];
        Assert.Contains("give one of them", Project(both).ExpectError(2), StringComparison.Ordinal);
        Assert.Contains("give one of them", Run(["evidence", "make", .. both]).ExpectError(2), StringComparison.Ordinal);
    }
}
