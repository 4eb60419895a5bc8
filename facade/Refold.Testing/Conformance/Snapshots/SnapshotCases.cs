// What is promised of snapshot stores, promise by promise.
// Run by SnapshotConformance.
namespace Refold.Testing;

internal static class SnapshotCases
{
    private const SnapshotCapabilities Keeps = SnapshotCapabilities.Keeps;
    private const SnapshotCapabilities Durable = SnapshotCapabilities.Keeps | SnapshotCapabilities.Durability;

    public static IReadOnlyList<SnapshotCase> All { get; } =
    [
        SnapshotCase.Of("a new store is empty, and has nothing of any stream", SnapshotCapabilities.None, EmptyAsync),
        SnapshotCase.Of("a snapshot comes back byte for byte, in every field", Keeps, EveryFieldAsync),
        SnapshotCase.Of("the newest at or below a version is given", Keeps, NewestAsync),
        SnapshotCase.Of("streams do not touch each other, however alike their names", Keeps, StreamsAsync),
        SnapshotCase.Of("the last n of each stream are kept, and always the one just saved", Keeps, RetentionAsync),
        SnapshotCase.Of("a snapshot of the same version takes the place of the one before", Keeps, ReplaceAsync),
        SnapshotCase.Of("snapshots are deleted by stream and range of versions, or all", Keeps, DeleteAsync),
        SnapshotCase.Of("what is kept is listed by stream and version", Keeps, ListAsync),
        SnapshotCase.Of("states of any size are kept", Keeps, SizesAsync),
        SnapshotCase.Of("many threads save and load at once", Keeps, ThreadsAsync),
        SnapshotCase.Of(
            "a closed store refuses everything, and a missing argument is the caller's mistake", SnapshotCapabilities.None, ClosedAsync),
        SnapshotCase.Of(
            "a token that is cancelled before the call saves nothing, and reads nothing", SnapshotCapabilities.None, CancelledAsync),
        SnapshotCase.Of("what was saved and deleted is so after opening again", Durable, ReopenAsync),
        SnapshotCase.Of("what was saved is there after a crash", Durable, CrashAsync),
        SnapshotCase.Of("a damaged snapshot is a finding, and the one before is given", Durable, DamageAsync),
    ];

    private static async Task EmptyAsync(SnapshotBench bench)
    {
        Expect.True(await bench.IsEmptyAsync(), "a new store is not empty");
        Expect.Equal(null, (await bench.LoadAsync("a")).Snapshot, "the snapshot of an unknown stream");
        Expect.Equal(0, (await bench.LoadAsync("a")).Findings.Count, "the number of findings");
        Expect.Equal(0, (await bench.ListAsync()).Snapshots.Count, "the number of snapshots");
        Expect.Equal(0, (await bench.ListAsync("a")).Findings.Count, "the number of findings");
    }

    private static async Task EveryFieldAsync(SnapshotBench bench)
    {
        var pin = new RunPin("m\u00f6del", "provider", "1", 7);
        var root = RngState.FromSeed(42);
        var full = new Snapshot(
            "\u00e9/1", long.MaxValue, new Head(long.MaxValue, new string('c', 64)),
            new Encoded("st\u00e4te", int.MaxValue, new byte[] { 0, 255, 1 }), RunId.Create("run"), pin, root);
        await bench.SaveAsync(full);
        await bench.SaveAsync(new Snapshot("b", 1, new Head(1, new string('d', 64)), new Encoded("s", 1, ReadOnlyMemory<byte>.Empty)));
        var found = (await bench.LoadAsync("\u00e9/1")).Snapshot;
        Expect.Equal(full, found, "the snapshot");
        Expect.Equal(Convert.ToHexString(full.ToBytes()), Convert.ToHexString(found!.ToBytes()), "its bytes");
        Expect.Equal(
            ("run", 0), (found.Run!.Value, (await bench.LoadAsync("b")).Snapshot!.State.Payload.Length),
            "run and length of an empty state");
    }

    private static async Task NewestAsync(SnapshotBench bench)
    {
        bench.Options = new SnapshotOptions { Retention = 9 };
        await bench.SaveAsync("a", 5, 20, 100);
        (long To, long? Version)[] asked = [(long.MaxValue, 100), (100, 100), (99, 20), (20, 20), (19, 5), (5, 5), (4, null), (0, null),
            (-1, null), (long.MinValue, null)];
        foreach (var (to, version) in asked)
            Expect.Equal(
                version, (await bench.LoadAsync("a", to)).Snapshot?.Version,
                FormattableString.Invariant($"the version that is given up to {to}"));
    }

    private static async Task StreamsAsync(SnapshotBench bench)
    {
        string[] names = ["a", "A", "a/", "a/1", "a/10", "../a", "a\\b", "\u00e1", "a\u0301", "a.1", "con", new string('a', 512),
            new string('a', 511)];
        foreach (var (name, index) in names.Select((name, index) => (name, index))) await bench.SaveAsync(name, index + 1);
        foreach (var (name, index) in names.Select((name, index) => (name, index))) Expect.Equal(
            SnapshotBench.Of(name, index + 1), (await bench.LoadAsync(name)).Snapshot, $"the snapshot of '{name}'");
        await bench.DeleteAsync("a");
        Expect.Equal(names.Length - 1, (await bench.ListAsync()).Snapshots.Count, "the number of snapshots");
    }

