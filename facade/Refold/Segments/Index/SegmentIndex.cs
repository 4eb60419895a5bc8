// The index of an open segment journal, put together from one part for each segment.
// Filled by OpenedDirectory, grown by SegmentLog, asked by SegmentJournal.
namespace Refold.Segments;

/// <summary>Where an entry lies.</summary>
/// <param name="Position">Its position.</param>
/// <param name="Version">Its version.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Segment">The segment.</param>
/// <param name="Offset">The offset of its frame.</param>
/// <param name="Size">The bytes of its frame.</param>
/// <param name="Near">The bytes from there to the end of the last one that is read next and lies near; 0 where that is not known.</param>
internal readonly record struct EntryRow(
    long Position, long Version, StreamId Stream, SegmentFile Segment, int Offset, int Size, int Near = 0);

/// <summary>Everything committed. Sealed segments are asked in their footers; only the others are held in memory.
/// Safe for use by many threads.</summary>
/// <param name="isWritten">Whether the journal is written by this process, so that checkpoints and footers are made.</param>
/// <param name="options">How many pages are kept, and whether sealed segments are mapped.</param>
internal sealed partial class SegmentIndex(bool isWritten, SegmentOptions options) : IAppendIndex
{
    private readonly Lock gate = new();
    private readonly PageCache pages = new(options.IndexCacheBytes / Format.PageModule.bytes);
    private readonly DeletedStreams deleted = new();
    private readonly KnownVersions versions = new();

    // Replaced, never changed: whoever has taken it keeps what it saw.
    private IndexPart[] parts = [];
    private Head begin = Core.HeadModule.empty;
    private Head head = Core.HeadModule.empty;
    private long keysBefore;

    public Head Head
    {
        get
        {
            lock (gate) return head;
        }
    }

    /// <summary>The head behind a dropped beginning.</summary>
    public Head Begin
    {
        get
        {
            lock (gate) return begin;
        }
    }

    /// <summary>How many entries can be read.</summary>
    public long Entries
    {
        get
        {
            var now = Now();
            var hidden = deleted.Streams(now.Moment).Sum(stream => Math.Max(0, stream.Floor - GoneOf(now.Parts, stream.Id)));
            return now.Parts.Sum(part => (long)part.Count) - hidden;
        }
    }

    /// <summary>Takes what the scan of a segment found, or what was written to it.</summary>
    /// <param name="content">A batch, or what else was found.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="lastFrame">The number of its last frame; of no use where the journal is only read.</param>
    public void Take(Format.SegmentContent content, SegmentFile segment, long lastFrame = 0)
    {
        lock (gate)
        {
            var part = ActiveOf(segment);
            switch (content)
            {
                case Format.SegmentContent.Batch found:
                    part.Add(found.batch, lastFrame);
                    var batch = found.batch.Batch;
                    if (found.batch.Dropped.IsEmpty) versions.Raise(batch.Placed);
                    else ForgetVersions(found.batch);
                    head = batch.Head;
                    break;
                case Format.SegmentContent.Deletion deletion:
                    part.AddDeletion(deletion.stream, deletion.version, lastFrame);
                    deleted.Add(deletion.stream, deletion.version, head.Position);
                    versions.Forget(deletion.stream);
                    break;
                case Format.SegmentContent.Base dropped:
                    part.Add(dropped.content, dropped.head);
                    begin = head = dropped.head;
                    ForgetKeysBefore(dropped.content.KeysBefore);
                    break;
                case Format.SegmentContent.KeysForgotten forgotten:
                    part.ForgetKeys(forgotten.before);
                    ForgetKeysBefore(forgotten.before);
                    break;
            }
        }
    }

    /// <summary>Takes a sealed segment by its footer, of which only the root and the deletions are read.</summary>
    /// <exception cref="JournalCorruptedException">They are not what was written.</exception>
    public void Take(SealedSegment found)
    {
        lock (gate)
        {
            var header = found.Part.Segment.Header;
            if (parts.Length == 0) begin = new Head(header.FirstPosition - 1, header.HeadBefore);
            filters.Add(parts.Length, found.Part);
            parts = [.. parts, found.Part];
            foreach (var (id, version, position) in found.Deletions) deleted.Add(id, version, position);
            head = found.Head;
        }
    }

    /// <summary>Takes the beginning of the last segment by the rows of a checkpoint.</summary>
    /// <param name="restored">The rows.</param>
    /// <param name="behind">The head behind what they cover.</param>
    /// <param name="segment">The segment.</param>
    public void Take(RestoredRows restored, Head behind, SegmentFile segment)
    {
        var rows = restored.Rows;
        lock (gate)
        {
            var header = segment.Header;
            if (parts.Length == 0) begin = new Head(header.FirstPosition - 1, header.HeadBefore);
            ActiveOf(segment).Restore(restored, behind.Position);
            // Before the first batch of a segment rows know no position.
            foreach (var row in rows.Deletions)
                deleted.Add(rows.Streams[row.Stream].Stream, row.Version, Math.Max(row.Position, header.FirstPosition - 1));
            head = behind;
        }
    }

    /// <summary>Reads of a footer what <see cref="Take(SealedSegment)"/> takes.</summary>
    /// <exception cref="JournalCorruptedException">It is not what was written.</exception>
    public SealedSegment Read(SegmentFile segment, Format.SegmentTrailer trailer)
    {
        var part = FooterPart.Open(segment, trailer, pages);
        LetMap(segment);
        return new SealedSegment(part, part.Deletions(), trailer.Head);
    }

