// The core's reader of a footer, asked with C# values; what is wrong with a page is thrown with the file's name.
// Made and asked by Segments/FooterPart.cs.
using System.Text;
using Microsoft.FSharp.Core;
using Refold.Segments;

namespace Refold.Interop;

/// <summary>Questions to the footer of a segment. Safe for use by many threads.</summary>
internal sealed class FooterQuestions
{
    private readonly SegmentFile segment;
    private readonly Format.FooterReader reader;

    // Names are looked up where the filter allows them: it was asked before.
    private FooterQuestions(SegmentFile segment, Format.FooterReader reader) =>
        (this.segment, this.reader) = (segment, reader.WithoutFilter);

    public int Entries => reader.Entries;

    public int FilterBlocks => reader.FilterBlocks;

    /// <summary>Reads the root.</summary>
    /// <exception cref="JournalCorruptedException">It is not what was written.</exception>
    public static FooterQuestions Open(SegmentFile segment, Format.SegmentTrailer trailer, PageCache cache)
    {
        var read = FuncConvert.FromFunc<long, int, ReadOnlyMemory<byte>>(segment.ReadBytes);
        var opened = Format.FooterReader.Open(Format.FooterDecoding.sourceOf(segment.Header, trailer, read), cache.OfOne());
        return new FooterQuestions(segment, ValueOf(opened, segment));
    }

    public ReadOnlyMemory<byte> FilterBlock(int number) => ValueOf(reader.FilterBlock(number));

    /// <summary>The block of a filter over few names, where there is none; null where they are not few, or cannot be read.</summary>
    public ReadOnlyMemory<byte>? BlockOfFew()
    {
        try
        {
            // Whoever asks for a name that is there finds what is wrong with its page.
            var block = reader.BlockOfFew();
            return block.IsOk ? block.ResultValue?.Value : null;
        }
        catch (JournalException)
        {
            return null;
        }
    }

    public int IndexAt(long position) => ValueOf(reader.IndexAt(position));

    public Format.FooterCursor Cursor() => reader.Cursor();

    /// <summary>The row of an entry, by a cursor.</summary>
    public Format.EntryPlace Entry(Format.FooterCursor cursor, int number) => ValueOf(cursor.Entry(number));

    /// <summary>The rows of entries one behind the other among the postings, by a cursor: how many there are, at least one.</summary>
    public int EntriesAt(Format.FooterCursor cursor, int place, Span<Format.EntryPlace> rows) => ValueOf(cursor.Entries(place, rows));

    public (int First, Format.StreamRow[] Rows) StreamsWith(int number) => ValueOf(reader.StreamsWith(number));

    public Format.StreamRow StreamAt(int number) => ValueOf(reader.StreamAt(number));

    public Format.StreamRow? Stream(StreamId id) => ValueOf(reader.Stream(id))?.Value;

    public Core.BaseStream? BaseStream(StreamId id) => ValueOf(reader.BaseStream(id))?.Value;

    public Format.WordRow? OfType(string text) => ValueOf(reader.Type(text))?.Value;

    public Format.WordRow? Tagged(string text) => ValueOf(reader.Tag(text))?.Value;

    public int Posting(int place) => ValueOf(reader.Posting(place));

    /// <summary>What finds the first of some postings at or behind a number, -1 for none. Used by one thread.</summary>
    public Func<int, int> Postings(int first, int count)
    {
        var cursor = reader.Postings(first, count);
        return from => ValueOf(cursor.NextFrom(from));
    }

    public long FirstHoleAfter(long after) => ValueOf(reader.FirstHoleAfter(after));

    public Core.KnownKey? Key(string key) => ValueOf(reader.Key(key))?.Value;

    public IReadOnlyList<int> ById(Guid id) => [.. ValueOf(reader.ById(id))];

    public IReadOnlyList<int> ByCause(Guid id) => [.. ValueOf(reader.ByCause(id))];

    public bool KeepsKeyBefore(long position) => ValueOf(reader.KeepsKeyBefore(position));

    public IReadOnlyList<(StreamId Id, long Version, long Position)> Deletions() => [.. ValueOf(reader.Deletions())];

    /// <summary>Goes through rows of streams from a name on, in the order of their names.</summary>
    public Format.StreamCursor StreamsFrom(string name) => reader.StreamsFrom(name);

    /// <summary>Goes to the next row of a stream; false behind the last one.</summary>
    public bool MoveNext(Format.StreamCursor cursor) => ValueOf(cursor.MoveNext());

    /// <summary>The stream of a row.</summary>
    public StreamId NameOf(Format.StreamCursor cursor) =>
        Core.StreamIdModule.tryCreate(Encoding.UTF8.GetString(cursor.Name)) is { IsOk: true, ResultValue: var stream }
            ? stream
            : throw SegmentFaults.Of(cursor.Misfit, segment.Name.ToString());

    /// <summary>The streams of a base from a name on, in the order of their names.</summary>
    public IEnumerable<Core.BaseStream> BaseStreamsFrom(string name) => All(reader.BaseStreamsFrom(name));

    public int BatchIndexAt(long position) => ValueOf(reader.BatchIndexAt(position)) is { } found ? found.Value : -1;

    public Format.BatchRow Batch(int number) => ValueOf(reader.Batch(number));

    public int Batches => reader.Batches;

    /// <summary>As <see cref="BatchIndexAt"/>, of a position that has the entry with an index.</summary>
    public int BatchIndexOf(int entry, long position) => ValueOf(reader.BatchIndexOf(entry, position));

    public Hash? Node(long before, long last, int height) =>
        ValueOf(reader.Node(before, last, height)) is { } found ? found.Value : (Hash?)null;

    public Core.TreePlace Before() => ValueOf(reader.Before());

    public Core.TreePlace Behind() => ValueOf(reader.Behind());

    private IEnumerable<TRow> All<TRow>(Format.NamedWalk<TRow> rows)
    {
        while (ValueOf(rows.Next()) is { IsSome: true, Value: var row }) yield return row;
    }

    private TValue ValueOf<TValue>(FSharpResult<TValue, Format.FrameError> result) => ValueOf(result, segment);

    private static TValue ValueOf<TValue>(FSharpResult<TValue, Format.FrameError> result, SegmentFile segment) =>
        result.IsOk ? result.ResultValue : throw SegmentFaults.Of(result.ErrorValue, segment.Name.ToString());
}