    private static async Task RetentionAsync(SnapshotBench bench)
    {
        foreach (var (retention, stream) in new (int, string)[] { (1, "one"), (2, "two"), (3, "three") })
        {
            await bench.CloseAsync();
            bench.Options = new SnapshotOptions { Retention = retention };
            if (!bench.Fixture.Capabilities.HasFlag(SnapshotCapabilities.Durability)) _ = await bench.StoreAsync();
            await bench.SaveAsync(stream, 1, 2, 3, 4, 5);
            await bench.KeptAsync(stream, [.. Enumerable.Range(6 - retention, retention).Select(version => (long)version)]);
            // One of another history, above all others: the one that is saved after it is not pushed out.
            await bench.SaveAsync(stream, 1000, 6);
            Expect.Equal(6L, (await bench.LoadAsync(stream, 999)).Snapshot?.Version, "the version just saved");
            Expect.Equal(retention, (await bench.ListAsync(stream)).Snapshots.Count, "the number of snapshots");
        }
    }

    private static async Task ReplaceAsync(SnapshotBench bench)
    {
        await bench.SaveAsync("a", 1, 2);
        foreach (var bytes in new[] { 3, 5000, 0 })
        {
            await bench.SaveAsync(SnapshotBench.Of("a", 2, bytes));
            Expect.Equal(SnapshotBench.Of("a", 2, bytes), (await bench.LoadAsync("a")).Snapshot, "the snapshot");
            await bench.KeptAsync("a", 1, 2);
        }
    }

    private static async Task DeleteAsync(SnapshotBench bench)
    {
        bench.Options = new SnapshotOptions { Retention = 9 };
        await bench.SaveAsync("a", 1, 2, 3, 4, 5);
        await bench.SaveAsync("b", 1);
        await bench.DeleteAsync("a", 2, 3);
        await bench.KeptAsync("a", 1, 4, 5);
        await bench.DeleteAsync("a", 5);
        await bench.DeleteAsync("a", toVersion: 1);
        await bench.DeleteAsync("a", 9, 2);
        await bench.DeleteAsync("unknown");
        await bench.KeptAsync("a", 4);
        Expect.True(!await bench.IsEmptyAsync(), "a store with two snapshots is empty");
        await bench.DeleteAsync("a");
        await bench.KeptAsync("a");
        await bench.KeptAsync("b", 1);
        await bench.ClearAsync();
        Expect.True(await bench.IsEmptyAsync(), "a store of which all was deleted is not empty");
        await bench.SaveAsync("a", 7);
        await bench.KeptAsync("a", 7);
    }

    private static async Task ListAsync(SnapshotBench bench)
    {
        foreach (var stream in new[] { "\ud83d\ude80", "b", "a", "\uffee" }) await bench.SaveAsync(stream, 2, 10);
        Expect.Sequence(
            [("a", 2L), ("a", 10), ("b", 2), ("b", 10), ("\uffee", 2), ("\uffee", 10), ("\ud83d\ude80", 2), ("\ud83d\ude80", 10)],
            (await bench.ListAsync()).Snapshots.Select(info => (info.Stream.Value, info.Version)), "snapshot");
        Expect.Sequence(
            [SnapshotInfo.Of(SnapshotBench.Of("b", 2)), SnapshotInfo.Of(SnapshotBench.Of("b", 10))], (await bench.ListAsync("b")).Snapshots,
            "snapshot of b");
        Expect.Equal(0, (await bench.ListAsync()).Findings.Count, "the number of findings");
    }

    private static async Task SizesAsync(SnapshotBench bench)
    {
        foreach (var (bytes, index) in new[] { 0, 1, 4095, 4096, 65_536, 3_000_000, 20_000_000 }.Select((bytes, index) => (bytes, index)))
        {
            await bench.SaveAsync(SnapshotBench.Of("a", index + 1, bytes));
            Expect.Equal(
                SnapshotBench.Of("a", index + 1, bytes).Checksum, (await bench.LoadAsync("a")).Snapshot?.Checksum,
                FormattableString.Invariant($"the checksum of a snapshot of {bytes} bytes"));
        }
    }

    private static async Task ThreadsAsync(SnapshotBench bench)
    {
        var store = await bench.StoreAsync();
        var threads = Enumerable.Range(0, 6).Select(thread => Task.Run(async () =>
        {
            var own = FormattableString.Invariant($"own{thread}");
            for (var version = 1; version <= 15; version++)
            {
                await store.SaveAsync(SnapshotBench.Of(own, version));
                await store.SaveAsync(SnapshotBench.Of("shared", version));
                Expect.Equal(SnapshotBench.Of(own, version), (await store.LoadAsync(own)).Snapshot, "the snapshot just saved");
                var shared = (await store.LoadAsync("shared")).Snapshot;
                Expect.True(
                    shared is not null && shared.Equals(SnapshotBench.Of("shared", shared.Version)),
                    "a snapshot that several threads save is not one of theirs");
            }
        }));
        await Expect.Within(Task.WhenAll(threads), "the end of the threads");
        Expect.Equal(0, (await store.ListAsync()).Findings.Count, "the number of findings");
    }

