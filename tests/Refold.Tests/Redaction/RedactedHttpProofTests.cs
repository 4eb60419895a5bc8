// Redaction of HTTP exchanges, attacked: escaped addresses, marks that stand for nothing, lists that grew, lengths by chance.
// Run by `dotnet test`.
using System.Text;
using System.Text.Json.Nodes;
using Refold.Tests.Operations;
using Xunit;
using static Refold.Tests.Operations.EditedLines;
using static Refold.Tests.Redaction.Exchange;

namespace Refold.Tests.Redaction;

public class RedactedHttpProofTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Theory]
    [InlineData("<html>busy</html>", "Retry-After", "10")]
    [InlineData("{\"token\":\"abcdefghijklmnopqrstuvwxyz\"}", "X-RateLimit-Remaining", "22")]
    [InlineData("{\"token\":\"abcdefghijklmnopqrstuvwxyz\"}", "X-RateLimit-Remaining", "23")]
    public async Task AnHonestAnswer_WithANumberThatIsTheLengthOfTheRedactedBody_Matches(string body, string header, string value)
    {
        using var server = new Server(_ => Answer(body, (header, value)));
        await RecordedAsync(Of(server, ["$.token"], client => Quietly(SendAsync(client, "x"))));
    }

    [Theory]
    [InlineData("X-Pagination", "{\"next\":\"http://shop.test/a?page=2\\u0026token=fr3sh-0451\"}")]
    public async Task AnAddressEscapedAsJson_LosesItsNamedMember(string header, string value)
    {
        using var server = new Server(_ => Answer("{}", (header, value)));
        var recorded = await RecordedAsync(Of(server, ["?token"], client => SendAsync(client, "x")));
        Assert.DoesNotContain("fr3sh-0451", recorded, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMessageWithJson_LosesItsNamedMember()
    {
        using var server = new Server(_ => throw new HttpRequestException(
            "refused: {\"next\":\"http://shop.test/a?page=2\\u0026token=fr3sh-0451\"}"));
        var recorded = await RecordedAsync(Of(server, ["?token"], client => SendAsync(client, "x")));
        Assert.DoesNotContain("fr3sh-0451", recorded, StringComparison.Ordinal);
    }

    private static byte[] Edited(JsonNode answer, string body)
    {
        answer["Body"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(body));
        return [];
    }

    // The handler redacts nothing that can lie in a body.
    [Theory]
    [InlineData("")]
    [InlineData("Authorization")]
    public async Task AMarkWithTheTextInABody_OfAHandlerThatReplacesNothingInBodies_HidesNoChange(string redact)
    {
        using var server = new Server(_ => Answer("{\"price\":10}"));
        var operation = Of(server, redact.Length == 0 ? [] : [redact], client => SendAsync(client, "price"));
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(operation, "k", "in", ct);
        Assert.True((await journal.ReplayAsync("run", operation)).Matched);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        var index = At(lines, "$call", 0);
        Edit(lines, index, line =>
        {
            var answer = line["data"]!["output"]!["data"]!;
            Edited(answer, "{\"price\":99,\"x\":\"[redacted]\"}");
            line["data"]!["output"]!["data"] = new JsonObject { ["$redacted"] = answer.DeepClone() };
        });
        var report = await ReplayAsync(lines, "run", operation);
        Assert.True(report.Verdict == ReplayVerdict.Diverged, report.Verdict + "\n" + report + "\n" + string.Join('\n', report.Findings));
    }

    // The list has grown since: there is no schema version to raise.
    [Theory]
    [InlineData("{\"cvv\":\"0451-0451\"}", "{}")]
    [InlineData("{}", "{\"cvv\":\"0451-0451\"}")]
    public async Task ARunRecordedBeforeTheListOfAHandlerGrew_IsNoDifference(string sent, string answered)
    {
        using var server = new Server(_ => Answer(answered));
        Operation<string, string> Program(params string[] redact) => Of(server, redact, client => Quietly(SendAsync(client, "x", sent)));
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(Program(), "k", "in", ct);
        await run.FinishAsync();
        var report = await journal.ReplayAsync("run", Program("$.cvv"));
        Assert.True(report.Verdict != ReplayVerdict.Diverged, report + "\n" + string.Join('\n', report.Findings));
    }

    [Fact]
    public async Task ACallThatWasAnswered_IsNotMadeAgain_SinceTheListOfItsHandlerGrew()
    {
        var sent = 0;
        using var server = new Server(_ =>
        {
            sent++;
            return Answer();
        });
        Operation<string, string> Program(bool fails, params string[] redact) => Of(server, redact, async client =>
        {
            await SendAsync(client, "pay", "{\"cvv\":\"0451-0451\"}");
            return fails ? throw new InvalidOperationException("cut") : "done";
        });
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await Record.ExceptionAsync(() => run.RunAsync(Program(true), "k", "in", ct));
        await run.RunAsync(Program(false, "$.cvv"), "k", "in", ct);
        Assert.Equal(1, sent);
    }

    [Fact]
    public async Task AnAnswerThatGrowsByItsMarks_IsRecorded()
    {
        var body = "{\"token\":[" + string.Join(',', Enumerable.Repeat("1", 560_000)) + "]}";
        using var server = new Server(_ => Answer(body));
        var operation = Of(server, ["$.token[*]"], client => Quietly(SendAsync(client, "x")));
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var thrown = await Record.ExceptionAsync(() => run.RunAsync(operation, "k", "in", ct));
        Assert.True(thrown is null or CallFailedException, thrown?.ToString());
    }
}
