// The whole library works the same whatever becomes of its snapshots, as long as the history is whole: deleted,
// damaged, mixed up, refused at any moment. Run by RunSuites.
using System.Globalization;
using Orders;
using Xunit;

namespace Refold.Suites;

internal static class SnapshotChaos
{
    /// <summary>A run without snapshots, and the same with a store to which anything happens.</summary>
    public static async Task RunAsync(Tally tally, ulong seed)
    {
        var without = await PlayAsync(seed, null);
        var chaos = new Chaos(seed);
        var with = await PlayAsync(seed, chaos.Store);
        Assert.Equal(without, with);
        Assert.True(chaos.Store.Asked > 0);
        tally.Add("questions", chaos.Store.Asked);
    }

    // The same commands, resumptions and looks for each seed, and everything that came of them.
    private static async Task<List<string>> PlayAsync(ulong seed, ISnapshotStore? store)
    {
        var rng = SeededRng.FromSeed(seed);
        var told = new List<string>();
        await using var journal = new InMemoryJournal();
        // It keeps hardly any state, so that it asks for snapshots all the time.
        var options = RunFixture.Options() with { Snapshots = store, SnapshotInterval = rng.Between(1, 4), CachedStreams = 1 };
        var run = await journal.StartRunAsync(RunFixture.Pin, options);
        foreach (var (stream, command) in RunFixture.Commands(rng.Between(5, 40)))
        {
            var key = rng.Between(0, 9) == 0 ? "key" + rng.Between(0, 3).ToString(CultureInfo.InvariantCulture) : null;
            try
            {
                var result = await run.Orders().ExecuteAsync(stream, command, new ExecuteOptions { IdempotencyKey = key });
                told.Add(
                    $"{stream} {result.Version.ToString(CultureInfo.InvariantCulture)} "
                    + $"{result.State} {result.IsRepeated}");
            }
            catch (NotAppendedException refused)
            {
                told.Add(refused.Failure.GetType().Name);
            }

            if (rng.Between(0, 3) == 0) told.Add((await run.Orders().LoadAsync(stream)).ToString());
            if (rng.Between(0, 9) == 0)
            {
                await run.DisposeAsync();
                run = await journal.ResumeRunAsync(run.Id, RunFixture.Pin, options);
            }
        }

        told.Add((await run.FinishAsync()).StateHash ?? "");
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
        // That a step stood on a snapshot is recorded as an effect, so positions and heads differ; everything else is the same.
        told.AddRange(
            from entry in journal.ReadAll()
            where entry.Role != EntryRole.Effect && entry.Role != EntryRole.Control
            select Convert.ToHexString(entry.ToCanonicalBytes()));
        await run.DisposeAsync();
        return told;
    }

    /// <summary>A store to which anything happens.</summary>
    private sealed class Chaos
    {
        // Snapshots are asked for and saved on different threads.
        private readonly Lock gate = new();
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
            lock (gate) return Answered(stream, toVersion);
        }

        private SnapshotAnswer? Answered(StreamId stream, long toVersion)
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
            lock (gate)
            {
                seen.Add(snapshot);
                return rng.Between(0, 5) == 0 ? new IOException("full") : null;
            }
        }
    }
}
