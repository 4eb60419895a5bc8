// Every mode does what it says, or refuses (line 10 of what the seeds get wrong: a mode that did nothing and never answered).
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RecordModeTests
{
    [Fact]
    public async Task EveryMode_DoesWhatItSays_OrRefuses()
    {
        foreach (var mode in Enum.GetValues<RecordMode>())
        {
            await using var journal = new InMemoryJournal();
            await using var run = await journal.StartAsync(mode);
            foreach (var (stream, command) in RunFixture.Commands(8)) await run.Orders().ExecuteAsync(stream, command);
            await run.FinishAsync();
            var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
            var recorded = journal.HighestVersion(run.Id.Stream);
            Assert.Equal(mode == RecordMode.Record ? ReplayVerdict.Matched : ReplayVerdict.NotRecorded, report.Verdict);
            Assert.Equal(mode == RecordMode.Record, recorded > 0);
            Assert.NotEqual(recorded, journal.Head.Position);
        }
    }

    [Fact]
    public async Task AModeThatIsNone_IsRefused()
    {
        await using var journal = new InMemoryJournal();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => journal.StartAsync((RecordMode)7));
        Assert.Equal(0, journal.Head.Position);
    }
}
