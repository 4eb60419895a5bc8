// The index of one segment: where its entries lie, by position, stream, type, tag, batch and key.
// Put together by SegmentIndex; in memory (MemoryPart) or in the footer of the segment's file (FooterPart).
namespace Refold.Segments;

/// <summary>What a segment has, or had, of a stream.</summary>
/// <param name="Highest">The version of its last entry here; 0 where it has none.</param>
/// <param name="DeletedTo">The highest version that a deletion here names or a dropped leaf had; 0 for none.</param>
/// <param name="First">Where its entries begin in the part's own order.</param>
/// <param name="Count">How many entries it has here, version after version.</param>
internal readonly record struct StreamPart(long Highest, long DeletedTo, int First, int Count)
{
    /// <summary>The version of its first entry here.</summary>
    public long Lowest => Highest - Count + 1;

    /// <summary>The highest version that this part knows of.</summary>
    public long Known => Math.Max(Highest, DeletedTo);
}

/// <summary>The index of a segment. Entries are numbered from 0 in position order; that number never changes. Whether a segment may have a
/// name is asked before, of <see cref="NameFilters"/>.
/// Safe for use by many threads.</summary>
/// <param name="segment">The segment.</param>
internal abstract class IndexPart(SegmentFile segment)
{
    public SegmentFile Segment { get; } = segment;

    /// <summary>The lowest position the segment may hold.</summary>
    public long FirstPosition => Segment.Header.FirstPosition;

    /// <summary>The head position behind its last frame.</summary>
    public abstract long LastPosition { get; }

    /// <summary>The head behind the last batch; null where there is none yet.</summary>
    public abstract Head? LastHead { get; }

    /// <summary>How many entries there are.</summary>
    public abstract int Count { get; }

    /// <summary>The number of the first entry at or behind a position; <see cref="Count"/> where there is none.</summary>
    public abstract int IndexAt(long position);

    /// <summary>What reads entries by their number, one after the other at little cost. Used by one thread.</summary>
    public abstract Func<int, EntryRow> Reader();

    /// <summary>What tells the positions of entries by their number. Used by one thread.</summary>
    public abstract Func<int, long> Positions();

    /// <summary>What the segment has of a stream; null for nothing.</summary>
    public abstract StreamPart? Stream(StreamId id);

    /// <summary>What reads rows of a stream by which of its entries here they are, from 0. That an entry is of the stream is found when it
    /// is read. Used by one thread.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="stream">What the segment has of it.</param>
    public abstract PlaceReader StreamReader(StreamId id, StreamPart stream);

    /// <summary>The number of one of a stream's entries.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="stream">What the segment has of it.</param>
    /// <param name="ordinal">Which of its entries here, from 0.</param>
    public abstract int EntryOf(StreamId id, in StreamPart stream, int ordinal);

    /// <summary>What finds the first entry of a type at or behind a number, -1 for none; null where no entry has it.</summary>
    public abstract Func<int, int>? OfType(string type);

    /// <summary>What finds the first entry with an outward tag at or behind a number, -1 for none; null where no entry has it.</summary>
    public abstract Func<int, int>? Tagged(string tag);

    /// <summary>What a key stands for that was first used here, or that the base kept; null for any other key.</summary>
    public abstract Core.KnownKey? FindKey(string key);

    /// <summary>The numbers of the entries with an id, ascending, where the segment has an index of ids.</summary>
    public abstract IReadOnlyList<int> FindId(Guid id);

    /// <summary>The numbers of the entries that something with this id brought about, likewise.</summary>
    public abstract IReadOnlyList<int> FindCaused(Guid id);

    /// <summary>Whether a key is kept here, without its batch, of a batch that begins before a position.</summary>
    public abstract bool KeepsKeyBefore(long position);

    /// <summary>The head after the batch that has a position; null where none has.</summary>
    public abstract Head? HeadAt(long position);

    /// <summary>The first position behind another one that has no entry; one above
    /// <see cref="LastPosition"/> where there is none.</summary>
    public abstract long FirstHoleAfter(long after);

    /// <summary>The streams the segment has something of, from a name on, in the order of the names' UTF-8 bytes; read as they are
    /// asked for.</summary>
    public abstract StreamRows StreamsFrom(string name);

    /// <summary>Whether a dropped beginning left something here.</summary>
    public abstract bool HasBase { get; }

    /// <summary>What the dropped beginning had of a stream: its highest version; 0 for nothing.</summary>
    public abstract long HighestInBase(StreamId id);

    /// <summary>The streams of the dropped beginning, with their highest versions, from a name on, in the same order.</summary>
    public abstract IEnumerable<(StreamId Id, long Highest)> BaseStreamsFrom(string name);

    /// <summary>What the journal's batches come to before the segment.</summary>
    /// <exception cref="JournalCorruptedException">The index is not what was written.</exception>
    public abstract Core.TreePlace Before();

    /// <summary>What the journal's batches come to with those of the segment.</summary>
    /// <exception cref="JournalCorruptedException">The index is not what was written.</exception>
    public abstract Core.TreePlace Behind();

    /// <summary>The number of the batch that has a position, from 0; -1 where none has.</summary>
    public abstract int BatchAt(long position);

    /// <summary>A batch by its number, with its leaf in the batch tree.</summary>
    public abstract Format.BatchRow Batch(int number);

    /// <summary>A subtree of 16 batches or more that ends with a batch of the segment; null where there is none.</summary>
    /// <param name="last">The ordinal of its last batch.</param>
    /// <param name="height">Its height.</param>
    public abstract Hash? Node(long last, int height);
}

/// <summary>Reads rows of one stream, many at once.</summary>
/// <param name="ordinal">The first of them.</param>
/// <param name="places">Where they go; no more than there are behind the first.</param>
/// <returns>How many were read, at least one; fewer than there is room for where the next one cannot be read.</returns>
/// <exception cref="JournalCorruptedException">The first is not what was written.</exception>
internal delegate int PlaceReader(int ordinal, Span<Format.EntryPlace> places);