    /// <summary>A segment that was taken frame by frame has its footer now: its rows are not needed in memory any more.</summary>
    public void Seal(SegmentFile segment, Format.SegmentTrailer trailer)
    {
        FooterPart part;
        try
        {
            part = FooterPart.Open(segment, trailer, pages);
        }
        catch (JournalException)
        {
            // The rows stay where they are.
            return;
        }

        LetMap(segment);
        lock (gate)
        {
            var number = Array.FindIndex(parts, held => ReferenceEquals(held.Segment, segment));
            if (number < 0) return;
            if (isWritten) part.Know(parts[number].Behind());
            filters.Add(number, part);
            parts = [.. parts[..number], part, .. parts[(number + 1)..]];
        }
    }

    /// <summary>What is kept of the segment that is written; for the thread that writes.</summary>
    public Format.IndexColumns ColumnsOf(SegmentFile segment)
    {
        lock (gate) return ActiveOf(segment).Columns;
    }

    /// <summary>Makes what checkpoints and the footer need of batches taken before, so that nothing of them is kept: to be called by the
    /// thread that writes, once those are answered.</summary>
    public void Settle(SegmentFile segment)
    {
        if (Now().Parts is [.., MemoryPart part] && ReferenceEquals(part.Segment, segment)) part.Columns.Settle();
    }

    public long HighestVersion(StreamId stream)
    {
        if (versions.Find(stream) is { } known) return known;
        var change = versions.Changes;
        var parts = Now().Parts;
        var highest = HighestOf(parts, SearchStream(parts, stream), stream);
        versions.Add(stream, highest, change);
        return highest;
    }

    /// <summary>The version up to which a stream's entries are gone; 0 for none.</summary>
    public long Floor(StreamId stream)
    {
        var now = Now();
        return Math.Max(deleted.FloorAt(stream, now.Moment), GoneOf(now.Parts, stream));
    }

    public bool Covers(long position)
    {
        lock (gate) return position >= begin.Position;
    }

    KnownKey? IAppendIndex.FindKey(string key) =>
        FindKey(key) is { } known ? new KnownKey(known.Content, new Receipt(known.Receipt)) : null;

    /// <summary>What a key stands for; null where it is unknown.</summary>
    public Core.KnownKey? FindKey(string key)
    {
        var before = KeysBefore;
        var parts = Now().Parts;
        var search = Allowing(parts, Format.FooterFilter.ofKey, key);
        for (var number = search.DownFrom(parts.Length - 1); number >= 0; number = search.DownFrom(number - 1))
        {
            // Used again, a key is found where it was used last.
            if (parts[number].FindKey(key) is { } found) return found.Receipt.FirstPosition >= before ? found : null;
        }

        return null;
    }

    /// <summary>Keys of batches that begin before this position are forgotten; 0 for none.</summary>
    public long KeysBefore
    {
        get
        {
            lock (gate) return keysBefore;
        }
    }

    /// <summary>Forgets the keys of batches that begin before a position: they are not looked up any more.</summary>
    public void ForgetKeysBefore(long position)
    {
        lock (gate) keysBefore = Math.Max(keysBefore, position);
    }

    /// <summary>The head after the batch that holds a position.</summary>
    public Head? HeadAt(long position)
    {
        var now = Now();
        if (position == now.Begin.Position) return now.Begin;
        if (position <= now.Begin.Position || position > now.Head.Position) return null;
        return now.Parts[now.PartOf(position)].HeadAt(position);
    }

    /// <summary>What is here at this moment: nothing of it changes any more but that the last part grows.</summary>
    private Snapshot Now()
    {
        lock (gate) return new Snapshot(parts, begin, head, deleted.Moment);
    }

    private MemoryPart ActiveOf(SegmentFile segment)
    {
        if (parts.Length > 0 && ReferenceEquals(parts[^1].Segment, segment)) return (MemoryPart)parts[^1];
        var part = new MemoryPart(segment, BehindAll(), isWritten);
        parts = [.. parts, part];
        return part;
    }

    // What is only read can be read though this cannot; then nothing is proved.
    private Core.TreePlace? BehindAll()
    {
        try
        {
            return parts.Length > 0 ? parts[^1].Behind() : Core.TreePlaceModule.none;
        }
        catch (JournalException) when (!isWritten)
        {
            return null;
        }
    }

    // Of one that another process writes nobody here knows when it goes.
    private void LetMap(SegmentFile segment)
    {
        if (isWritten && options.Reads == Reads.Mapped) segment.LetMap();
    }

    private void ForgetVersions(Format.StoredBatch found)
    {
        for (var item = 0; item < found.Batch.Count; item++) versions.Forget(found.Batch.Stream(item));
        foreach (var gone in found.Dropped) versions.Forget(gone.Versions.Stream);
    }

    /// <summary>A moment of the index.</summary>
    private readonly record struct Snapshot(IndexPart[] Parts, Head Begin, Head Head, long Moment)
    {
        /// <summary>The number of the part that holds a position, or would.</summary>
        public int PartOf(long position)
        {
            var all = Parts;
            return Math.Max(0, Search.LowerBound(all.Length, number => all[number].FirstPosition > position) - 1);
        }
    }
}

/// <summary>What opening knows of a segment by its footer.</summary>
/// <param name="Part">Its index.</param>
/// <param name="Deletions">Its deletions: stream, last version, and the head position they were made at.</param>
/// <param name="Head">The head behind it.</param>
internal sealed record SealedSegment(FooterPart Part, IReadOnlyList<(StreamId Id, long Version, long Position)> Deletions, Head Head);
