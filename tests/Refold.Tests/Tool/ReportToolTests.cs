// Reports of runs, replays, states, imports, openings and compactions, from outside: written beside the work, checked, and refused.
// Run by `dotnet test`.
using System.Text.Json.Nodes;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class ReportToolTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private string Uri => directory.Journal();

    private string Other => directory.Journal("other");

    public void Dispose() => directory.Dispose();

    private ToolResult Verify(string file, string journal, params string[] arguments) =>
        RefoldTool.Run(["evidence", "verify", file, "--journal", journal, .. arguments]);

    private void Record(string journal, string seed = "1") => RefoldTool.Run(
        "record", "--scenario", "dispatch", "--input", Vectors.PathOf("access.log"), "--seed", seed, "--journal", journal).Expect(0);

    private void Grow(string journal)
    {
        var lines = string.Concat(Enumerable.Range(0, 5).Select(number => $"{{\"stream\":\"x\",\"type\":\"T\",\"data\":{number}}}\n"));
        RefoldTool.Run("import", directory.Write("grow", lines), "--batch", "1", "--again", "--journal", journal).Expect(0);
    }

    // Checked where it was made, in a copy in another store, behind later entries, and in another history.
    private void RequireChecked(string file, string kind, string notChecked = "")
    {
        var lite = "litedb:" + directory.File(Path.GetFileName(file) + ".db");
        RefoldTool.Run("copy", Uri, lite).Expect(0);
        Grow(lite);
        foreach (var journal in new[] { Uri, lite })
        {
            var json = Verify(file, journal, "--json").Expect(0).Json;
            Assert.True(json.GetProperty("ok").GetBoolean());
            Assert.Equal(kind, json.GetProperty("kind").GetString());
            Assert.Equal(
                notChecked, string.Join(" ", json.GetProperty("notChecked").EnumerateArray().Select(member => member.GetString())));
        }

        if (!Directory.Exists(directory.File("other"))) Record(Other, "2");
        var wrong = Verify(file, Other, "--json").Expect(1).Json;
        Assert.False(wrong.GetProperty("ok").GetBoolean());
        Assert.StartsWith("/head", wrong.GetProperty("first").GetString(), StringComparison.Ordinal);

        var changed = JsonNode.Parse(File.ReadAllText(file))!;
        changed["body"]!["head"]!["position"] = "1";
        Assert.Contains(
            "contradict", Verify(directory.Write("changed", changed.ToJsonString()), Uri).Expect(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ARun_AReplay_AState_AnOpening_AreReportedAndChecked()
    {
        Record(Uri);
        var run = RefoldTool.Run("runs", "--json", "--journal", Uri).Expect(0).Json.GetProperty("runs")[0].GetProperty("run").GetString()!;
        var made = directory.Write("run", RefoldTool.Run("evidence", "make", "--run", run, "--json", "--journal", Uri).Expect(0).Output);
        RequireChecked(made, "run/v1");
        var shown = RefoldTool.Run("evidence", "make", "--run", run, "--journal", Uri).Expect(0).Output;
        Assert.Contains("run/v1", shown, StringComparison.Ordinal);

        RefoldTool.Run("replay", "--report", directory.File("replay"), "--journal", Uri).Expect(0);
        RequireChecked(directory.File("replay"), "replay/v1");
        RefoldTool.Run("replay", "--choices", "3", "--ignore-pin", "--report", directory.File("diverged"), "--journal", Uri).Expect(1);
        Assert.Contains(
            "Diverged", JsonNode.Parse(File.ReadAllText(directory.File("diverged")))!["body"]!["verdict"]!.ToJsonString(),
            StringComparison.Ordinal);
        Assert.Contains("/decided: the report says ", Verify(directory.File("diverged"), Uri).Expect(1).Output, StringComparison.Ordinal);
        // Decided by the rule that it was made with, it is the same.
        Verify(directory.File("diverged"), Uri, "--choices", "3").Expect(0);
        Verify(made, Uri, "--choices", "3").ExpectError(2);
        RefoldTool.Run("evidence", "make", "--run", run, "--as-of-time", "2000-01-01T00:00:00Z", "--journal", Uri).ExpectError(3);

        RefoldTool.Run("state", "--stream", "dispatch", "--report", directory.File("state"), "--journal", Uri).Expect(0);
        RequireChecked(directory.File("state"), "snapshot/v1", "/pin /run");

        RefoldTool.Run("inspect", "--report", directory.File("opening"), "--journal", Uri).Expect(0);
        RequireChecked(directory.File("opening"), "opening/v1", "/ignored /interrupted /path /restored /tail");
    }

    [Fact]
    public void AnImport_AndCompactions_AreReportedAndChecked()
    {
        Record(Uri);
        var lines = string.Concat(Enumerable.Range(0, 20).Select(number => $"{{\"stream\":\"y\",\"type\":\"T\",\"data\":{number}}}\n"));
        RefoldTool.Run(
            "import", directory.Write("lines", lines), "--batch", "2", "--report", directory.File("import"), "--journal", Uri).Expect(0);
        Assert.Equal("20", (string?)JsonNode.Parse(File.ReadAllText(directory.File("import")))!["body"]!["entries"]);
        RequireChecked(directory.File("import"), "import/v1", "/already_there /renumbered /times_truncated");

        foreach (var (name, arguments) in new[]
        {
            ("merged", new[] { "--merge" }), ("deleted", ["--delete-stream", "y"]), ("cut", ["--retain-from", "300"]),
        })
        {
            RefoldTool.Run(["compact", .. arguments, "--report", directory.File(name), "--journal", Uri]).Expect(0);
            Assert.True(Verify(directory.File(name), Uri, "--json").Expect(0).Json.GetProperty("ok").GetBoolean());
        }

        RequireChecked(directory.File("cut"), "compaction/v1", "/gone /order");
        // Of the import nothing is left to be counted.
        Assert.Contains("deleted or dropped", Verify(directory.File("import"), Uri).Expect(3).Error, StringComparison.Ordinal);

        var lite = "litedb:" + directory.File("lite.db");
        RefoldTool.Run("copy", Uri, lite).Expect(0);
        RefoldTool.Run("compact", "--forget-keys-before", "400", "--report", directory.File("lite"), "--journal", lite).Expect(0);
        Verify(directory.File("lite"), lite).Expect(0);
        Assert.Contains("/keys_before", Verify(directory.File("lite"), Uri).Expect(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ASignedReportOfAReplay_IsVerifiedWithItsKey()
    {
        Record(Uri);
        var (key, file) = (directory.File("key"), directory.File("replay"));
        RefoldTool.Run("keygen", "example.com/r", "--out", key).Expect(0);
        RefoldTool.Run("replay", "--report", file, "--sign", key, "--journal", Uri).Expect(0);
        Assert.Contains("of example.com/r\n", Verify(file, Uri, "--key", key + ".vkey").Expect(0).Output, StringComparison.Ordinal);
        var changed = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        changed.Remove("signature");
        Assert.Contains(
            "is not signed", Verify(directory.Write("bare", changed.ToJsonString()), Uri, "--key", key + ".vkey").Expect(1).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCannotBeWrittenOrChecked_IsSaidBeforeTheWork()
    {
        Grow(Uri);
        var there = directory.Write("there", "x");
        var head = RefoldTool.Run("inspect", "--json", "--journal", Uri).Expect(0).Json.GetProperty("head").GetRawText();
        Assert.Contains(
            "is there already",
            RefoldTool.Run("compact", "--delete-stream", "x", "--report", there, "--journal", Uri).ExpectError(2),
            StringComparison.Ordinal);
        RefoldTool.Run("compact", "--delete-stream", "x", "--report", directory.File("no/where"), "--journal", Uri).ExpectError(2);
        RefoldTool.Run(
            "compact", "--delete-stream", "x", "--report", Path.Combine(directory.File("journal"), "in"), "--journal", Uri).ExpectError(2);
        RefoldTool.Run("compact", "--delete-stream", "x", "--sign", there, "--journal", Uri).ExpectError(2);
        RefoldTool.Run(
            "compact", "--delete-stream", "x", "--report", directory.File("n"), "--sign", there, "--journal", Uri).ExpectError(3);
        Assert.Equal(head, RefoldTool.Run("inspect", "--json", "--journal", Uri).Expect(0).Json.GetProperty("head").GetRawText());
        Assert.Equal("x", File.ReadAllText(there));
        RefoldTool.Run("state", "--stream", "x", "--report", directory.File("n"), "--journal", Uri).ExpectError(3);
        Assert.False(File.Exists(directory.File("n")));
        RefoldTool.Run("evidence", "make", "--run", "none", "--journal", Uri).ExpectError(3);
        RefoldTool.Run("evidence", "make", "--run", "none", "--projection", "activity-counts", "--journal", Uri).ExpectError(2);
        RefoldTool.Run(
            "inspect", "--report", directory.File("n"), "--journal", "litedb:" + directory.File("none.db")).ExpectError(2);
    }
}
