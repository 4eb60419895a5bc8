// Reports of compactions: what went, what proves the rest, in segment files and LiteDB; checked against the journal, and found false.
// Run by `dotnet test`.
using System.Text.Json.Nodes;
using Refold.Interop;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Evidence;

public class CompactionEvidenceTests
{
    public static TheoryData<string> Requests => ["merge", "retain", "delete", "keys", "drop"];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task ACompaction_IsReported_AndTheJournalBearsItOut(string request)
    {
        using var directory = new TemporaryDirectory();
        var uri = directory.Journal();
        var (head, tree) = await FillAsync(uri);
        await using var journal = (SegmentJournal)await Journal.OpenAsync(uri);
        if (request == "drop") await journal.DeleteToAsync("a/1", 2);
        var (done, report) = await journal.CompactWithEvidenceAsync(RequestOf(request));
        EvidenceReportTests.RequireReadable(report);
        Assert.Equal(("compaction/v1", head), (report.KindName, report.Head));
        Assert.Equal(EvidenceKind.Compaction, report.Kind);
        var body = JsonNode.Parse(report.BodyToJson())!;
        Assert.Equal(tree.Root.ToString(), (string?)body["root"]);
        Assert.Equal(request == "retain" ? journal.TreeSize(journal.Begin.Position) : 0, report.ProvableFrom);
        Assert.Equal(request == "retain", report.ProvableFrom > 0);
        Assert.Equal(request == "keys" ? "5" : "0", (string?)body["keys_before"]);
        string[] gone = [.. body["gone"]!.AsArray().Select(went => $"{went!["stream"]} {went["from_version"]}-{went["to_version"]}")];
        Assert.Equal(
            request switch
            {
                "delete" => ["a/1 1-10"],
                "retain" => ["a/0 1-3", "a/1 1-3", "a/2 1-3", "b 1-9"],
                // What was deleted before is not what this compaction took.
                _ => [],
            },
            gone);
        Assert.Contains(report.Diagnostics, line => line.Contains("segments made: " + done.Made, StringComparison.Ordinal));
        Assert.Equal(new EvidenceCheck(null, ["/gone", "/order"]), journal.Check(report));
        // Also through the journal around inline projections.
        Assert.Equal(new EvidenceCheck(null, ["/gone", "/order"]), (await journal.WithInlineAsync([])).Check(report));

        // The journal goes on, is opened again, and drops more.
        await journal.AppendAsync(new AppendRequest(Samples.Entry("z")));
        await journal.DisposeAsync();
        await using var again = (SegmentJournal)await Journal.OpenAsync(uri);
        Assert.True(again.Check(report).Holds);
        await again.CompactAsync(new CompactionRequest.RetainFrom(31));
        // What went since cannot be compared any more, and is said.
        string[] left = request == "retain" ? ["/beginning", "/beginning_root", "/beginning_tree_size"] : ["/beginning"];
        Assert.Equal(new EvidenceCheck(null, [.. left, "/gone", "/order"]), again.Check(report));
    }

    [Fact]
    public async Task AReportOfACompactionThatWasNot_IsFound()
    {
        using var directory = new TemporaryDirectory();
        await FillAsync(directory.Journal("kept"));
        await using var kept = (SegmentJournal)await Journal.OpenAsync(directory.Journal("kept"));
        foreach (var (request, says) in new[]
        {
            ("retain", "/beginning: "), ("delete", "/gone/0/to_version: "), ("keys", "/keys_before: "),
        })
        {
            await FillAsync(directory.Journal(request));
            await using var compacted = (SegmentJournal)await Journal.OpenAsync(directory.Journal(request));
            var (_, report) = await compacted.CompactWithEvidenceAsync(RequestOf(request));
            Assert.StartsWith(says, kept.Check(report).Difference, StringComparison.Ordinal);
        }

        await FillAsync(directory.Journal("cut"));
        await using var cut = (SegmentJournal)await Journal.OpenAsync(directory.Journal("cut"));
        var (_, last) = await cut.CompactWithEvidenceAsync(RequestOf("retain"));
        var text = last.ToJson();
        foreach (var (member, value) in new[] { ("root", "0"), ("tree_size", "9"), ("beginning_root", "0"), ("beginning_tree_size", "8") })
        {
            var changed = JsonNode.Parse(text)!;
            var old = (string)changed["body"]![member]!;
            changed["body"]![member] = member.EndsWith("root", StringComparison.Ordinal) ? new string('0', 64) : value;
            changed["body_hash"] = Hash.Compute(System.Text.Encoding.UTF8.GetBytes(Canonical(changed["body"]!))).ToString();
            Assert.NotEqual(old, (string)changed["body"]![member]!);
            var check = cut.Check(EvidenceReport.Parse(changed.ToJsonString()));
            Assert.StartsWith("/" + member + ": ", check.Difference, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task InLiteDb_ACompactionIsReportedToo()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("j.db");
        var (head, _) = await FillAsync("litedb:" + path);
        await using (var journal = await Journal.OpenAsync("litedb:" + path)) await journal.DeleteToAsync("a/1", 4);
        var (before, after, report) = await LiteDbJournal.CompactWithEvidenceAsync(path, forgetKeysBefore: 5);
        EvidenceReportTests.RequireReadable(report);
        Assert.Equal(head, report.Head);
        Assert.Equal(after, new FileInfo(path).Length);
        Assert.Contains(report.Diagnostics, line => line.Contains($"{before} bytes before", StringComparison.Ordinal));
        Assert.Equal("5", (string?)JsonNode.Parse(report.BodyToJson())!["keys_before"]);
        await using var again = (ILocalJournal)await Journal.OpenAsync("litedb:" + path);
        Assert.Equal(new EvidenceCheck(null, ["/gone", "/order"]), again.Check(report));
        await Assert.ThrowsAsync<JournalOpenException>(() => LiteDbJournal.CompactWithEvidenceAsync(directory.File("none.db")));
    }

    private static string Canonical(JsonNode body) => System.Text.Encoding.UTF8.GetString(
        CanonicalJson.OfJson(System.Text.Encoding.UTF8.GetBytes(body.ToJsonString())).Span);

    private static CompactionRequest RequestOf(string request) => request switch
    {
        "merge" => new CompactionRequest.Merge(),
        "retain" => new CompactionRequest.RetainFrom(20),
        "delete" => new CompactionRequest.DeleteStream("a/1"),
        "keys" => new CompactionRequest.ForgetKeysBefore(5),
        _ => new CompactionRequest.DropDeleted(),
    };

    // 60 entries in 30 batches of two.
    private static async Task<(Head Head, TreeHead Tree)> FillAsync(string uri)
    {
        await using var journal = (ILocalJournal)await Journal.OpenAsync(uri);
        for (var number = 0; number < 30; number++)
            await journal.AppendAsync(new AppendRequest(
                Samples.Entry("a/" + (number % 3).ToString(System.Globalization.CultureInfo.InvariantCulture)), Samples.Entry("b")));
        return (journal.Head, journal.RootAt());
    }
}
