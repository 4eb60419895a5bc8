// The index rows of sealed segments, read from their footers at once. FORMAT.md, "Footer".
// Called by OpenedDirectory.
using Refold.Interop;

namespace Refold.Segments;

internal static class FooterLoading
{
    /// <summary>Reads the rows of each segment; by as many threads as are allowed, with the same result.</summary>
    /// <exception cref="JournalCorruptedException">A footer is not what was written: the first such, whichever was read first.</exception>
    public static Core.SegmentRows[] ReadAll(IReadOnlyList<(SegmentFile File, Core.SegmentTrailer Trailer)> segments, int threads)
    {
        var rows = new Core.SegmentRows[segments.Count];
        var failures = new Exception?[segments.Count];
        Parallel.For(0, segments.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, number =>
        {
            try
            {
                rows[number] = Read(segments[number].File, segments[number].Trailer);
            }
            catch (Exception exception) when (exception is JournalException or IOException or UnauthorizedAccessException)
            {
                failures[number] = exception;
            }
        });
        if (Array.Find(failures, failure => failure is not null) is { } first)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        return rows;
    }

    private static Core.SegmentRows Read(SegmentFile segment, Core.SegmentTrailer trailer)
    {
        // All pages in one read.
        var pages = new byte[trailer.Pages * Core.PageModule.bytes];
        var length = segment.File.Read(pages, trailer.FooterOffset);
        var (rows, error) = ColdStartTranslation.ReadRows(segment.Header, trailer, (offset, count) =>
        {
            var start = (int)Math.Min(offset - trailer.FooterOffset, length);
            return pages.AsMemory(start, Math.Min(count, length - start));
        });
        return rows ?? throw SegmentFaults.Of(error!, segment.Name.ToString());
    }
}
