// A stream with a redacted event takes no snapshot: automatic ones are skipped and said, explicit ones refused by name.
// Run by `dotnet test`.
using Microsoft.Extensions.Logging;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Redaction;

public class RedactedSnapshotTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task AStreamWithARedactedEvent_TakesNone_AnotherOneDoes(int cachedStreams)
    {
        using var logs = new Hosting.LogLines();
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        var options = RunFixture.Options() with
        {
            Snapshots = store,
            SnapshotInterval = 2,
            // With one only, states are loaded anew all the time.
            CachedStreams = cachedStreams,
            LoggerFactory = LoggerFactory.Create(builder => builder.AddProvider(logs)),
        };
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, options))
        {
            var streams = run.Streams(Wallet.Aggregate);
            await streams.ExecuteAsync("wallet/1", new Pay(new Card("4929 0451", "Ada"), 100));
            for (var number = 1; number <= 4; number++)
            {
                await streams.ExecuteAsync("wallet/1", new Refund(number));
                // Nothing in these is redacted.
                await streams.ExecuteAsync("wallet/2", new Refund(0));
            }

            await Assert.ThrowsAsync<StreamRedactedException>(() => streams.TakeSnapshotAsync("wallet/1"));
            Assert.NotNull(await streams.TakeSnapshotAsync("wallet/2"));
        }

        Assert.Equal(["wallet/2"], store.List().Snapshots.Select(info => info.Stream.Value).Distinct());
        IEnumerable<Hosting.LogLine> Skipped() => logs.All.Where(line =>
            line.Id == RefoldEventIds.SnapshotSkipped && line.Text.Contains("wallet/1", StringComparison.Ordinal));
        // Told beside the run.
        await SnapshotFixture.UntilAsync(() => Skipped().Count() >= 2);
        Assert.All(
            Skipped(), line => Assert.Contains("something in an event of the stream is redacted", line.Text, StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<StreamRedactedException>(
            () => journal.TakeSnapshotAsync("wallet/1", Wallet.Aggregate, store).AsTask());
        Assert.Equal(("stream-redacted", "wallet/1"), (refused.Code, refused.Stream.Value));
    }

    [Fact]
    public async Task ASnapshotOfBefore_IsUsed_AndNoOtherIsTaken()
    {
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { Snapshots = store });
        var streams = run.Streams(Wallet.Aggregate);
        await streams.ExecuteAsync("wallet/1", new Refund(0));
        await streams.TakeSnapshotAsync("wallet/1");
        await streams.ExecuteAsync("wallet/1", new Pay(new Card("4929 0451", "Ada"), 5));
        await Assert.ThrowsAsync<StreamRedactedException>(() => streams.TakeSnapshotAsync("wallet/1"));
        var found = await journal.RehydrateAsync("wallet/1", Wallet.Aggregate, store);
        Assert.Equal((1L, 2L, 1L, 5L), (found.FromVersion, found.Version, found.Fold.Redacted, found.State.Total));
    }

    [Fact]
    public void AStateIsNotRedacted_ItsEventsAre()
    {
        var state = Wallet.Aggregate.State!.WithRedaction("$.LastNumber");
        var refused = Assert.Throws<ArgumentException>(() => Aggregate.Create(
            "wallet", Wallet.Aggregate.Decider, Wallet.Aggregate.Commands, Wallet.Aggregate.Events, Wallet.Aggregate.Errors, state));
        Assert.Equal("state", refused.ParamName);
    }
}
