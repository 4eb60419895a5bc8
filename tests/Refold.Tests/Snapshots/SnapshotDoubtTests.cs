// Any doubt about a snapshot means full replay, or an older one, and a finding; never an error and
// never wrong state. Seed defects 30 to 32.
// Run by `dotnet test`.
using System.Text;
using Orders;
using Xunit;

namespace Refold.Tests.Snapshots;

public class SnapshotDoubtTests
{
    public static TheoryData<SnapshotDoubt> Doubts => new(
        SnapshotDoubt.Ahead, SnapshotDoubt.Foreign, SnapshotDoubt.Undecodable, SnapshotDoubt.NotFaithful, SnapshotDoubt.Misplaced,
        SnapshotDoubt.NotFoldable, SnapshotDoubt.NotAsked, SnapshotDoubt.StoreFailed);

    [Theory]
    [MemberData(nameof(Doubts))]
    public async Task ADoubtfulSnapshot_IsNotUsed_AndTheStateIsThatOfAllEntries(SnapshotDoubt doubt)
    {
        var (journal, snapshots) = await SnapshotFixture.RecordAsync(3);
        var store = new StagedSnapshotStore
        {
            Answers = (_, to) => to < long.MaxValue ? SnapshotAnswer.None : Doubtful(doubt, snapshots[1])
        };
        var aggregate = doubt == SnapshotDoubt.NotFoldable ? Picky() : Order.Aggregate;
        var found = await journal.RehydrateAsync(RunFixture.Stream, aggregate, store);
        Assert.Equal(await journal.FullAsync(), found.State);
        Assert.Equal((0, 3), (found.FromVersion, found.Version));
        Assert.Equal(doubt, Assert.Single(found.Findings).Doubt);
        Assert.NotEmpty(found.Findings[0].ToString());
    }

    [Theory]
    [InlineData("model")]
    [InlineData("provider")]
    [InlineData("version")]
    [InlineData("settings/limit")]
    [InlineData("seed")]
    [InlineData("none")]
    public async Task ASnapshotThatAnotherProgramTook_IsDoubted_ByARunOnly(string other)
    {
        var pin = new RunPin("orders", "acme", "1.4.0", seed: 42, new Dictionary<string, string> { ["limit"] = "1" });
        var taken = other switch
        {
            "model" => new RunPin("others", "acme", "1.4.0", 42, pin.Settings),
            "provider" => new RunPin("orders", "other", "1.4.0", 42, pin.Settings),
            "version" => new RunPin("orders", "acme", "1.4.1", 42, pin.Settings),
            "settings/limit" => new RunPin("orders", "acme", "1.4.0", 42, new Dictionary<string, string> { ["limit"] = "2" }),
            _ => new RunPin("orders", "acme", "1.4.0", 43, pin.Settings),
        };
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        await using (var run = await journal.StartRunAsync(taken, new RunOptions { Snapshots = store, SnapshotInterval = 0 }))
        {
            foreach (var (_, command) in RunFixture.Commands(3)) await run.Orders().ExecuteAsync(RunFixture.Stream, command);
            var snapshot = other == "none"
                ? await journal.TakeSnapshotAsync(RunFixture.Stream, Order.Aggregate, store)
                : await run.Orders().TakeSnapshotAsync(RunFixture.Stream);
            Assert.NotNull(snapshot);
        }

        var range = new RehydrationRange(store, Pin: pin);
        var found = await Rehydration.RunAsync(journal, Order.Aggregate, RunFixture.Stream, range, CancellationToken.None);
        // Whoever asks outside a run says nothing of itself.
        Assert.NotEqual(0, (await journal.RehydrateAsync(RunFixture.Stream, Order.Aggregate, store)).FromVersion);
        if (other == "seed")
        {
            Assert.Empty(found.Findings);
            Assert.NotEqual(0, found.FromVersion);
            return;
        }

        Assert.Equal(0, found.FromVersion);
        var finding = Assert.Single(found.Findings);
        Assert.Equal(SnapshotDoubt.OtherPin, finding.Doubt);
        Assert.Contains(other == "none" ? "outside a run" : "differs in " + other, finding.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L)]
    public async Task AStoreThatAnswersWithAnotherStreamsSnapshot_IsNamedOnce_AndNotAskedAgain(long toPosition)
    {
        var (journal, snapshots) = await SnapshotFixture.RecordAsync(3);
        var asked = 0;
        var store = new StagedSnapshotStore
        {
            Answers = (_, _) =>
            {
                asked++;
                return Doubtful(SnapshotDoubt.NotAsked, snapshots[1]);
            }
        };
        var range = new RehydrationRange(store, ToPosition: toPosition);
        var found = await Rehydration.RunAsync(journal, Order.Aggregate, RunFixture.Stream, range, CancellationToken.None);
        Assert.Equal(SnapshotDoubt.NotAsked, Assert.Single(found.Findings).Doubt);
        Assert.Equal((0L, 1), (found.FromVersion, asked));
    }

    [Fact]
    public async Task Seed30_ASnapshotOfTheRightVersionThatDoesNotDecode_FallsBackToAnOlderOne_WithAFinding()
    {
        var (journal, snapshots) = await SnapshotFixture.RecordAsync(4);
        await using var store = new InMemorySnapshotStore(new SnapshotOptions { Retention = 4 });
        await store.SaveAsync(snapshots[0]);
        await store.SaveAsync(Doubtful(SnapshotDoubt.Undecodable, snapshots[2])!.Snapshot!);
        var found = await journal.RehydrateAsync(store);
        Assert.Equal((1, 4), (found.FromVersion, found.Version));
        Assert.Equal(await journal.FullAsync(), found.State);
        Assert.Equal(SnapshotDoubt.Undecodable, Assert.Single(found.Findings).Doubt);
    }

