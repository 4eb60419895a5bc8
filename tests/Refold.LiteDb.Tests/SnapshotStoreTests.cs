// Snapshots in LiteDB: kept, replaced, let go, read again; a damaged or a missing piece is a finding, never an error.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Devices;
using Refold.LiteDb.Storage;
using Refold.Tests.Tool;
using Xunit;

namespace Refold.LiteDb;

public class SnapshotStoreTests
{
    private static readonly StreamId Stream = StreamId.Create("order/1");

    [Fact]
    public async Task WhatWasSaved_IsLoaded_AlsoAfterOpeningAgain()
    {
        using var directory = new TemporaryDirectory();
        var uri = "litedb:" + directory.File("j.db");
        await using (var store = Snapshots.Open(uri))
        {
            Assert.True(store.IsEmpty);
            await store.SaveAsync(Made(Stream, 5, 100));
            await store.SaveAsync(Made(Stream, 9, 100));
            await store.SaveAsync(Made(StreamId.Create("order/2"), 1, 0));
        }

        await using (var store = Snapshots.Open(uri, new SnapshotOptions { ReadOnly = true }))
        {
            Assert.Equal(Made(Stream, 9, 100), store.Load(Stream).Snapshot);
            Assert.Equal(Made(Stream, 5, 100), store.Load(Stream, 8).Snapshot);
            Assert.Null(store.Load(Stream, 4).Snapshot);
            Assert.Equal([("order/1", 5), ("order/1", 9), ("order/2", 1)], store.List().Snapshots.Select(info => (info.Stream.Value, info.Version)));
            await Assert.ThrowsAsync<SnapshotStoreException>(async () => await store.SaveAsync(Made(Stream, 10, 0)));
        }

        Assert.True(File.Exists(directory.File("j-snapshots.db")));
        Assert.Throws<JournalOpenException>(() => LiteDbJournal.Open(directory.File("j-snapshots.db")));
    }

    [Fact]
    public async Task TheLastTwoAreKept_AndTheOneJustSaved_AndOthersCanBeDeleted()
    {
        await using var store = LiteDbSnapshotStore.Open(new SimulatedFiles());
        foreach (var version in new long[] { 1, 2, 3, 90, 4 }) await store.SaveAsync(Made(Stream, version, 10));
        Assert.Equal([4, 90], store.List(Stream).Snapshots.Select(info => info.Version));
        await store.SaveAsync(Made(StreamId.Create("other"), 1, 10));
        await store.DeleteAsync(Stream, 5);
        Assert.Equal([4], store.List(Stream).Snapshots.Select(info => info.Version));
        await store.ClearAsync();
        Assert.True(store.IsEmpty);
    }

    [Fact]
    public async Task AStateLargerThanADocument_IsKeptInPieces_AndItsPiecesGoWithIt()
    {
        var files = new SimulatedFiles();
        var large = Made(Stream, 1, 17_000_000);
        await using (var store = LiteDbSnapshotStore.Open(files)) await store.SaveAsync(large);
        await using (var store = LiteDbSnapshotStore.Open(files, new SnapshotOptions { Retention = 1 }))
        {
            Assert.Equal(large, store.Load(Stream).Snapshot);
            await store.SaveAsync(Made(Stream, 2, 5));
        }

        using var database = Database.Open(files, readOnly: true, StoreKind.Snapshots);
        Assert.Empty(database.Find(Search.Ids(Collections.SnapshotParts, BsonValue.MinValue, BsonValue.MaxValue)));
    }

    [Fact]
    public async Task ADamagedSnapshot_IsAFinding_AndTheOlderOneIsUsed()
    {
        var files = new SimulatedFiles();
        await using (var store = LiteDbSnapshotStore.Open(files))
        {
            await store.SaveAsync(Made(Stream, 1, 50));
            await store.SaveAsync(Made(Stream, 2, 50));
        }

        using (var database = Database.Open(files, readOnly: false, StoreKind.Snapshots))
        {
            var document = database.Get(Collections.Snapshots, Keys.OfVersion(Stream, 2))!;
            document["d"].AsBinary[40] ^= 1;
            database.Write(engine => engine.Upsert(Collections.Snapshots, [document], BsonAutoId.ObjectId));
        }

        await using var opened = LiteDbSnapshotStore.Open(files);
        var answer = opened.Load(Stream);
        Assert.Equal(1, answer.Snapshot!.Version);
        Assert.Equal(SnapshotDoubt.Unreadable, Assert.Single(answer.Findings).Doubt);
        Assert.Single(opened.List().Findings);
        await opened.DeleteAsync(Stream, 2, 2);
        Assert.Empty(opened.List().Findings);
    }

    [Fact]
    public async Task AFullDisk_IsToldAndForgotten()
    {
        var files = new SimulatedFiles();
        await using var store = LiteDbSnapshotStore.Open(files);
        await store.SaveAsync(Made(Stream, 1, 50));
        files.Fails = operation => operation is { Verb: FileVerb.Write, Role: FileRole.Log } ? new IOException("No space left on device (simulated).") : null;
        await Assert.ThrowsAsync<SnapshotStoreException>(async () => await store.SaveAsync(Made(Stream, 2, 50)));
        files.Fails = _ => null;
        Assert.Equal(1, store.Load(Stream).Snapshot!.Version);
        await store.SaveAsync(Made(Stream, 3, 50));
        Assert.Equal(3, store.Load(Stream).Snapshot!.Version);
    }

    internal static Snapshot Made(StreamId stream, long version, int size) =>
        new(stream, version, new Head(version, new string('a', 64)), new Encoded("State", 1, Enumerable.Range(0, size).Select(item => (byte)(item * version % 251)).ToArray()));
}
