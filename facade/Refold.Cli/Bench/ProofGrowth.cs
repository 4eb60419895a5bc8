// What proofs and causal walks read of journals of more and more batches and entries: bytes and pages, counted; never time.
// Two tables of Growth.
using System.Buffers.Binary;
using System.Globalization;
using Refold.Cli.Shell;
using Refold.Segments;

namespace Refold.Bench;

/// <summary>One table of growth.</summary>
/// <param name="Axis">What grows.</param>
/// <param name="Sizes">How far, column by column.</param>
/// <param name="Costs">The rows of a column: name, unit, figure.</param>
internal sealed record GrowthTable(string Axis, IReadOnlyList<long> Sizes, Func<int, List<(string Name, string Unit, double? Cost)>> Costs);

internal static class ProofGrowth
{
    private const int Proofs = 200, PageBytes = 4096, SmallAnswer = 10, LargeAnswer = 10_000, Batch = 1000, Absent = 2000;

    private static readonly JournalOptions Unflushed = new() { Segments = new() { Durability = Durability.PowerCutLosesNewest } };

    /// <summary>Proofs over batches of one entry each.</summary>
    public static GrowthTable Batches(BenchSession session, long most) => Table(session, "batches", most, 1000, batches =>
    {
        var made = MadeJournal.Make(session, "proofs", batches, 1, (count, from) => Payloads.Entries(count, 1000, from));
        using var read = new CountedJournal(made.Folder);
        var random = SeededRng.FromSeed(11);
        var (journal, costs) = (read.Journal, new List<(string, string, double?)>());
        // What is asked once of a journal: its size, and the upper levels of its index.
        _ = journal.RootAt();
        // Each kind of other places, so that one does not find the pages of the other.
        List<(long Position, long Size)> Pairs() =>
            [.. Enumerable.Range(0, Proofs).Select(_ => random.Between(1L, batches)).Select(at => (at, random.Between(at, (long)batches)))];
        var (asked, grown) = (Pairs(), Pairs());
        var proofs = new List<InclusionProof>();
        var inclusion = read.Count(() => proofs.AddRange(asked.Select(ask => journal.InclusionProof(ask.Position, ask.Size))));
        var consistencies = new List<ConsistencyProof>();
        var consistency = read.Count(() =>
            consistencies.AddRange(grown.Select(ask => journal.ConsistencyProof(ask.Position, ask.Size))));
        if (proofs.Zip(asked).Any(pair => pair.First.FindFault(journal.RootAt(pair.Second.Size)) is not null)
            || consistencies.Zip(grown).Any(pair =>
                !pair.First.Shows(journal.RootAt(pair.Second.Position), journal.RootAt(pair.Second.Size))))
        {
            throw new InvalidOperationException("A proof does not hold.");
        }

        costs.Add(("inclusion: the path", "hashes", proofs.Average(proof => proof.Path.Count)));
        costs.Add(("inclusion: the record", "bytes", proofs.Average(proof => proof.Record.Length)));
        costs.Add(("inclusion: the leaf", "bytes", proofs.Average(proof => proof.Canonical.Sum(entry => entry.Length))));
        costs.Add(("inclusion: read", "bytes", (double)inclusion.Bytes / Proofs));
        costs.Add(("inclusion: read", "reads", (double)inclusion.Reads / Proofs));
        costs.Add(("consistency: the path", "hashes", consistencies.Average(proof => proof.Path.Count)));
        costs.Add(("consistency: read", "bytes", (double)consistency.Bytes / Proofs));
        costs.Add(("consistency: read", "reads", (double)consistency.Reads / Proofs));
        return costs;
    });

