// Checking a LiteDB journal from the first entry to the last, without changing a byte: checksums, leaves, heads, versions, indexes, keys.
// Called by LiteDbJournal.Verify, for the tool, for backups and for people who keep them.
using System.Globalization;
using Refold.LiteDb;
using Refold.LiteDb.Storage;

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
    private sealed class Check(Database database, string file)
    {
        private readonly Dictionary<StreamId, (long Version, long Count)> streams = [];
        private readonly Dictionary<Word, (long Count, long Sum)> words = [];

        // Of batches with one key, which restoring allows, the later one counts.
        private readonly Dictionary<string, (long First, Head Head, KnownKey? Known)> keyed = new(StringComparer.Ordinal);
        private readonly JournalState state = new(database);
        private List<StoredEntry> piece = [];
        private int read;
        private long next = 1;
        private long readable;
        private long batches;
        private DateTimeOffset? latest;

        public Reader Reader { get; } = new(database, new EntryDocument(database.Journal, file), file);

        public Head Head { get; private set; } = default;

        public long Entries { get; private set; }

        public LiteDbFault? Run()
        {
            database.CheckPages();
            var progress = state.View.Progress;
            Head = state.View.Base;
            if (database.Get(Collections.Meta, Base.Id) is { } basis && Base.ReadSummary(basis) is var before)
                (batches, latest) = (before.Batches, before.Latest);
            foreach (var document in database.All(first => Search.ByIds(Collections.Batches, first, long.MaxValue), 0L))
            {
                if (Batch(BatchRow.Read(document)) is { } fault) return fault;
            }

            if (!Head.Hash.Equals(progress.Head.Hash) || Head.Position != progress.Head.Position)
                return Fault($"the head is {Head}, the journal says {progress.Head}");
            if (batches != progress.Batches || latest != progress.Latest)
                return Fault(
                    $"there are {Text(batches)} batches up to {Text(latest)}, "
                    + $"the journal says {Text(progress.Batches)} up to {Text(progress.Latest)}");
            if (Next() is { } stray) return Fault($"the entry at position {Text(stray.Entry.Position)} belongs to no batch");
            return KeysOfBatches() ?? Streams() ?? Words()
                ?? (
                    readable == progress.Entries
                        ? null
                        : Fault($"{Text(readable)} entries can be read, the journal says {Text(progress.Entries)}"));
        }

        private LiteDbFault? Batch(BatchRow batch)
        {
            var next = AppendRule.HeadAfter(Head.Hash, batch.First, batch.Leaves);
            if (batch.First <= Head.Position || next.Position != batch.Head.Position || !next.Hash.Equals(batch.Head.Hash))
                return Fault($"the head behind position {Text(batch.Head.Position)} does not follow from the one before it");
            var position = batch.First;
            var stored = new List<StoredEntry>();
            var gone = 0;
            foreach (var leaf in batch.Leaves)
            {
                var canonical = new List<ReadOnlyMemory<byte>>();
                for (; Next() is { } found && found.Entry.Position < position + leaf.Count; read++)
                {
                    if (Entry(found.Entry, batch.First, leaf.FirstVersion + canonical.Count) is { } fault) return fault;
                    stored.Add(found);
                    canonical.Add(found.CanonicalBytes);
                }

                // All of a leaf is there, or, after a compaction, nothing of it.
                if (canonical.Count != 0 && (canonical.Count != leaf.Count || !AppendRule.LeafHash(canonical).Equals(leaf.Hash)))
                    return Fault($"the entries from position {Text(position)} on have another hash than their leaf", position);
                // A hole of a restored batch was never an entry.
                if (canonical.Count == 0 && leaf.FirstVersion != 0) gone++;
                position += leaf.Count;
            }

            var dropped = ReceiptVersions.KeptLeaves(database, batch.First, batch.DroppedParts).ToList();
            if (gone != dropped.Count)
                return Fault($"entries of the batch at position {Text(batch.First)} are gone, and no compaction dropped them", batch.First);
            foreach (var leaf in dropped) latest = Times.Later(latest, leaf.Latest);
            if (batch.Tree != new TreeRow(batches, AppendRule.TreeLeaf(batch.First, batch.Leaves), latest))
                return Fault($"the place of the batch at position {Text(batch.First)} in the batch tree is another", batch.First);
            batches++;
            Head = batch.Head;
            if (stored.Count > 0 && stored[0].Entry.IdempotencyKey is { } key)
            {
                var placed = PlacedBatch.FromStore(batch.First, stored, batch.Leaves, batch.Head);
                // Entries that are left do not tell the content of the whole.
                keyed[key] = (batch.First, batch.Head, gone == 0 ? new KnownKey(placed.Content, placed.Receipt) : null);
            }

            return null;
        }

        // Each key stands for the content and the receipt of its batch, as far as its entries tell them.
        private LiteDbFault? KeysOfBatches()
        {
            var index = new LiteDbIndex(database, state);
            foreach (var (key, (first, head, known)) in keyed)
            {
                if (first < state.View.KeysBefore) continue;
                if (index.FindKey(key) is not var (content, receipt) || receipt.FirstPosition != first || receipt.Head != head)
                    return Fault($"the idempotency key of the batch at position {Text(first)} is not found", first);
                if (known is var (same, whole) && (!content.Equals(same) || !receipt.Versions.SequenceEqual(whole.Versions)))
                    return Fault($"the idempotency key of the batch at position {Text(first)} stands for something else", first);
            }

            return null;
        }

        private LiteDbFault? Entry(JournalEntry entry, long batch, long version)
        {
            var stream = entry.Stream;
            var (last, count) = streams.GetValueOrDefault(stream, (entry.Version - 1, 0));
            if (entry.Batch != batch || entry.Version != version || entry.Version <= last)
                return Fault(
                    $"the entry is version {Text(entry.Version)} of '{stream}' in batch {Text(entry.Batch)}, "
                    + $"expected version {Text(version)} in batch {Text(batch)}",
                    entry.Position);
            if (entry.Version != last + 1 && entry.Version > state.View.FloorOf(stream) + 1)
                return Fault($"version {Text(last + 1)} of '{stream}' is missing", entry.Position);
            streams[stream] = (entry.Version, count + 1);
            foreach (var word in Word.Of(entry))
            {
                var (uses, sum) = words.GetValueOrDefault(word);
                words[word] = (uses + 1, unchecked(sum + entry.Position));
            }

            latest = Times.Later(latest, entry.Time);
            Entries++;
            if (state.View.Shows(entry)) readable++;
            return null;
        }

        private LiteDbFault? Streams()
        {
            foreach (var (stream, (version, count)) in streams)
            {
                if (database.Get(Collections.Streams, Keys.OfStream(stream)) is not { } document || document["v"].AsInt64 < version)
                    return Fault($"the highest version of '{stream}' is not {Text(version)}");
                if (
                    Count(first => Search.ByVersions(stream, first, long.MaxValue), found =>
                        Keys.LastNumber(found["k"].AsBinary)).Count != count)
                    return Fault($"the versions of '{stream}' are not all in the index");
            }

            return null;
        }

        private LiteDbFault? Words()
        {
            foreach (var (word, expected) in words)
            {
                if (Count(first => Search.ByWord(word, first, long.MaxValue), found => found["_id"].AsInt64) != expected)
                    return Fault($"the positions of '{word.Text}' are not all in the index");
            }

            return null;
        }

        private (long Count, long Sum) Count(Func<long, Search> search, Func<LiteDB.BsonDocument, long> number)
        {
            var (count, sum, next) = (0L, 0L, 1L);
            while (database.Find(search(next), 1000) is { Count: > 0 } found)
            {
                count += found.Count;
                foreach (var document in found) sum = unchecked(sum + document["_id"].AsInt64);
                next = number(found[^1]) + 1;
            }

            return (count, sum);
        }

        private StoredEntry? Next()
        {
            if (read < piece.Count) return piece[read];
            if (piece.Count > 0) next = piece[^1].Entry.Position + 1;
            piece = Reader.Stored(next, long.MaxValue);
            read = 0;
            return piece.Count == 0 ? null : piece[0];
        }

        private LiteDbFault Fault(string what, long? position = null) => new(position ?? Head.Position + 1, what);

        private static string Text(DateTimeOffset? time) => time?.ToString("o", CultureInfo.InvariantCulture) ?? "no time";

        private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>The first thing that is not in order.</summary>
/// <param name="Position">The first position that could not be confirmed.</param>
/// <param name="What">What is wrong.</param>
public sealed record LiteDbFault(long Position, string What);
