// What follows from entries and batches: highest versions, places, floors, keys, receipts, gaps. Gathered while the verification goes
// through them, then compared with the documents, so that one that is lost, stray or of something else is found.
// Called by LiteDbVerification.
using System.Globalization;
using System.Text;
using LiteDB;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>A fault in what was compared.</summary>
/// <param name="What">What is wrong.</param>
/// <param name="Position">Where; null where it has no position.</param>
internal sealed record DerivedFault(string What, long? Position = null);

/// <summary>What the documents of one journal have to be.</summary>
internal sealed class DerivedDocuments(Database database, JournalState state)
{
    private readonly Dictionary<StreamId, StreamFacts> streams = [];
    private readonly Dictionary<Word, PlaceFacts> words = [];
    private readonly List<(long First, long Last)> gaps = [];

    // Of batches with one key, which restoring allows, the later one counts.
    private readonly Dictionary<string, KeyFacts> keys = new(StringComparer.Ordinal);

    private long DroppedTo => state.View.Base.Position;

    // Documents say nothing of what comes later.
    private long Indexed => state.View.Progress.Indexed;

    /// <summary>Takes the beginning that was dropped.</summary>
    public DerivedFault? Begin(BsonDocument basis)
    {
        var count = 0L;
        foreach (var document in Names(Collections.Beginning))
        {
            var stream = Stream(document);
            var (highest, floor) = (document["h"].AsInt64, document["v"].AsInt64);
            // What a dropped beginning knows of a stream is all gone.
            if (highest < 1 || floor != highest || state.View.FloorOf(stream) < floor)
                return new($"the floor of '{stream}' is not what the dropped beginning says");
            streams[stream] = new StreamFacts { Highest = highest, Kept = highest, Dropped = highest };
            count++;
        }

        if (count != Base.ReadStreams(basis)) return new("the streams of the dropped beginning are not all there");
        var summary = Base.ReadSummary(basis);
        return
            summary.Peaks.Count == System.Numerics.BitOperations.PopCount((ulong)summary.Batches)
            && Base.ReadProvable(basis).All(size => size.Size > 0 && size.Size < summary.Batches)
                ? null
                : new DerivedFault("the batch tree of the dropped beginning does not fit its batches");
    }

    /// <summary>Takes an entry and the last position of its block.</summary>
    public DerivedFault? Add(JournalEntry entry, long block)
    {
        var stream = entry.Stream;
        var facts = Of(stream);
        if (entry.Version <= Math.Max(facts.Last, facts.Dropped))
            return new($"version {Text(entry.Version)} of '{stream}' comes a second time", entry.Position);
        if (entry.Version != facts.Last + 1 && entry.Version > Math.Max(state.View.FloorOf(stream), facts.Dropped) + 1)
            return new($"version {Text(facts.Last + 1)} of '{stream}' is missing", entry.Position);
        facts.Last = entry.Version;
        facts.Raise(entry.Version, isKept: entry.Position <= Indexed);
        if (entry.Version <= state.View.FloorOf(stream)) facts.LastHidden = entry.Position;
        if (entry.Position > Indexed) return null;
        facts.Places.Expect(new EntryPlace(entry.Version, entry.Position, block));
        foreach (var word in Word.Of(entry))
        {
            if (!words.TryGetValue(word, out var places)) words[word] = places = new PlaceFacts();
            places.Expect(new EntryPlace(entry.Position, entry.Position, block));
        }

        return null;
    }

    /// <summary>Takes a leaf that a compaction dropped.</summary>
    public DerivedFault? Drop(StreamVersions versions, Leaf leaf, long position)
    {
        var facts = Of(versions.Stream);
        facts.Raise(versions.Last, isKept: position <= Indexed);
        return
            versions.First == leaf.FirstVersion && versions.Last - versions.First + 1 == leaf.Count
            && versions.Last <= state.View.FloorOf(versions.Stream)
                ? null
                : new($"the entries that were dropped at position {Text(position)} were no deleted ones of their versions", position);
    }

