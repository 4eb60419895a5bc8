// The index of a sealed segment, asked where it lies: in the footer of the segment's file. FORMAT.md, "Footer".
// Made by SegmentIndex when a segment is opened by its footer, and when it is sealed.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>An index in a file, of which the pages that a question needs are read and checked.</summary>
internal sealed class FooterPart : IndexPart
{
    private const int FewNames = 256, FewBatches = 128;

    private readonly Format.SegmentTrailer trailer;
    private readonly FooterQuestions footer;
    private Core.TreePlace? before;
    private Core.TreePlace? behind;

    private FooterPart(SegmentFile segment, Format.SegmentTrailer trailer, FooterQuestions footer)
        : base(segment)
    {
        this.trailer = trailer;
        this.footer = footer;
    }

    /// <summary>What stands behind the footer.</summary>
    public Format.SegmentTrailer Trailer => trailer;

    /// <summary>How many blocks its filter has; 0 where it has none.</summary>
    public int FilterBlocks => footer.FilterBlocks;

    public override long LastPosition => trailer.Head.Position;

    public override Head? LastHead => trailer.Head;

    public override int Count => trailer.Entries;

    private bool HasHoles => trailer.Head.Position - FirstPosition + 1 > trailer.Entries;

    /// <summary>Reads the root of the footer.</summary>
    /// <exception cref="JournalCorruptedException">It is not what was written.</exception>
    public static FooterPart Open(SegmentFile segment, Format.SegmentTrailer trailer, PageCache cache)
    {
        var footer = FooterQuestions.Open(segment, trailer, cache);
        return footer.Entries == trailer.Entries
            ? new FooterPart(segment, trailer, footer)
            : throw new JournalCorruptedException(
                segment.Name.ToString(), trailer.FooterOffset, "the entries of a footer", NumberText.Of(trailer.Entries),
                NumberText.Of(footer.Entries));
    }

    /// <summary>A block of its filter.</summary>
    /// <exception cref="JournalCorruptedException">It is not what was written.</exception>
    public ReadOnlyMemory<byte> FilterBlock(int number) => footer.FilterBlock(number);

    /// <summary>The block of a filter over few names; null where they are not few, or cannot be read.</summary>
    public ReadOnlyMemory<byte>? BlockOfFew() => footer.BlockOfFew();

    /// <summary>The deletions here: stream, last version, and the head position they were made at.</summary>
    public IReadOnlyList<(StreamId Id, long Version, long Position)> Deletions() =>
        // Before the first batch of a segment rows know no position.
        [.. footer.Deletions().Select(row => (row.Id, row.Version, Math.Max(row.Position, FirstPosition - 1)))];

    public override int IndexAt(long position)
    {
        if (position <= FirstPosition) return 0;
        if (position > LastPosition) return Count;
        return HasHoles ? footer.IndexAt(position) : (int)(position - FirstPosition);
    }

    public override Func<int, EntryRow> Reader()
    {
        var cursor = footer.Cursor();
        var names = new Dictionary<int, StreamId>();
        return number =>
        {
            var row = footer.Entry(cursor, number);
            return new EntryRow(row.Position, row.Version, NameOf(row.Stream), Segment, (int)row.Offset, row.Length);
        };

        StreamId NameOf(int number)
        {
            if (names.TryGetValue(number, out var name)) return name;
            // A page of answers needs few names, a long read most of them.
            if (names.Count < FewNames) return names[number] = footer.StreamAt(number).Stream;
            var (from, rows) = footer.StreamsWith(number);
            foreach (var (index, row) in rows.Index()) names[from + index] = row.Stream;
            return names[number];
        }
    }

    public override Func<int, long> Positions()
    {
        var cursor = footer.Cursor();
        return number => footer.Entry(cursor, number).Position;
    }

    public override StreamPart? Stream(StreamId id) => footer.Stream(id) is { } row ? PartOf(row) : null;

    public override PlaceReader StreamReader(StreamId id, StreamPart stream)
    {
        var (cursor, first) = (footer.Cursor(), stream.First);
        return (ordinal, places) =>
        {
            try
            {
                return footer.EntriesAt(cursor, first + ordinal, places);
            }
            catch (JournalException) when (places.Length > 1)
            {
                // A page behind the first row was not to be had: then one by one, up to the one that needs it.
                return footer.EntriesAt(cursor, first + ordinal, places[..1]);
            }
        };
    }

    public override int EntryOf(StreamId id, in StreamPart stream, int ordinal) => footer.Posting(stream.First + ordinal);

    public override Func<int, int>? OfType(string type) => Postings(footer.OfType(type));

    public override Func<int, int>? Tagged(string tag) => Postings(footer.Tagged(tag));

    public override Core.KnownKey? FindKey(string key) => footer.Key(key);

    public override IReadOnlyList<int> FindId(Guid id) => footer.ById(id);

    public override IReadOnlyList<int> FindCaused(Guid id) => footer.ByCause(id);

    // Only stubs and a base keep keys, and where either is there are holes.
    public override bool KeepsKeyBefore(long position) => (trailer.HasBase || HasHoles) && footer.KeepsKeyBefore(position);

    public override Head? HeadAt(long position) => BatchAt(position) is >= 0 and var number && Batch(number) is var batch
        ? new Head(batch.FirstPosition + batch.Count - 1, batch.Head)
        : null;

    public override long FirstHoleAfter(long after) =>
        HasHoles && after < LastPosition ? footer.FirstHoleAfter(Math.Max(after, FirstPosition - 1)) : LastPosition + 1;

    public override StreamRows StreamsFrom(string name) => new FooterStreamRows(footer, name);

    public override bool HasBase => trailer.HasBase;

    public override long HighestInBase(StreamId id) => trailer.HasBase ? footer.BaseStream(id)?.Highest ?? 0 : 0;

    public override IEnumerable<(StreamId Id, long Highest)> BaseStreamsFrom(string name) =>
        trailer.HasBase ? footer.BaseStreamsFrom(name).Select(stream => (stream.Stream, stream.Highest)) : [];

    public override Core.TreePlace Before() => before ??= footer.Before();

    // Of few batches a page or two have all of them.
    public override int BatchAt(long position) =>
        !HasHoles && footer.Batches > FewBatches && position >= FirstPosition && position <= LastPosition
            ? footer.BatchIndexOf((int)(position - FirstPosition), position)
            : footer.BatchIndexAt(position);

    public override Format.BatchRow Batch(int number) => footer.Batch(number);

    public override Hash? Node(long last, int height) => footer.Node(Before().Batches, last, height);

    public override Core.TreePlace Behind() => behind ??= footer.Behind();

    /// <summary>Says what <see cref="Behind"/> would read.</summary>
    public void Know(Core.TreePlace place) => behind = place;

    private Func<int, int>? Postings(Format.WordRow? word) => word is null ? null : footer.Postings(word.First, word.Count);

    private static StreamPart PartOf(Format.StreamRow row) => new(row.Highest, row.DeletedTo, row.First, row.Count);
}
