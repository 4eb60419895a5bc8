// The fixtures of the LiteDB stores: simulated files that lose what was not flushed, and real ones.
// Used by the conformance tests of Refold.LiteDb and by ConformanceSuites.
using Refold.LiteDb.Storage;

namespace Refold.Suites;

/// <summary>Files that crash: each 512 bytes that were not flushed are kept or lost, as follows from what was done.</summary>
internal sealed class SimulatedLiteDbFixture : JournalFixture
{
    // Closed at the end: those that crashed would keep a thread and their files for good.
    private readonly List<LiteDbJournal> opened = [];
    private SimulatedFiles files = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) =>
        OpenWithGatesAsync(new JournalOptions(), cancellationToken);

    public override ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken)
    {
        opened.Add(LiteDbJournal.Open(files, options, places: Workload.Places));
        return new(opened[^1]);
    }

    public override ValueTask<bool> CrashAsync()
    {
        files = files.Crash(files.Count, Loss.TornSector, new Random(files.Count));
        return new(true);
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var journal in opened) await journal.DisposeAsync();
        await base.DisposeAsync();
    }
}

/// <summary>Real files. They are opened exclusively, so there is one process.</summary>
internal sealed class LiteDbFileFixture : JournalFixture
{
    private readonly TemporaryDirectory directory = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) =>
        Journal.OpenAsync("litedb:" + directory.File("j.db"), cancellationToken: cancellationToken);

    public override ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        Journal.OpenAsync("litedb:" + directory.File("j.db"), options, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        directory.Dispose();
        return base.DisposeAsync();
    }
}

/// <summary>Snapshots in files that crash and can be damaged.</summary>
internal sealed class LiteDbSnapshotFixture : SnapshotFixture
{
    private SimulatedFiles files = new();

    public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

    public override ValueTask<ISnapshotStore> OpenAsync(SnapshotOptions options, CancellationToken cancellationToken) =>
        new(LiteDbSnapshotStore.Open(files, options));

    public override ValueTask<bool> CrashAsync()
    {
        files = files.Crash(files.Count, Loss.TornSector, new Random(files.Count));
        return new(true);
    }

    public override ValueTask<bool> DamageAsync(StreamId stream)
    {
        using var database = Database.Open(files, readOnly: false, StoreKind.Snapshots);
        var newest = new SnapshotDocuments(database).Versions(stream)[^1];
        var document = database.Get(Collections.Snapshots, Keys.OfVersion(stream, newest))!;
        document["d"].AsBinary[^1] ^= 1;
        database.Write(engine => engine.Upsert(Collections.Snapshots, [document], LiteDB.BsonAutoId.ObjectId));
        return new(true);
    }
}
