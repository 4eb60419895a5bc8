// A deadline that is no more when its command is to be decided: the machine moved on meanwhile.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Machines;

public class DeadlineRaceTests
{
    [Fact]
    public async Task AMachineThatMovesOnMeanwhile_GetsNoCommandOfADeadlineThatIsNoMore()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(
            new RunPin("gates", "acme", "1.0", seed: 7), new RunOptions { RunId = RunId.Create("test"), TimeProvider = new ManualClock() });
        Func<Task> meanwhile = () => Task.CompletedTask;
        var hasty = Machine.Create<Gate, int, string, string>("hasty")
            .Initially(Gate.Locked, 0).Commands(Codec.Text("command")).Events(Codec.Text("event"))
            .In(Gate.Locked).On("open", (_, _) => ["opened"]).Goes("opened", Gate.Unlocked)
            .In(Gate.Unlocked)
                .On("break", (_, _) => ["broken"]).Goes("broken", Gate.Broken)
                .On("late", (_, _) => ["broken"])
                .TimesOut(
                    (_, since) =>
                    {
                        // Between the look and the command: in the machine's own function, as nothing else is called there.
                        Assert.True(meanwhile().IsCompletedSuccessfully);
                        return since;
                    },
                    _ => "late")
            .Build();
        var streams = run.Streams(hasty.Aggregate);
        await streams.ExecuteAsync("hasty/1", "open");
        await using var driver = hasty.Deadlines(run);
        meanwhile = () => streams.ExecuteAsync("hasty/1", "break");
        Assert.Equal(0, await driver.FireDueAsync());
        meanwhile = () => Task.CompletedTask;
        Assert.Equal(0, await driver.FireDueAsync());
        Assert.Equal(["open", "break"], journal.ReadStream("$run/test").Where(entry => entry.Role == EntryRole.Command)
            .Select(entry => System.Text.Json.JsonDocument.Parse(entry.Payload).RootElement.GetProperty("data").GetString()));
    }
}
