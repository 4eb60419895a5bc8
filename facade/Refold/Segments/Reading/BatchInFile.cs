// Frames that the index has no row of: all frames of one batch, stubs among them, and the base at the beginning of a journal.
// Called by SegmentIndex for proofs.
using Refold.Interop;
using Refold.Transfers;

namespace Refold.Segments;

/// <summary>Finds one batch in the file of a segment.</summary>
/// <param name="part">The index of the segment.</param>
internal sealed class BatchInFile(IndexPart part)
{
    private static readonly int LeastRead = 2 * Format.FrameLayout.block;

    /// <summary>Reads the leaves of a batch; every rule that binds its frames, its head among them, is checked.</summary>
    /// <param name="firstEntry">The number of its first entry, or of the first entry behind it.</param>
    /// <param name="before">The head before it.</param>
    /// <param name="first">Its first position.</param>
    /// <exception cref="JournalCorruptedException">It is not what was written.</exception>
    public IReadOnlyList<Leaf> Read(int firstEntry, Head before, long first)
    {
        var segment = part.Segment;
        // What lies behind the last entry before it: stubs and other frames, then the batch.
        var from = Format.SegmentHeaderModule.bytes;
        if (firstEntry > 0 && part.Reader()(firstEntry - 1) is var row) from = row.Offset + row.Size;
        return FramesFrom<IReadOnlyList<Leaf>>(
            segment, from, (bytes, start) => Format.BatchAt.find(segment.Seed, bytes, start, before, first) switch
            {
                Format.BatchFound.Whole found => (found.batch.Batch.Leaves, null),
                Format.BatchFound.Refused refused => (null, refused.error),
                _ => (null, null),
            });
    }

    /// <summary>Reads from an offset on, more each time, until something is found or the file ends.</summary>
    public static T FramesFrom<T>(
        SegmentFile segment, int from, Func<ReadOnlyMemory<byte>, int, (T? Found, Format.FrameError? Error)> find)
        where T : class
    {
        var origin = from / Format.FrameLayout.block * Format.FrameLayout.block;
        for (var count = LeastRead; ; count = (int)Math.Min(2L * count, int.MaxValue / 2))
        {
            var bytes = segment.ReadBytes(origin, count);
            var (found, error) = find(bytes, from - origin);
            if (found is not null) return found;
            if (bytes.Length == count) continue;
            throw error is null
                ? new JournalCorruptedException(segment.Name.ToString(), from, "the frames of a batch", "there", "cut short")
                : SegmentFaults.Of(error, segment.Name.ToString(), origin);
        }
    }
}

/// <summary>What the base of a journal says, read from its frame.</summary>
/// <param name="Content">What is known of the dropped beginning.</param>
internal sealed record BaseFrame(JournalBeginning Content)
{
    /// <summary>Reads it.</summary>
    /// <param name="segment">The journal's first segment.</param>
    /// <param name="begin">The head behind the beginning.</param>
    /// <exception cref="JournalCorruptedException">It is not what was written.</exception>
    public static BaseFrame Read(SegmentFile segment, Head begin) => BatchInFile.FramesFrom(
        segment,
        Format.SegmentHeaderModule.bytes,
        (bytes, start) =>
        {
            var read = Format.FrameDecoding.read(segment.Seed, bytes, start);
            if (read.IsError) return (default(BaseFrame), (Format.FrameError?)read.ErrorValue);
            return read.ResultValue.Frame is { Body: Format.FrameBody.Base { content: var content }, Number: var number }
                ? (new BaseFrame(content.ToFacade(begin, number)), null)
                : (null, Format.FrameError.NewCorrupt(start, "the beginning of the journal", "a base", "another frame"));
        });
}