    /// <summary>Takes a batch, once its entries and dropped leaves were taken.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="before">The position before it.</param>
    /// <param name="stored">Its entries that are there.</param>
    /// <param name="versions">Versions per stream, those of dropped leaves too.</param>
    public DerivedFault? Add(BatchRow batch, long before, List<StoredEntry> stored, IReadOnlyList<StreamVersions> versions)
    {
        foreach (var position in stored.Select(item => item.Entry.Position).Append(batch.Head.Position + 1))
        {
            if (position > before + 1) gaps.Add((before + 1, position - 1));
            before = position;
        }

        var isWhole = batch.DroppedParts == 0;
        var key = stored.Count == 0 ? batch.Key : stored[0].Entry.IdempotencyKey;
        // One that was forgotten or came again is no longer beside a batch of which entries were dropped.
        if (batch.Key != key && (isWhole || batch.Key is not null))
            return new($"the idempotency key of the batch at position {Text(batch.First)} is another", batch.First);
        if (key is null) return null;
        // Entries that are left do not tell the content of the whole.
        var content = isWhole ? PlacedBatch.FromStore(batch.First, stored, batch.Leaves, batch.Head).Content : (Hash?)null;
        keys[key] = new KeyFacts(batch.First, batch.Head, content, versions, batch.Key is not null);
        return null;
    }

    /// <summary>Compares everything with what is there.</summary>
    public DerivedFault? Compare() => Pieces() ?? Streams() ?? Words() ?? Floors() ?? Gaps() ?? KeysOfBatches() ?? Receipts();

    // In the order of keys those of one name come one behind another, each before the next.
    private DerivedFault? Pieces()
    {
        if (!state.View.KnowsPlaces) return new($"places are known up to position {Text(Indexed)}");
        foreach (var document in Names(Collections.Places))
        {
            var owner = PlaceOwner.OfPiece(document["_id"].AsBinary);
            var facts = owner.IsStream ? streams.GetValueOrDefault(owner.ToStream())?.Places : words.GetValueOrDefault(owner.ToWord());
            if (facts is null) return new($"there are places of '{Name(owner)}', which has no entries");
            facts.Find(PackedPlaces.ReadPiece(document, owner.IsStream));
        }

        return null;
    }

    private DerivedFault? Streams()
    {
        var count = 0;
        foreach (var document in Names(Collections.Streams))
        {
            var stream = Stream(document);
            if (!streams.TryGetValue(stream, out var facts) || document["v"].AsInt64 != facts.Kept)
                return new($"the highest version of '{stream}' is {Text(facts?.Kept ?? 0)}, not {Text(document["v"].AsInt64)}");
            facts.Places.Find(PackedPlaces.ReadLast(document, hasVersions: true));
            count++;
        }

        var known = streams.Count(item => item.Value.Kept > 0);
        if (count != known) return new($"the highest version is known of {Text(count)} of {Text(known)} streams");
        foreach (var (stream, facts) in streams)
        {
            if (!facts.Places.AreFound) return new($"the versions of '{stream}' are not all in the index");
        }

        return null;
    }

    private DerivedFault? Words()
    {
        foreach (var document in Names(Collections.Words))
        {
            var word = PlaceOwner.Of(Collections.Words, document["_id"].AsBinary).ToWord();
            if (!words.TryGetValue(word, out var facts)) return new($"there are places of '{word.Text}', which has no entries");
            facts.Find(PackedPlaces.ReadLast(document, hasVersions: false));
        }

        foreach (var (word, facts) in words)
        {
            if (!facts.AreFound) return new($"the positions of '{word.Text}' are not all in the index");
        }

        return null;
    }

    private DerivedFault? Floors()
    {
        foreach (var (stream, floor) in state.View.Floors)
        {
            var facts = streams.GetValueOrDefault(stream);
            if (facts is null || floor.Version < 0 || floor.Version > facts.Highest || floor.LastPosition != facts.LastHidden)
                return new($"the floor of '{stream}' does not fit its entries");
        }

        return null;
    }

    private DerivedFault? Gaps() =>
        gaps.SequenceEqual(state.View.Gaps) ? null : new("the positions without an entry are not those that the journal says");

    private DerivedFault? KeysOfBatches()
    {
        var before = state.View.Progress.KeysBefore;
        if (before < 0 || before > state.View.LastPosition + 1) return new($"keys are forgotten before position {Text(before)}");
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var document in Names(Collections.Keys))
        {
            var (key, row) = (Encoding.UTF8.GetString(document["_id"].AsBinary), KeyRow.Read(document));
            if (keys.TryGetValue(key, out var facts) && facts.First == row.First && facts.Head == row.Head)
            {
                found.Add(key);
                if (!Agrees(key, row, facts))
                    return new($"the idempotency key of the batch at position {Text(row.First)} stands for something else", row.First);
            }
            else if (!IsOfBeginning(key, row))
            {
                return new($"the idempotency key of the batch at position {Text(row.First)} is not that of a batch", row.First);
            }
        }

