// The conformance suites of journals and of snapshot stores for LiteDB, case by case: on simulated files that lose what was not flushed, and in real ones.
// Run by `dotnet test`; REFOLD_CONFORMANCE_SEED repeats the random sequences, REFOLD_CONFORMANCE_SEQUENCES makes more of them.
using System.Globalization;
using Refold.LiteDb.Storage;
using Refold.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class ConformanceTests(ITestOutputHelper output)
{
    private static readonly JournalConformance Simulated = new("litedb", () => new SimulatedFixture(), Options(30));
    private static readonly JournalConformance InFiles = new("litedb in files", () => new FileFixture(), Options(5));

    private static readonly SnapshotConformance OfSnapshots = new("litedb snapshots", () => new SnapshotsFixture(), Options(30));

    public static TheoryData<string> Cases => [.. Simulated.Cases.Select(item => item.Name)];

    public static TheoryData<string> SnapshotCases => [.. OfSnapshots.Cases.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task LiteDb(string name) => output.WriteLine((await Simulated.RunAsync(name)).ThrowIfFailed().ToString());

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task LiteDbInFiles(string name) => output.WriteLine((await InFiles.RunAsync(name)).ThrowIfFailed().ToString());

    [Theory]
    [MemberData(nameof(SnapshotCases))]
    public async Task LiteDbSnapshots(string name) => output.WriteLine((await OfSnapshots.RunAsync(name)).ThrowIfFailed().ToString());

    private static ConformanceOptions Options(int sequences) => new()
    {
        Sequences = (int?)Number("REFOLD_CONFORMANCE_SEQUENCES") ?? sequences,
        Seed = Number("REFOLD_CONFORMANCE_SEED"),
    };

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? ulong.Parse(given, CultureInfo.InvariantCulture) : null;

    /// <summary>Files that crash: each 512 bytes that were not flushed are kept or lost, as follows from what was done.</summary>
    private sealed class SimulatedFixture : JournalFixture
    {
        // Closed at the end: those that crashed would keep a thread and their files for good.
        private readonly List<LiteDbJournal> opened = [];
        private SimulatedFiles files = new();

        public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

        public override IJournal Open()
        {
            opened.Add(LiteDbJournal.Open(files));
            return opened[^1];
        }

        public override bool Crash()
        {
            files = files.Crash(files.Count, Loss.TornSector, new Random(files.Count));
            return true;
        }

        public override async ValueTask DisposeAsync()
        {
            foreach (var journal in opened) await journal.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class FileFixture : JournalFixture
    {
        private readonly TemporaryDirectory directory = new();

        public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

        public override IJournal Open() => Journal.Open("litedb:" + directory.File("j.db"));

        public override ValueTask DisposeAsync()
        {
            directory.Dispose();
            return base.DisposeAsync();
        }
    }

    private sealed class SnapshotsFixture : SnapshotFixture
    {
        private SimulatedFiles files = new();

        public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

        public override ISnapshotStore Open(SnapshotOptions options) => LiteDbSnapshotStore.Open(files, options);

        public override bool Crash()
        {
            files = files.Crash(files.Count, Loss.TornSector, new Random(files.Count));
            return true;
        }

        public override bool Damage(StreamId stream)
        {
            using var database = Database.Open(files, readOnly: false, StoreKind.Snapshots);
            var newest = new SnapshotDocuments(database).Versions(stream)[^1];
            var document = database.Get(Collections.Snapshots, Keys.OfVersion(stream, newest))!;
            document["d"].AsBinary[^1] ^= 1;
            database.Write(engine => engine.Upsert(Collections.Snapshots, [document], LiteDB.BsonAutoId.ObjectId));
            return true;
        }
    }
}
