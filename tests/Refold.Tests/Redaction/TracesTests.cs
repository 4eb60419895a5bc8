// What is redacted is in no file of a journal, in no log line, activity, exception, report or output of the tool; and would be found there.
// Run by `dotnet test`.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Refold.Tests.Redaction;

public class TracesTests
{
    [Theory]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task WhatIsRedacted_IsNowhere_ButWhereItIsUsed(string store)
    {
        using var directory = new TemporaryDirectory();
        var (story, activities) = await TellAsync(store, directory, redacts: true);
        Assert.Equal(
            ["decide", "repeated", "call", "function", "output", "call", "function"],
            story.Seen.Take(7));
        Assert.Empty(story.InFiles);
        Assert.Empty(Traces.InFiles(directory.Root));
        Assert.Empty(story.Logged.SelectMany(Traces.In));
        Assert.Empty(story.Thrown.SelectMany(Traces.In));
        Assert.Empty(story.Reported.SelectMany(Traces.In));
        Assert.Empty(activities.SelectMany(Traces.In));
        // The same step failed, and said so.
        Assert.Contains(activities, activity => activity.Contains("[redacted] is not paid back", StringComparison.Ordinal));
        Assert.Contains(story.Thrown, thrown => thrown.StartsWith("Refold.StepFailedException", StringComparison.Ordinal)
            && thrown.Contains("[redacted] is not paid back", StringComparison.Ordinal));
        Assert.Contains(story.Thrown, thrown => thrown.StartsWith("Refold.StreamRedactedException", StringComparison.Ordinal));
        Assert.Contains(story.Thrown, thrown => thrown.StartsWith("Refold.OperationRedactedException", StringComparison.Ordinal));
        Assert.Contains(story.LoggedSnapshots, text => text.Contains("redacted", StringComparison.Ordinal));
        if (store != "segments") return;
        Assert.Empty(Told(directory, expected: 1).SelectMany(Traces.In));
    }

    [Theory]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task WhatIsNotRedacted_IsFoundInEachOfThem(string store)
    {
        using var directory = new TemporaryDirectory();
        var (story, activities) = await TellAsync(store, directory, redacts: false);
        // In the message of a step that failed, and in that of a store that did.
        Assert.NotEmpty(activities.SelectMany(Traces.In));
        Assert.NotEmpty(story.Logged.SelectMany(Traces.In));
        Assert.NotEmpty(story.InFiles);
        Assert.NotEmpty(Traces.InFiles(directory.Root));
        Assert.NotEmpty(story.Thrown.SelectMany(Traces.In));
        Assert.NotEmpty(story.Reported.SelectMany(Traces.In));
        if (store != "segments") return;
        Assert.NotEmpty(Told(directory, expected: null).SelectMany(Traces.In));
    }

    [Fact]
    public void EachForm_IsFoundInAFile()
    {
        foreach (var (name, bytes) in Traces.Forms)
        {
            using var directory = new TemporaryDirectory();
            File.WriteAllBytes(directory.File("f"), [1, .. bytes, 2]);
            Assert.Contains("f: " + name, Traces.InFiles(directory.Root));
        }

        var inTheMiddle = Convert.ToBase64String(Encoding.UTF8.GetBytes("{\"a\":1,\"n\":\"" + Traces.Secret + "\",\"b\":2}"));
        Assert.NotEmpty(Traces.In(inTheMiddle));
    }

    // A payload that is not one JSON value on one line lies as base64 in the entries of commands and effects.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatLiesThereAsBase64_IsRedactedToo(bool redacts)
    {
        using var directory = new TemporaryDirectory();
        await using (var journal = Journal.Open(directory.Journal()))
        {
            var codec = Codec.Create<string>(
                "lines",
                value => Encoding.UTF8.GetBytes("{\"n\":" + JsonSerializer.Serialize(value) + ",\"lines\":[\n]}"),
                payload => (string)JsonNode.Parse(payload.Span)!["n"]!);
            var request = redacts ? codec.WithRedaction("$.n") : codec;
            var operation = Operation.Create("op", request, request, async (fx, input) =>
                await fx.CallAsync("call", input, request, (asked, _) => Task.FromResult(asked), request));
            await using var run = await journal.StartAsync();
            await run.RunAsync(operation, "k", Traces.Secret, CancellationToken.None);
        }

        var found = Traces.InFiles(directory.Root);
        Assert.Equal(redacts, found.Count == 0);
        if (!redacts) Assert.Contains(found, file => file.Contains("base64", StringComparison.Ordinal));
    }

    private static async Task<(WalletStory Story, IReadOnlyList<string> Activities)> TellAsync(
        string store, TemporaryDirectory directory, bool redacts)
    {
        var uri = store == "segments" ? directory.Journal() : "litedb:" + directory.File("j.db");
        await using var journal = await Journal.OpenAsync(uri);
        await using var snapshots = await Refold.Snapshots.OpenAsync(uri);
        using var story = new WalletStory((ILocalJournal)journal, directory.Root, redacts);
        return (story, await story.TellAsync(snapshots));
    }

    private static IEnumerable<string> Told(TemporaryDirectory directory, int? expected)
    {
        foreach (var verb in new[] { "read", "export", "inspect", "runs", "streams", "verify" })
        {
            var told = RefoldTool.Run(verb, "--journal", directory.Journal());
            yield return told.Output + told.Error;
        }

        var replayed = RefoldTool.Run(
            "replay", "--context", "5", "--with", typeof(Wallet).Assembly.Location, "--journal", directory.Journal());
        if (expected is { } exitCode) Assert.Contains("NotRedecidable 4: ", replayed.Expect(exitCode).Output, StringComparison.Ordinal);
        yield return replayed.Output + replayed.Error;
        if (expected is not { } same) yield break;
        var json = RefoldTool.Run("replay", "--json", "--with", typeof(Wallet).Assembly.Location, "--journal", directory.Journal());
        Assert.Equal(
            ("Incomplete", 4),
            (json.Expect(same).Json.GetProperty("verdict").GetString(), json.Json.GetProperty("notRedecidable").GetInt32()));
        yield return json.Output;
    }
}
