// The whole library works the same whatever becomes of its snapshots, as long as the history is whole: deleted,
// damaged, mixed up, refused at any moment.
// Run by `dotnet test`; REFOLD_SNAPSHOT_SEED repeats a run, REFOLD_SNAPSHOT_RUNS makes more of them.
using System.Globalization;
using System.Security.Cryptography;
using Orders;
using Refold.Tests.Runs;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Snapshots;

public class SnapshotChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task WhateverBecomesOfTheSnapshots_EveryAnswerAndEveryEntryIsTheSame()
    {
        var first = Number("REFOLD_SNAPSHOT_SEED") ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        for (var seed = first; seed < first + (Number("REFOLD_SNAPSHOT_RUNS") ?? 60); seed++)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"again: dotnet test tests/Refold.Tests --filter SnapshotChaos -e REFOLD_SNAPSHOT_SEED={seed} "
                + $"-e REFOLD_SNAPSHOT_RUNS=1"));
            var without = await PlayAsync(seed, null);
            var chaos = new Chaos(seed);
            var with = await PlayAsync(seed, chaos.Store);
            Assert.Equal(without, with);
            Assert.True(chaos.Store.Asked > 0);
        }
    }

    // The same commands, resumptions and looks for each seed, and everything that came of them.
    private static async Task<List<string>> PlayAsync(ulong seed, ISnapshotStore? store)
    {
        var rng = SeededRng.FromSeed(seed);
        var told = new List<string>();
        await using var journal = new InMemoryJournal();
        var options = SnapshotFixture.Options(store, interval: rng.Between(1, 4));
        var run = await journal.StartRunAsync(RunFixture.Pin, options);
        foreach (var (stream, command) in RunFixture.Commands(rng.Between(5, 40)))
        {
            var key = rng.Between(0, 9) == 0 ? "key" + rng.Between(0, 3).ToString(CultureInfo.InvariantCulture) : null;
            try
            {
                var result = await run.Orders().ExecuteAsync(stream, command, new ExecuteOptions { IdempotencyKey = key });
                told.Add(
                    $"{stream} {result.Version.ToString(CultureInfo.InvariantCulture)} "
                    + $"{result.State} {result.IsRepeated} {result.Receipt}");
            }
            catch (NotAppendedException refused)
            {
                told.Add(refused.Message);
            }

            if (rng.Between(0, 3) == 0) told.Add((await run.Orders().LoadAsync(stream)).ToString());
            if (rng.Between(0, 9) == 0)
            {
                await run.DisposeAsync();
                run = await journal.ResumeRunAsync(run.Id, RunFixture.Pin, options);
            }
        }

        told.Add((await run.FinishAsync()).ToString());
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
        told.Add(journal.Head.ToString());
        await run.DisposeAsync();
        return told;
    }

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? ulong.Parse(given, CultureInfo.InvariantCulture) : null;

    /// <summary>A store to which anything happens.</summary>
    private sealed class Chaos
    {
        private readonly SeededRng rng;
        private readonly InMemorySnapshotStore kept = new(new SnapshotOptions { Retention = 3 });
        private readonly List<Snapshot> seen = [];

        public Chaos(ulong seed)
        {
            rng = SeededRng.FromSeed(~seed);
            Store = new StagedSnapshotStore(kept) { Answers = Answer, Fails = Fail };
        }

        public StagedSnapshotStore Store { get; }

        private SnapshotAnswer? Answer(StreamId stream, long toVersion)
        {
            if (rng.Between(0, 4) == 0) _ = kept.ClearAsync();
            if (rng.Between(0, 4) == 0) _ = kept.DeleteAsync(stream, rng.Between(1, 5));
            var whole = kept.Load(stream, toVersion).Snapshot;
            return rng.Between(0, 11) switch
            {
                0 => throw new TimeoutException("no answer"),
                1 => null!,
                2 when seen.Count > 0 => new SnapshotAnswer(seen[rng.Between(0, seen.Count - 1)], []),
                3 when whole is not null => new SnapshotAnswer(Damaged(whole), []),
                4 when whole is not null =>
                    new SnapshotAnswer(new Snapshot(stream, whole.Version + rng.Between(1, 3), whole.Head, whole.State), []),
                5 when whole is { Version: > 1 } =>
                    new SnapshotAnswer(new Snapshot(stream, whole.Version - 1, whole.Head, whole.State), []),
                6 => new SnapshotAnswer(null, [new SnapshotFinding(SnapshotDoubt.Unreadable, "torn")]),
                _ => null,
            };
        }

        // Another state under a checksum that holds: what only the codec can find.
        private Snapshot Damaged(Snapshot snapshot)
        {
            var state = snapshot.State.Payload.ToArray();
            state[rng.Between(0, state.Length - 1)] = (byte)'x';
            return new Snapshot(snapshot.Stream, snapshot.Version, snapshot.Head, snapshot.State with { Payload = state });
        }

        private IOException? Fail(Snapshot snapshot)
        {
            seen.Add(snapshot);
            return rng.Between(0, 5) == 0 ? new IOException("full") : null;
        }
    }
}