    private static async Task ClosedAsync(SnapshotBench bench)
    {
        var store = await bench.StoreAsync();
        await Expect.ThrowsAsync<ArgumentNullException>(() => store.SaveAsync(null!).AsTask(), "saving nothing");
        await Expect.ThrowsAsync<ArgumentNullException>(() => store.DeleteAsync(null!).AsTask(), "deleting from no stream");
        Expect.Throws<ArgumentNullException>(() => _ = store.LoadAsync(null!).AsTask(), "the call that loads no stream");
        await bench.CloseAsync();
        await store.DisposeAsync();
        await Expect.ThrowsAsync<ObjectDisposedException>(
            () => store.SaveAsync(SnapshotBench.Of("a", 1)).AsTask(), "saving to a closed store");
        await Expect.ThrowsAsync<ObjectDisposedException>(() => store.DeleteAsync("a").AsTask(), "deleting from a closed store");
        await Expect.ThrowsAsync<ObjectDisposedException>(() => store.ClearAsync().AsTask(), "clearing a closed store");
        await Expect.ThrowsWhenAwaitedAsync<ObjectDisposedException>(() => store.LoadAsync("a").AsTask(), "loading from a closed store");
        await Expect.ThrowsWhenAwaitedAsync<ObjectDisposedException>(() => store.ListAsync().AsTask(), "listing a closed store");
        await Expect.ThrowsWhenAwaitedAsync<ObjectDisposedException>(() => store.IsEmptyAsync().AsTask(), "asking a closed store");
        if (store is not ILocalSnapshotStore local) return;
        Expect.Throws<ObjectDisposedException>(() => local.Load("a"), "the synchronous Load of a closed store");
        Expect.Throws<ObjectDisposedException>(() => local.List(), "the synchronous List of a closed store");
        Expect.Throws<ObjectDisposedException>(() => _ = local.IsEmpty, "the synchronous IsEmpty of a closed store");
    }

    private static async Task CancelledAsync(SnapshotBench bench)
    {
        var store = await bench.StoreAsync();
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var cancelled = source.Token;
        (string Name, Func<Task> Call)[] calls =
        [
            ("saving", () => store.SaveAsync(SnapshotBench.Of("a", 1), cancelled).AsTask()),
            ("loading", () => store.LoadAsync("a", cancellationToken: cancelled).AsTask()),
            ("listing", () => store.ListAsync(cancellationToken: cancelled).AsTask()),
            ("asking", () => store.IsEmptyAsync(cancelled).AsTask()),
        ];
        foreach (var (name, call) in calls) await Expect.ThrowsAsync<OperationCanceledException>(call, name + " with a cancelled token");
        Expect.Equal(null, (await bench.LoadAsync("a")).Snapshot, "the snapshot");
    }

    private static async Task ReopenAsync(SnapshotBench bench)
    {
        await bench.SaveAsync("a", 1, 2, 3);
        await bench.SaveAsync("b", 1);
        await bench.DeleteAsync("b");
        await bench.CloseAsync();
        await bench.KeptAsync("a", 2, 3);
        await bench.KeptAsync("b");
        Expect.Equal(SnapshotBench.Of("a", 3), (await bench.LoadAsync("a")).Snapshot, "the snapshot");
        await bench.SaveAsync("a", 4);
        await bench.KeptAsync("a", 3, 4);
        await bench.ClearAsync();
        await bench.CloseAsync();
        Expect.True(await bench.IsEmptyAsync(), "a store of which all was deleted is not empty");
    }

    private static async Task CrashAsync(SnapshotBench bench)
    {
        for (var version = 1; version <= 10; version++)
        {
            await bench.SaveAsync("a", version);
            if (!await bench.TryCrashAsync()) throw new NotShownException("the fixture makes no crashes");
            Expect.Equal(SnapshotBench.Of("a", version), (await bench.LoadAsync("a")).Snapshot, "the snapshot after a crash");
            Expect.Equal(0, (await bench.LoadAsync("a")).Findings.Count, "the number of findings");
        }
    }

    private static async Task DamageAsync(SnapshotBench bench)
    {
        await bench.SaveAsync("a", 1, 2);
        await bench.CloseAsync();
        if (!await bench.Fixture.DamageAsync("a")) throw new NotShownException("the fixture damages nothing");
        var answer = await bench.LoadAsync("a");
        Expect.Equal(SnapshotBench.Of("a", 1), answer.Snapshot, "the snapshot");
        Expect.Equal(1, answer.Findings.Count, "the number of findings");
        Expect.Equal(1, (await bench.ListAsync()).Findings.Count, "the number of findings of the list");
        Expect.True(!await bench.IsEmptyAsync(), "a store with a damaged snapshot is empty");
        await bench.SaveAsync("a", 2);
        Expect.Equal(SnapshotBench.Of("a", 2), (await bench.LoadAsync("a")).Snapshot, "the snapshot that was saved again");
    }
}
