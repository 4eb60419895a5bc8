// Journals in segment files that are made once and read by several rows, each closed in order.
// Used by the rows that open, read and fold.
using Refold.Segments;

namespace Refold.Bench;

/// <summary>A closed journal in a directory.</summary>
/// <param name="Folder">Its directory.</param>
/// <param name="Entries">How many entries it has.</param>
internal sealed record MadeJournal(string Folder, int Entries)
{
    // What is read later need not be durable now; the files are the same.
    private static readonly JournalOptions Fast = new() { Segments = new() { Durability = Durability.PowerCutLosesNewest } };

    private static readonly OpeningWays OnlyScan = new() { Checkpoint = false, Footers = false };

    /// <summary>The bytes of its segment files.</summary>
    public long FileBytes => new DirectoryInfo(Folder).EnumerateFiles().Sum(file => file.Length);

    /// <summary>One stream of entries of 256 bytes, in batches of 100.</summary>
    public static MadeJournal OfOneStream(BenchSession session) => Made(session, "one", 1, 100, session.ScaledJournal(1_000_000, 5_000));

    /// <summary>A thousand streams in turn, in batches of 1000.</summary>
    public static MadeJournal OfManyStreams(BenchSession session) =>
        Made(session, "many", 1000, 1000, session.ScaledJournal(1_000_000, 5_000));

    /// <summary>One stream, each entry a batch.</summary>
    public static MadeJournal OfSingles(BenchSession session) => Made(session, "singles", 1, 1, session.ScaledJournal(200_000, 2_000));

    /// <summary>One stream of JSON events.</summary>
    public static MadeJournal OfPayments(BenchSession session) => session.Kept("payments", () =>
        Make(session, "payments", session.ScaledJournal(1_000_000, 5_000), 100, (count, from) => Payloads.Payments(count, from)));

    /// <summary>Opens it as a user does.</summary>
    public SegmentJournal Open() => SegmentJournal.Open(Folder);

    /// <summary>Opens it as if nothing but its frames were there, as after a crash.</summary>
    public SegmentJournal Scan() => SegmentJournal.Open(Folder, new JournalOptions { Segments = new() { Opening = OnlyScan } });

    /// <summary>Appends entries in batches.</summary>
    public static void Append(ILocalJournal journal, EntryData[] entries, int batch)
    {
        foreach (var part in entries.Chunk(batch)) journal.AppendAsync(new AppendRequest(part)).Wait();
    }

    /// <summary>A journal of so many entries.</summary>
    public static MadeJournal Make(BenchSession session, string name, int entries, int batch, Func<int, int, EntryData[]> make)
    {
        const int Part = 10_000;
        string folder = session.NewFolder(name);
        using var journal = new Closing(SegmentJournal.Open(folder, Fast));
        for (int from = 0; from < entries; from += Part) Append(journal.Journal, make(Math.Min(Part, entries - from), from), batch);
        return new MadeJournal(folder, entries);
    }

    private static MadeJournal Made(BenchSession session, string name, int streams, int batch, int entries) =>
        session.Kept(name, () => Make(session, name, entries, batch, (count, from) => Payloads.Entries(count, streams, from)));

    /// <summary>A journal that is closed where it is left.</summary>
    internal readonly record struct Closing(SegmentJournal Journal) : IDisposable
    {
        public void Dispose() => Journal.DisposeAsync().Wait();
    }
}
