// Snapshots in LiteDB: kept, replaced, let go, read again; a damaged or a missing piece is a finding, never an error.
// Run by `dotnet test`.
using LiteDB;
using Microsoft.Extensions.DependencyInjection;
using Refold.LiteDb.Storage;
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
            Assert.Equal(
                [("order/1", 5), ("order/1", 9), ("order/2", 1)], store.List().Snapshots.Select(info => (info.Stream.Value, info.Version)));
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

    [Theory]
    [InlineData("header")]
    [InlineData("cut")]
    [InlineData("empty")]
    public async Task ADamagedFile_IsAFinding_AndTheHostStartsAndWorksWithoutSnapshots(string kind)
    {
        using var directory = new TemporaryDirectory();
        var uri = "litedb:" + directory.File("j.db");
        var path = directory.File("j-snapshots.db");
        await using (var store = Snapshots.Open(uri)) await store.SaveAsync(Made(Stream, 1, 30_000));
        Break(path, kind);

        var services = new ServiceCollection();
        services.AddRefold(options => options.UseJournal(uri).UseSnapshots(uri));
        await using (var provider = services.BuildServiceProvider())
        {
            var journal = provider.GetRequiredService<IJournal>();
            await journal.AppendAsync(new AppendRequest(new EntryData(Stream, "Happened", "{}"u8.ToArray())));
            var store = provider.GetRequiredService<ISnapshotStore>();
            var answer = await store.LoadAsync(Stream);
            Assert.Null(answer.Snapshot);
            Assert.Equal(SnapshotDoubt.StoreFailed, Assert.Single(answer.Findings).Doubt);
            Assert.Single((await store.ListAsync()).Findings);
            Assert.False(await store.IsEmptyAsync());
            var error = await Assert.ThrowsAsync<SnapshotStoreException>(async () => await store.SaveAsync(Made(Stream, 2, 10)));
            Assert.Contains("Remove the file", error.Message, StringComparison.Ordinal);
        }

        File.Delete(path);
        await using var anew = Snapshots.Open(uri);
        Assert.True(anew.IsEmpty);
        await anew.SaveAsync(Made(Stream, 2, 10));
    }

    [Fact]
    public async Task ARemovedFile_IsMadeAnew_AndNothingOfItsLogOrMarkComesBack()
    {
        var files = new SimulatedFiles();
        var killed = LiteDbSnapshotStore.Open(files);
        for (var version = 1; version <= 3; version++) await killed.SaveAsync(Made(Stream, version, 5000));
        var left = files.Contents();
        Assert.NotEmpty(left[FileRole.Log]);
        left.Remove(FileRole.Data);
        var next = new SimulatedFiles(left);
        for (var opening = 0; opening < 3; opening++)
        {
            await using var store = LiteDbSnapshotStore.Open(next);
            Assert.Empty(store.Load(Stream).Findings);
            Assert.Equal(opening, store.Load(Stream).Snapshot?.Version ?? 0);
            await store.SaveAsync(Made(Stream, opening + 1, 10));
        }
    }

    private static void Break(string path, string kind)
    {
        using var file = File.OpenWrite(path);
        switch (kind)
        {
            case "header":
                file.Position = 32;
                file.WriteByte(0);
                break;
            case "cut":
                file.SetLength(file.Length - 1);
                break;
            default:
                file.SetLength(0);
                break;
        }
    }

    [Fact]
    public async Task AFullDisk_IsToldAndForgotten()
    {
        var files = new SimulatedFiles();
        await using var store = LiteDbSnapshotStore.Open(files);
        await store.SaveAsync(Made(Stream, 1, 50));
        files.Fails = operation =>
            operation is { Verb: FileVerb.Write, Role: FileRole.Log } ? new IOException("No space left on device (simulated).") : null;
        await Assert.ThrowsAsync<SnapshotStoreException>(async () => await store.SaveAsync(Made(Stream, 2, 50)));
        files.Fails = _ => null;
        Assert.Equal(1, store.Load(Stream).Snapshot!.Version);
        await store.SaveAsync(Made(Stream, 3, 50));
        Assert.Equal(3, store.Load(Stream).Snapshot!.Version);
    }

    internal static Snapshot Made(StreamId stream, long version, int size) =>
        new(stream, version, new Head(version, new string('a', 64)), new Encoded(
            "State", 1, Enumerable.Range(0, size).Select(item => (byte)(item * version % 251)).ToArray()));
}
