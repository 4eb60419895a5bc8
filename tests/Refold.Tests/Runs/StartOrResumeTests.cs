// What a program calls each time it starts: the run is begun the first time, and gone on with after that.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Runs;

public class StartOrResumeTests
{
    private static readonly RunPin Pin = new("dispatch", "refold", Cli.Scenarios.Dispatch.Version, 42);

    [Fact]
    public async Task ARun_IsStartedTheFirstTime_AndResumedAfterThat()
    {
        await using var journal = Journal.Open("memory:");
        for (int start = 1; start <= 3; start++)
        {
            await using var run = await journal.StartOrResumeRunAsync("daily", Pin);
            await run.Streams(Cli.Scenarios.Dispatch.Aggregate).ExecuteAsync("dispatch", new Cli.Scenarios.RawLine("broken"));
            Assert.Equal(2 + (2 * start) - 1, journal.HighestVersion(run.Id.Stream));
        }

        Assert.Equal("daily", Assert.Single(await journal.RunsAsync()).Id.Value);
        Assert.True((await journal.VerifyAsync("daily", Cli.Scenarios.Dispatch.Aggregate)).Verdict is ReplayVerdict.Matched);
    }

    [Fact]
    public async Task AnotherPin_AnEndedRun_AndContradictingOptions_AreNamedWithTheRemedy()
    {
        await using var journal = Journal.Open("memory:");
        await using (var run = await journal.StartOrResumeRunAsync("r", Pin))
        {
            var other = new RunPin("dispatch", "refold", "another", 42);
            var mismatch = await Assert.ThrowsAsync<PinMismatchException>(() => journal.StartOrResumeRunAsync("r", other));
            Assert.Equal(["version"], mismatch.Fields);
            await run.FinishAsync();
        }

        var ended = await Assert.ThrowsAsync<RunEndedException>(() => journal.StartOrResumeRunAsync("r", Pin));
        Assert.Contains("start one with another name", ended.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(
            () => journal.StartOrResumeRunAsync("s", Pin, new RunOptions { Mode = RecordMode.Off }));
        await Assert.ThrowsAsync<ArgumentException>(() => journal.StartOrResumeRunAsync("s", Pin, new RunOptions { RunId = "t" }));
        Assert.Single(await journal.RunsAsync());
    }

    [Fact]
    public async Task OfTwoThatStartAtOnce_BothHaveTheRun()
    {
        await using var journal = Journal.Open("memory:");
        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => journal.StartOrResumeRunAsync("r", Pin))));
        Assert.All(runs, run => Assert.Equal("r", run.Id.Value));
        Assert.Equal(1, journal.HighestVersion(runs[0].Id.Stream));
        foreach (var run in runs) await run.DisposeAsync();
    }
}
