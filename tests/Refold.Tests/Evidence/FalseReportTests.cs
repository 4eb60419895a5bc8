// Every member of a true report changed, and the hash made anew: a check finds it, or names the member among those that it did not check.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Orders;
using Refold.Interop;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Evidence;

public class FalseReportTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task OfARun_AnImport_AnOpening_Gates() => await WithJournalAsync(async journal =>
    {
        var before = journal.Head;
        var gates = new GateSet<int>("orders").Add(new("few", "", asked => asked < 5 ? null : new GateDenial("few", "MANY", "many")));
        var request = new AppendRequest(Samples.Entry("a"), Samples.Entry("b"));
        var trace = gates.Evaluate(3, request, out var pass);
        var receipt = await journal.AppendAsync(request with { Gates = gates, Pass = pass }, ct);
        await journal.AppendAsync(new AppendRequest(Samples.Entry("c")), ct);
        Assert.True(await CountAsync(journal.RunReport(RunId.Create("test")), Check) > 15);
        Assert.True(await CountAsync(journal.ImportReport(before), Check) > 8);
        Assert.True(await CountAsync(EvidenceReport.Of(journal.Opened), Check) > 5);
        Assert.True(await CountAsync(EvidenceReport.Of(trace, receipt), Check) > 5);

        Task<EvidenceCheck> Check(EvidenceReport report) => Task.FromResult(journal.Check(report));
    });

    [Fact]
    public async Task OfAReplay_AndASnapshot() => await WithJournalAsync(async journal =>
    {
        var again = await journal.VerifyAsync(RunId.Create("test"), Order.Aggregate);
        Assert.True(await CountAsync(
            EvidenceReport.Of(again), report => Task.FromResult(journal.CheckReplay(report, again))) > 10);
        var snapshot = (await journal.TakeSnapshotAsync("order/1", Order.Aggregate, new InMemorySnapshotStore(), ct))!;
        Assert.True(await CountAsync(
            EvidenceReport.Of(snapshot), report => journal.CheckSnapshotAsync(report, Order.Aggregate)) > 7);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OfACompaction(bool drops) => await WithJournalAsync(async journal =>
    {
        await journal.DeleteToAsync("order/1", 1);
        CompactionRequest request = drops ? new CompactionRequest.RetainFrom(30) : new CompactionRequest.DeleteStream("order/2");
        var (_, report) = await journal.CompactWithEvidenceAsync(request, cancellationToken: ct);
        Assert.True(await CountAsync(report, changed => Task.FromResult(journal.Check(changed))) > 12);
    });

    // How many members were changed, each found or named; a report that is true holds.
    private static async Task<int> CountAsync(EvidenceReport report, Func<EvidenceReport, Task<EvidenceCheck>> check)
    {
        Assert.True((await check(report)).Holds, (await check(report)).ToString());
        var paths = new List<string>();
        Walk(JsonNode.Parse(report.BodyToJson())!, "", (path, _) => paths.Add(path));
        foreach (var path in paths)
        {
            foreach (var way in new[] { 1, 2, 3 })
            {
                var whole = JsonNode.Parse(report.ToJson())!;
                Walk(whole["body"]!, "", (at, node) =>
                {
                    if (at == path) node.ReplaceWith(Changed(node, way));
                });
                if (whole["body"]!.ToJsonString() == JsonNode.Parse(report.ToJson())!["body"]!.ToJsonString()) continue;
                var body = CanonicalJson.OfJson(Encoding.UTF8.GetBytes(whole["body"]!.ToJsonString()));
                whole["body_hash"] = Hash.Compute(body.Span).ToString();
                await RequireFoundAsync(whole.ToJsonString(), path, check);
            }
        }

        return paths.Count;
    }

    private static async Task RequireFoundAsync(string text, string path, Func<EvidenceReport, Task<EvidenceCheck>> check)
    {
        try
        {
            var found = await check(EvidenceReport.Parse(text));
            var member = "/" + path.Split('/')[1];
            Assert.True(
                !found.Holds || found.NotChecked.Contains(member), $"{path} was changed, and the check says: {found}; {text}");
        }
        catch (FormatException)
        {
            // It does not hold together any more.
        }
        catch (JournalException gone) when (gone.Code == "dropped")
        {
            // Neither true nor false.
        }
    }

    private static JsonNode Changed(JsonNode node, int way) => node.AsValue().TryGetValue(out string? text)
        ? JsonValue.Create(ChangedText(text, way))
        : node.AsValue().TryGetValue(out bool flag) ? JsonValue.Create(!flag) : JsonValue.Create(node.GetValue<int>() + way);

    private static string ChangedText(string text, int way)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return text.Length == 64 ? (text[0] == '0' ? '1' : '0') + text[1..] : text + "x";
        return (way switch { 1 => number + 1, 2 => -1, _ => long.MaxValue }).ToString(CultureInfo.InvariantCulture);
    }

    private static void Walk(JsonNode node, string path, Action<string, JsonNode> leaf)
    {
        if (node is JsonObject members)
            foreach (var (name, value) in members.ToList())
            {
                if (value is not null) Walk(value, path + "/" + name, leaf);
            }
        else if (node is JsonArray items)
            for (var index = 0; index < items.Count; index++)
                Walk(items[index]!, string.Create(CultureInfo.InvariantCulture, $"{path}/{index}"), leaf);
        else leaf(path, node);
    }

    private static async Task WithJournalAsync(Func<SegmentJournal, Task> test)
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), new JournalOptions());
        await using (var run = await journal.StartAsync())
        {
            foreach (var (stream, command) in RunFixture.Commands(30)) await run.Orders().ExecuteAsync(stream, command, ct);
            await run.FinishAsync();
        }

        await test(journal);
    }
}
