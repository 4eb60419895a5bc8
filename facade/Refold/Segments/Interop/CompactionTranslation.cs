// The core's view of a journal that is to be compacted, made of C# functions.
// Called by Segments/SegmentCompaction.cs.
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class CompactionTranslation
{
    /// <summary>What is known of a journal before it is compacted.</summary>
    /// <param name="segments">The headers of all segments, in order.</param>
    /// <param name="highestVersion">The highest version a stream ever had.</param>
    /// <param name="floors">The version up to which each stream is gone.</param>
    /// <param name="keysBefore">The position before which keys are forgotten.</param>
    public static Format.CompactionView View(
        IEnumerable<Format.SegmentHeader> segments, Func<StreamId, long> highestVersion, IEnumerable<(StreamId Stream, long Floor)> floors,
        long keysBefore) =>
        new(
            segments.ToFSharpList(), FuncConvert.FromFunc(highestVersion),
            MapModule.OfSeq(floors.Select(item => Tuple.Create(item.Stream, item.Floor))), keysBefore);
}