    /// <summary>Walks along causes with answers of ten and of ten thousand, scattered over the whole journal.</summary>
    public static GrowthTable Causes(BenchSession session, long most) => Table(session, "entries, causes", most, SmallAnswer, entries =>
    {
        // The journal is made of both answers and of chains of ten neighbours between them.
        int large = Math.Min(LargeAnswer, entries / SmallAnswer), stride = entries / large, apart = entries / SmallAnswer;
        string folder = session.NewFolder("causes");
        using (var filling = new MadeJournal.Closing(SegmentJournal.Open(folder, Unflushed)))
        {
            for (int from = 0; from < entries; from += Batch)
            {
                var part = Payloads.Entries(Math.Min(Batch, entries - from), 1000, from).Select((entry, index) => entry with
                {
                    Id = IdOf(from + index),
                    CausationId = CauseOf(from + index, stride, apart) is { } cause ? IdOf(cause) : null,
                });
                filling.Journal.AppendAsync(new AppendRequest([.. part])).Wait();
            }
        }

        using var read = new CountedJournal(folder);
        var (journal, costs) = (read.Journal, new List<(string, string, double?)>());
        // The upper level: filters, what the segment that is written keeps in memory, and later on false alarms of filters.
        var (upper, alarms) = (read.Count(() => LookUp(0)), read.Count(() => LookUp(Absent)));
        costs.Add(("the upper level, once", "pages", upper.Pages));
        costs.Add(("the upper level, a look-up", "pages", alarms.Pages / (2.0 * Absent)));
        void LookUp(int from)
        {
            for (int absent = from; absent < from + Absent; absent++)
                _ = journal.FindById(IdOf(entries + absent)).Count + journal.CausedBy(IdOf(entries + absent)).Count;
        }

        void Walk(string name, int expected, Func<CausalWalk> walk)
        {
            int found = 0;
            var counted = read.Count(() => found = walk().Entries.Count);
            if (found != expected) throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"A walk found {found} entries of {expected}."));
            costs.Add((name, "pages an entry", (double)counted.Pages / found));
        }

        Walk("causes, an answer of 10", SmallAnswer, () => journal.Causes(2L + (apart * (SmallAnswer - 1L))));
        Walk("consequences, an answer of 10", SmallAnswer, () => journal.Consequences(2));
        Walk("consequences, an answer of 10,000", large, () => journal.Consequences(1, LargeAnswer));
        return costs;
    });

    // Places count from 0. Every stride-th is in a tree in which each has ten consequences; every apart-th, one behind, in a chain.
    private static int? CauseOf(int number, int stride, int apart)
    {
        if (number % stride == 0) return number == 0 ? null : ((number / stride) - 1) / SmallAnswer * stride;
        if (number % apart == 1) return number == 1 ? null : number - apart;
        int before = number - 1;
        return number % SmallAnswer == 2 || before % stride == 0 || before % apart == 1 ? null : before;
    }

    private static Guid IdOf(int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, unchecked((ulong)(number + 1) * 0x9E3779B97F4A7C15));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], unchecked((ulong)(number + 1) * 0xD1342543DE82EF95));
        return new Guid(bytes);
    }

    private static GrowthTable Table(
        BenchSession session, string axis, long most, int least, Func<int, List<(string Name, string Unit, double? Cost)>> costs)
    {
        List<long> sizes = [.. Steps(Math.Max(1000, least), most)];
        return new GrowthTable(axis, sizes, number =>
        {
            session.Note(string.Create(CultureInfo.InvariantCulture, $"growth: {sizes[number]} {axis}"));
            return costs((int)sizes[number]);
        });
    }

    private static IEnumerable<long> Steps(long first, long last)
    {
        for (long step = first; step < last; step *= 10) yield return step;
        yield return last;
    }

    /// <summary>A journal that is read through a device that counts, and removed afterwards.</summary>
    private sealed class CountedJournal : IDisposable
    {
        private readonly string folder;
        private long reads, bytes, pages;

        public CountedJournal(string folder)
        {
            this.folder = folder;
            Journal = SegmentJournal.Open(
                new WatchedDevice(new DirectoryDevice(folder), Add, CancellationToken.None),
                new JournalOptions { ReadOnly = true, Segments = new() { Reads = Reads.Copied } });
        }

        public SegmentJournal Journal { get; }

        public (long Reads, long Bytes, long Pages) Count(Action work)
        {
            (reads, bytes, pages) = (0, 0, 0);
            work();
            return (reads, bytes, pages);
        }

        public void Dispose()
        {
            Journal.DisposeAsync().Wait();
            Directory.Delete(folder, recursive: true);
        }

        private void Add(long offset, int count)
        {
            reads++;
            bytes += count;
            pages += ((offset + count - 1) / PageBytes) - (offset / PageBytes) + 1;
        }
    }
}
