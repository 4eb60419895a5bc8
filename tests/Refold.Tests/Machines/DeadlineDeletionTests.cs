// Deadlines of machines whose stream lost its beginning, with the entry that entered the state.
// Run by `dotnet test`.
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Machines;

public class DeadlineDeletionTests
{
    private static readonly RunPin Pin = new("gates", "acme", "1.0", seed: 7);
    private readonly ManualClock clock = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WhereTheStreamIsDeletedUpToItsSnapshot_TheSnapshotsEntryCounts_OrNothingIsKnown(long deletedTo)
    {
        await using var journal = new InMemoryJournal();
        await using var snapshots = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(Pin, Options() with { Snapshots = snapshots, SnapshotInterval = 0 });
        var patient = DeadlineTests.Parking().Build();
        var lot = run.Streams(patient.Aggregate);
        await lot.ExecuteAsync("parking/1", "enter");
        clock.Advance(TimeSpan.FromMinutes(10));
        await lot.ExecuteAsync("parking/1", "look");
        await lot.TakeSnapshotAsync("parking/1");
        await journal.DeleteToAsync("parking/1", deletedTo);
        await using var driver = patient.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        if (deletedTo == 2)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            await lot.ExecuteAsync("parking/1", "look");
        }

        await SnapshotFixture.UntilAsync(() => driver.Next == ManualClock.Start.AddMinutes(deletedTo == 1 ? 70 : 80));
    }

    [Fact]
    public async Task WhereTheEntryThatEnteredTheStateWasDeleted_TheFirstThatIsLeftCounts()
    {
        await using var journal = new InMemoryJournal();
        await using var snapshots = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(Pin, Options() with { Snapshots = snapshots, SnapshotInterval = 0 });
        var patient = DeadlineTests.Parking().Build();
        var lot = run.Streams(patient.Aggregate);
        await lot.ExecuteAsync("parking/1", "enter");
        await lot.TakeSnapshotAsync("parking/1");
        clock.Advance(TimeSpan.FromMinutes(10));
        await lot.ExecuteAsync("parking/1", "look");
        await journal.DeleteToAsync("parking/1", 1);
        await using var driver = patient.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await SnapshotFixture.UntilAsync(() => driver.Next == ManualClock.Start.AddMinutes(70));
    }

    private RunOptions Options() => new() { RunId = RunId.Create("test"), TimeProvider = clock };
}