    [Fact]
    public async Task Seed31_ASnapshotAheadOfItsStream_IsNoticedAndNotUsed()
    {
        var (_, snapshots) = await SnapshotFixture.RecordAsync(4);
        var (journal, _) = await SnapshotFixture.RecordAsync(2);
        await using var store = new InMemorySnapshotStore();
        await store.SaveAsync(snapshots[1]);
        await store.SaveAsync(snapshots[3]);
        var found = await journal.RehydrateAsync(store);
        Assert.Equal(SnapshotDoubt.Ahead, Assert.Single(found.Findings).Doubt);
        Assert.Equal((2, 2), (found.FromVersion, found.Version));
    }

    [Fact]
    public async Task Seed32_TheLastNAreKept_EachWithAChecksum_AndTheHeadOfThePrefixItSumsUp()
    {
        var (journal, snapshots) = await SnapshotFixture.RecordAsync(4);
        await using var store = new InMemorySnapshotStore(new SnapshotOptions { Retention = 3 });
        foreach (var snapshot in snapshots) await store.SaveAsync(snapshot);
        Assert.Equal([2, 3, 4], store.List().Snapshots.Select(info => info.Version));
        foreach (var snapshot in snapshots)
        {
            Assert.Equal(journal.HeadAt(snapshot.Head.Position), snapshot.Head);
            var bytes = snapshot.ToBytes();
            Assert.Equal(snapshot.Checksum, Convert.ToHexStringLower(
                System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32))));
            bytes[^1] ^= 1;
            Assert.False(Snapshot.TryRead(bytes, out _, out var reason));
            Assert.Contains("checksum", reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WithoutAStateCodec_SnapshotsAreNotUsed()
    {
        var (journal, snapshots) = await SnapshotFixture.RecordAsync(2);
        var without = Aggregate.Create(
            "order", Order.Aggregate.Decider, Order.Aggregate.Commands, Order.Aggregate.Events, Order.Aggregate.Errors);
        var store = new StagedSnapshotStore { Answers = (_, to) => to < 2 ? SnapshotAnswer.None : new SnapshotAnswer(snapshots[1], []) };
        var found = await journal.RehydrateAsync(RunFixture.Stream, without, store);
        Assert.Equal(SnapshotDoubt.NoStateCodec, Assert.Single(found.Findings).Doubt);
        Assert.Equal(await journal.FullAsync(), found.State);
        await Assert.ThrowsAsync<ArgumentException>(async () => await journal.TakeSnapshotAsync(RunFixture.Stream, without, store));
    }

    [Fact]
    public async Task AFoldThatFailsEitherWay_IsReportedAsWithoutSnapshots()
    {
        var (journal, snapshots) = await SnapshotFixture.RecordAsync(2);
        await journal.AppendAsync(
            RunFixture.Stream, ExpectedVersion.Exactly(2), [new EntryData(RunFixture.Stream, "unknown", "{}"u8.ToArray())]);
        await using var store = new InMemorySnapshotStore();
        await store.SaveAsync(snapshots[1]);
        var found = await journal.RehydrateAsync(store);
        var whole = await journal.FoldAsync(RunFixture.Stream, Order.Aggregate);
        Assert.Equal(whole.Divergence!.ToString(), found.Fold.Divergence!.ToString());
        Assert.Equal(2, found.Version);
        await Assert.ThrowsAsync<StateUnreadableException>(async () =>
            await journal.TakeSnapshotAsync(RunFixture.Stream, Order.Aggregate, store));
    }

    // The order refuses to evolve from a state that no stream ever had.
    private static Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Picky() => Aggregate.Create(
        "order",
        Order.Aggregate.Decider with
        {
            Evolve = (state, happened) =>
                state.Points < 0 ? throw new InvalidOperationException("impossible") : Order.Evolve(state, happened)
        },
        Order.Aggregate.Commands,
        Order.Aggregate.Events,
        Order.Aggregate.Errors,
        Order.Aggregate.State);

    private static SnapshotAnswer Doubtful(SnapshotDoubt doubt, Snapshot snapshot)
    {
        Encoded State(string json) => snapshot.State with { Payload = Encoding.UTF8.GetBytes(json) };
        return doubt switch
        {
            SnapshotDoubt.Ahead => With(version: 4),
            SnapshotDoubt.Foreign => With(head: new Head(snapshot.Head.Position, new string('0', 64))),
            SnapshotDoubt.Undecodable => With(state: State("{")),
            SnapshotDoubt.NotFaithful => With(state: State(Encoding.UTF8.GetString(snapshot.State.Payload.Span) + " ")),
            SnapshotDoubt.Misplaced => With(version: 3),
            SnapshotDoubt.NotFoldable => With(state: Order.Aggregate.State!.Encode(new OrderState(false, 0, -1))),
            SnapshotDoubt.NotAsked => new SnapshotAnswer(new Snapshot("order/43", snapshot.Version, snapshot.Head, snapshot.State), []),
            _ => throw new IOException("no store"),
        };

        SnapshotAnswer With(long? version = null, Head? head = null, Encoded? state = null) =>
            new(new Snapshot(snapshot.Stream, version ?? snapshot.Version, head ?? snapshot.Head, state ?? snapshot.State), []);
    }
}
