// What opening must know of sealed segments, read from their footers at once. FORMAT.md, "Footer".
// Called by OpenedDirectory.
namespace Refold.Segments;

internal static class FooterLoading
{
    /// <summary>Reads root and deletions of each segment; by as many threads as are allowed, with the same result.</summary>
    /// <exception cref="JournalCorruptedException">A footer is not what was written: the first such, whichever was read first.</exception>
    public static SealedSegment[] ReadAll(
        SegmentIndex index, IReadOnlyList<(SegmentFile File, Format.SegmentTrailer Trailer)> segments, int threads)
    {
        var found = new SealedSegment[segments.Count];
        var failures = new Exception?[segments.Count];
        Parallel.For(0, segments.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, number =>
        {
            try
            {
                found[number] = index.Read(segments[number].File, segments[number].Trailer);
            }
            catch (Exception exception) when (exception is JournalException or IOException or UnauthorizedAccessException)
            {
                failures[number] = exception;
            }
        });
        if (Array.Find(failures, failure => failure is not null) is { } first)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        return found;
    }
}