        foreach (var (key, facts) in keys)
        {
            if (facts.First >= before && !(found.Contains(key) && facts.IsNamed))
                return new($"the idempotency key of the batch at position {Text(facts.First)} is not found", facts.First);
        }

        return null;
    }

    // Without documents of its own, a receipt follows from the entries, which are all there.
    private bool Agrees(string key, KeyRow row, KeyFacts facts) => facts.Content is { } content
        ? row.Content.Equals(content) && row.ReceiptParts == 0
        : ReceiptVersions.OfKey(database, row, key)?.SequenceEqual(facts.Versions) == true;

    // Nothing else says what such a key stands for; what can be said is that it could.
    private bool IsOfBeginning(string key, KeyRow row)
    {
        var count = row.Head.Position - row.First + 1;
        return row.First > 0 && count > 0 && row.Head.Position <= DroppedTo && ReceiptVersions.OfKey(database, row, key) is { } versions
            && versions.DistinctBy(item => item.Stream).Count() == versions.Count
            && versions.Sum(item => item.Last - item.First + 1) <= count
            && versions.TrueForAll(item =>
                item.First > 0 && item.First <= item.Last && streams.TryGetValue(item.Stream, out var facts) && item.Last <= facts.Dropped);
    }

    // Each document belongs to a batch or to a key; a key that is lost leaves those of its receipt behind.
    private DerivedFault? Receipts()
    {
        foreach (var document in database.All(first => Search.ByIds(Collections.Receipts, first, BsonValue.MaxValue), BsonValue.MinValue))
        {
            var (kind, batch, part) = ReceiptVersions.Id(document);
            var isClaimed = kind == ReceiptVersions.OfLeaves
                ? Batch(batch) is { } row && part < row.DroppedParts
                : database.Get(Collections.Keys, document["k"]) is { } found && KeyRow.Read(found) is var key
                    // One that came again has the receipt of its later batch.
                    && (key.First > batch || key.First == batch && part < key.ReceiptParts);
            if (!isClaimed) return new($"what is kept of the batch at position {Text(batch)} belongs to nothing", batch);
        }

        return null;
    }

    private BatchRow? Batch(long first) =>
        database.First(Search.ByIds(Collections.Batches, first, long.MaxValue)) is { } document && BatchRow.Read(document) is var row
        && row.First == first
            ? row
            : null;

    private StreamFacts Of(StreamId stream)
    {
        if (!streams.TryGetValue(stream, out var facts)) streams[stream] = facts = new StreamFacts();
        return facts;
    }

    private IEnumerable<BsonDocument> Names(string collection) =>
        database.All(first => Search.ByIds(collection, first, Keys.AboveNames), Array.Empty<byte>());

    private static StreamId Stream(BsonDocument document) => StreamId.Create(Encoding.UTF8.GetString(document["_id"].AsBinary));

    private static string Name(PlaceOwner owner) => owner.IsStream ? owner.ToStream().Value : owner.ToWord().Text;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What is known of a stream so far.</summary>
    private sealed class StreamFacts
    {
        /// <summary>The highest version it ever had.</summary>
        public long Highest { get; set; }

        /// <summary>The highest version that its document has to say; 0 where there is to be none.</summary>
        public long Kept { get; set; }

        /// <summary>The highest version it had in the dropped beginning.</summary>
        public long Dropped { get; init; }

        /// <summary>The version of its last entry that is there; 0 for none.</summary>
        public long Last { get; set; }

        /// <summary>Where its entries lie.</summary>
        public PlaceFacts Places { get; } = new();

        /// <summary>The position of its last deleted entry that is there; 0 for none.</summary>
        public long LastHidden { get; set; }

        public void Raise(long version, bool isKept)
        {
            Highest = Math.Max(Highest, version);
            if (isKept) Kept = Math.Max(Kept, version);
        }
    }

    /// <summary>What a key has to stand for; without content where entries of its batch are gone.</summary>
    private sealed record KeyFacts(long First, Head Head, Hash? Content, IReadOnlyList<StreamVersions> Versions, bool IsNamed);
}
