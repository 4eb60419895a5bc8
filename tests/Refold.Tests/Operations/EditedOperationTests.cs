// Entries of operations that were edited, in a run whose end vouches for nothing: each is named by its place.
// Run by `dotnet test`; EditedRunTests draws edits at random.
using System.Globalization;
using System.Text.Json.Nodes;
using Orders;
using Xunit;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class EditedOperationTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static Operation<string, string> Program(Func<int, string> answers)
    {
        var asked = 0;
        return Of(async (fx, input) =>
        {
            var price = await Call(fx, "price", () => Task.FromResult(answers(++asked)));
            fx.Clock.GetUtcNow();
            await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            await Call(fx, "end", () => Task.FromResult(answers(++asked)));
            return "done";
        });
    }

    // A first attempt that fails behind its command, and a second: it repeats call, reading and command.
    private static async Task<List<string>> RecordAsync()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var operation = Program(number => number == 2 ? throw new TimeoutException("late") : "answer");
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await run.RunAsync(operation, "k", "in", ct);
        return [.. Exports.Of(journal.ReadAll())];
    }

    public static TheoryData<string, int, string, string, string> Edits => new()
    {
        { "$operation.begun", 0, "id", "\"11111111-1111-8111-8111-111111111111\"", "/id" },
        { "$operation.begun", 0, "data/seed/stream", "\"7\"", "/data/seed/stream" },
        { "$operation.begun", 0, "data/attempt", "3", "/data/attempt" },
        { "$operation.begun", 0, "tags", "[\"op:0\"]", "" },
        { "$operation.begun", 1, "data/input/data", "\"other\"", "/data/input/data" },
        { "$operation.begun", 1, "causationId", "\"11111111-1111-8111-8111-111111111111\"", "/causationId" },
        { "$clock", 0, "data/time", "\"2026-01-01T00:00:00.0000000Z\"", "/time" },
        { "$clock", 1, "data/time", "\"2026-01-01T00:00:00.0000000Z\"", "/data/time" },
        { "$clock", 0, "type", "\"other\"", "" },
        { "$call", 0, "causationId", "\"11111111-1111-8111-8111-111111111111\"", "/causationId" },
        { "$call", 0, "time", "null", "/time" },
        { "$call", 0, "tags", "[\"zero\"]", "" },
        { "$call", 0, "data/added", "1", "/data/added" },
        { "$call", 2, "data/output/data", "\"other\"", "/data/output/data" },
        { "$executed", 0, "correlationId", "\"11111111-1111-8111-8111-111111111111\"", "/correlationId" },
        { "$executed", 0, "data/stream", "null", "/data/stream" },
        { "$executed", 0, "data/stream", "\"order/2\"", "/data/stream" },
        { "$executed", 1, "data/earlier", "1", "/data/earlier" },
        { "$operation.failed", 0, "type", "\"$operation.ended\"", "/type" },
        { "$operation.ended", 0, "data/output/data", "\"other\"", "/data/output/data" },
        { "draw", 0, "correlationId", "\"11111111-1111-8111-8111-111111111111\"", "/correlationId" },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task AnEditedEntry_IsNamed_AlsoInARunThatHasNotEnded(string type, int number, string member, string value, string path)
    {
        var lines = await RecordAsync();
        var index = lines.Index().Where(line => (string)JsonNode.Parse(line.Item)!["type"]! == type).ElementAt(number).Index;
        lines[index] = Edited(lines[index], member.Split('/'), JsonNode.Parse(value));
        var report = await ReplayAsync(lines);
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        var differences = report.Findings.Append(report.Divergence + " ");
        var position = string.Create(CultureInfo.InvariantCulture, $"position {index + 1},");
        Assert.Contains(
            differences,
            said => said.Contains(position, StringComparison.Ordinal) && said.Contains(path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIsNotEdited_Matches()
    {
        var report = await ReplayAsync(await RecordAsync());
        Assert.True(report.Matched, report + string.Join('\n', report.Findings));
    }

    // The first attempt lies in a run of its own, of which nothing is left.
    [Fact]
    public async Task WhereEarlierAttemptsWereDeleted_NobodyIsAccused()
    {
        await using var journal = new InMemoryJournal();
        var operation = Program(number => number == 2 ? throw new TimeoutException("late") : "answer");
        await using (var first = await Shop.StartAsync(journal, "first"))
            await Assert.ThrowsAsync<CallFailedException>(() => first.RunAsync(operation, "k", "in", ct));
        await using (var run = await Shop.StartAsync(journal))
        {
            await run.RunAsync(operation, "k", "in", ct);
            await run.FinishAsync();
        }

        Assert.Empty((await journal.ReplayAsync("run", operation)).Findings);
        await journal.DeleteToAsync("$fx/first", long.MaxValue);
        var report = await journal.ReplayAsync("run", operation);
        Assert.Equal((ReplayVerdict.Incomplete, null), (report.Verdict, report.Divergence));
        Assert.Contains(report.Findings, finding => finding.Contains("attempts before it may be deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhereTheBeginOfAnAttemptWasDeleted_ItIsIncomplete_AndNotADifference()
    {
        await using var journal = new InMemoryJournal();
        var operation = Program(_ => "answer");
        await using (var run = await Shop.StartAsync(journal))
        {
            await run.RunAsync(operation, "k", "in", ct);
            await run.RunAsync(operation, "l", "in", ct);
            await run.FinishAsync();
        }

        await journal.DeleteToAsync("$fx/run", 2);
        var report = await journal.ReplayAsync("run", operation);
        Assert.Equal((ReplayVerdict.Incomplete, null), (report.Verdict, report.Divergence));
        Assert.Contains(report.Findings, finding => finding.Contains("4 entries from position", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheStateHashOfARunWithoutCommands_IsComparedToo()
    {
        await using var journal = new InMemoryJournal();
        var operation = Of((_, input) => Task.FromResult(input));
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(operation, "k", "in", ct);
        await run.FinishAsync();
        var report = await journal.ReplayAsync("run", operation);
        Assert.True(report.Matched, report.ToString());
        Assert.Empty(report.Findings);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        lines[^1] = Edited(lines[^1], ["data", "stateHash"], new string('0', 64));
        await using var edited = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(edited, lines));
        Assert.Equal("/data/stateHash", (await edited.ReplayAsync("run", operation)).Divergence!.Path);
    }

    private static string Edited(string text, string[] member, JsonNode? value)
    {
        var line = JsonNode.Parse(text)!.AsObject();
        var of = line;
        foreach (var name in member[..^1]) of = of[name]!.AsObject();
        of.Remove(member[^1]);
        if (value is not null)
        {
            // Members of a payload stand in the order of their names: nothing but the member differs.
            var place = member.Length == 1 ? 0
                : of.Select(item => item.Key).TakeWhile(name => string.CompareOrdinal(name, member[^1]) < 0).Count();
            of.Insert(place, member[^1], value);
        }

        var data = line["data"]!.DeepClone();
        line.Remove("data");
        line["data"] = data;
        return line.ToJsonString();
    }

    private static async Task<ReplayReport> ReplayAsync(List<string> lines)
    {
        await using var journal = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(journal, lines));
        return await journal.ReplayAsync("run", Program(_ => throw new InvalidOperationException("a replay calls")));
    }
}
