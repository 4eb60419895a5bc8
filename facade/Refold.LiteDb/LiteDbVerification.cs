// Checking a LiteDB journal from the first entry to the last, without changing a byte: checksums, leaves, heads, versions, indexes, keys.
// Called by LiteDbJournal.Verify, for the tool, for backups and for people who keep them.
using System.Globalization;
using Refold.LiteDb;
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold;

/// <summary>What verifying a LiteDB journal found.</summary>
/// <param name="Entries">How many entries are in order before the first fault.</param>
/// <param name="Head">The head behind them.</param>
/// <param name="First">The first fault; null where everything is in order.</param>
public sealed record LiteDbVerification(long Entries, Head Head, LiteDbFault? First)
{
    /// <summary>Whether everything is in order.</summary>
    public bool Ok => First is null;

    internal static LiteDbVerification Of(Database database, string file)
    {
        var check = new Check(database, file);
        LiteDbFault? fault;
        try
        {
            fault = check.Reader.Guarded(check.Run);
        }
        catch (JournalCorruptedException exception)
        {
            fault = new LiteDbFault(check.Head.Position + 1, $"{exception.What} is {exception.Found}, expected {exception.Expected}");
        }

        return new LiteDbVerification(check.Entries, check.Head, fault);
    }

    /// <summary>One verification.</summary>
    private sealed class Check
    {
        private readonly Database database;
        private readonly JournalState state;
        private readonly DerivedDocuments derived;
        private readonly NodeFacts nodes;
        private readonly DerivedIds ids;
        private List<LocatedEntry> piece = [];
        private int read;
        private long next = 1;
        private long readable;
        private long batches;
        private DateTimeOffset? latest;

        public Check(Database database, string file)
        {
            this.database = database;
            Reader = new Reader(database, new EntryBlocks(database.Journal, file), file);
            state = Reader.Guarded(() => new JournalState(database));
            derived = new DerivedDocuments(database, state);
            nodes = new NodeFacts(database, state.View.Progress.Indexed);
            ids = new DerivedIds(database, state.View.Progress.Indexed);
        }

        public Reader Reader { get; }

        public Head Head { get; private set; } = default;

        public long Entries { get; private set; }

        public LiteDbFault? Run()
        {
            database.CheckPages();
            var progress = state.View.Progress;
            Head = state.View.Base;
            if (database.Get(Collections.Meta, Base.Id) is { } basis && Base.ReadSummary(basis) is var before)
            {
                (batches, latest) = (before.Batches, before.Latest);
                if (derived.Begin(basis) is { } wrong) return Fault(wrong);
                nodes.Begin(before);
            }

            foreach (var document in database.All(first => Search.ByIds(Collections.Batches, first, long.MaxValue), 0L))
            {
                var batch = BatchRow.Read(document);
                if (!WrittenForm.Is(document, batch.Write()))
                    return Fault($"the batch at position {Text(batch.First)} is not as one is written", batch.First);
                if (Batch(batch) is { } fault) return fault;
            }

            if (!Head.Hash.Equals(progress.Head.Hash) || Head.Position != progress.Head.Position)
                return Fault($"the head is {Head}, the journal says {progress.Head}");
            if (batches != progress.Batches || latest != progress.Latest)
                return Fault(
                    $"there are {Text(batches)} batches up to {Text(latest)}, "
                    + $"the journal says {Text(progress.Batches)} up to {Text(progress.Latest)}");
            if (Next() is { } stray) return Fault($"the entry at position {Text(stray.Entry.Position)} belongs to no batch");
            if ((derived.Compare() ?? nodes.End() ?? ids.Compare()) is { } other) return Fault(other);
            if (WrittenForm.Fault(database) is { } form) return Fault(form);
            return readable == progress.Entries
                ? null
                : Fault($"{Text(readable)} entries can be read, the journal says {Text(progress.Entries)}");
        }

