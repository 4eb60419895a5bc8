// Going on behind a place in a journal, as a reader of a growing one does, asked with C# functions.
// Called by Segments/LiveReader.Following.cs.
using Microsoft.FSharp.Core;
using Refold.Segments;

namespace Refold.Interop;

internal static class FollowTranslation
{
    /// <summary>A scanner that goes on behind a place.</summary>
    /// <param name="place">The place.</param>
    /// <param name="journalId">The journal.</param>
    /// <param name="highestVersion">The highest version of a stream up to there.</param>
    /// <param name="hasIds">Whether the journal has an index of ids.</param>
    public static Format.SegmentScanner Scanner(
        this ReadPlace place, Guid journalId, Func<StreamId, long> highestVersion, bool hasIds)
    {
        var from = new Format.ScanPlace(journalId, place.Head, place.LastFrame, epoch: 0, FuncConvert.FromFunc(highestVersion), hasIds);
        return new Format.SegmentScanner(new Format.ScanStart(from, flushed: 0, isClosed: false, landmark: null));
    }

    /// <summary>The trailer in the last bytes of a segment; null where it has none that checks.</summary>
    public static Format.SegmentTrailer? Trailer(Format.SegmentHeader header, long fileLength, ReadOnlyMemory<byte> last) =>
        Format.SegmentTrailerModule.decode(header, fileLength, last) is { IsOk: true, ResultValue: { } found } ? found.Value : null;
}