        private LiteDbFault? Batch(BatchRow batch)
        {
            var next = AppendRule.HeadAfter(Head.Hash, batch.First, batch.Leaves);
            if (batch.First <= Head.Position || next.Position != batch.Head.Position || !next.Hash.Equals(batch.Head.Hash))
                return Fault($"the head behind position {Text(batch.Head.Position)} does not follow from the one before it");
            var position = batch.First;
            var stored = new List<StoredEntry>();
            var versions = new ReceiptVersions();
            var dropped = new Queue<DroppedLeaf>(ReceiptVersions.KeptLeaves(database, batch.First, batch.DroppedParts));
            foreach (var leaf in batch.Leaves)
            {
                var canonical = new List<ReadOnlyMemory<byte>>();
                for (; Next() is { } found && found.Entry.Position < position + leaf.Count; read++)
                {
                    if (Entry(found, batch.First, leaf.FirstVersion + canonical.Count) is { } fault) return fault;
                    stored.Add(found.Stored);
                    versions.Add(new StreamVersions(found.Entry.Stream, found.Entry.Version, found.Entry.Version));
                    canonical.Add(found.Stored.CanonicalBytes);
                }

                // All of a leaf is there, or, after a compaction, nothing of it.
                if (canonical.Count != 0 && (canonical.Count != leaf.Count || !AppendRule.LeafHash(canonical).Equals(leaf.Hash)))
                    return Fault($"the entries from position {Text(position)} on have another hash than their leaf", position);
                // A hole of a restored batch was never an entry.
                if (canonical.Count == 0 && leaf.FirstVersion != 0)
                {
                    if (!dropped.TryDequeue(out var gone)) return NotDropped(batch);
                    if (derived.Drop(gone.Versions, leaf, position) is { } wrong) return Fault(wrong);
                    versions.Add(gone.Versions);
                    latest = Times.Later(latest, gone.Latest);
                }

                position += leaf.Count;
            }

            if (dropped.Count > 0) return NotDropped(batch);
            if (batch.Tree != new TreeRow(batches, AppendRule.TreeLeaf(batch.First, batch.Leaves), latest))
                return Fault($"the place of the batch at position {Text(batch.First)} in the batch tree is another", batch.First);
            if ((derived.Add(batch, Head.Position, stored, versions.List) ?? nodes.Add(batch)) is { } other) return Fault(other);
            batches++;
            Head = batch.Head;
            return null;
        }

        private LiteDbFault NotDropped(BatchRow batch) =>
            Fault($"entries of the batch at position {Text(batch.First)} are gone, and no compaction dropped them", batch.First);

        private LiteDbFault? Entry(LocatedEntry located, long batch, long version)
        {
            var entry = located.Entry;
            if (entry.Batch != batch || entry.Version != version)
                return Fault(
                    $"the entry is version {Text(entry.Version)} of '{entry.Stream}' in batch {Text(entry.Batch)}, "
                    + $"expected version {Text(version)} in batch {Text(batch)}",
                    entry.Position);
            if (derived.Add(entry, located.Block) is { } fault) return Fault(fault);
            ids.Expect(entry);
            latest = Times.Later(latest, entry.Time);
            Entries++;
            if (state.View.Shows(entry)) readable++;
            return null;
        }

        private LocatedEntry? Next()
        {
            if (read < piece.Count) return piece[read];
            if (piece.Count > 0) next = piece[^1].Entry.Position + 1;
            piece = Reader.Stored(next, long.MaxValue);
            read = 0;
            return piece.Count == 0 ? null : piece[0];
        }

        private LiteDbFault Fault(DerivedFault found) => Fault(found.What, found.Position);

        private LiteDbFault Fault(string what, long? position = null) => new(position ?? Head.Position + 1, what);

        private static string Text(DateTimeOffset? time) => time?.ToString("o", CultureInfo.InvariantCulture) ?? "no time";

        private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>The first thing that is not in order.</summary>
/// <param name="Position">The first position that could not be confirmed.</param>
/// <param name="What">What is wrong.</param>
public sealed record LiteDbFault(long Position, string What);
