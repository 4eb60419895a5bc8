// Whether a compaction has something to do, told by what an open journal knows in memory: floors, counts and trailers.
// Asked by SegmentCompaction, on the thread that writes, before a frame is read.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>What there is to compact.</summary>
/// <param name="index">What is committed.</param>
/// <param name="segments">The segments, in order; the last one is written to.</param>
/// <param name="hasGaps">Whether zeros may lie between frames, which a joined segment does not have.</param>
internal sealed class CompactionNeeds(SegmentIndex index, IReadOnlyList<SegmentFile> segments, bool hasGaps)
{
    /// <summary>Whether a request may change a file; false only where it surely changes none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="mergeBytes">How many bytes of frames a joined segment has at most.</param>
    /// <param name="highestDeleted">The version that a deleted stream counts as its highest.</param>
    /// <exception cref="JournalCorruptedException">A page of the index that is asked is damaged.</exception>
    public bool MayChange(CompactionRequest request, long mergeBytes, long highestDeleted) => request switch
    {
        // What joins nothing leaves kept keys where they are.
        CompactionRequest.Merge => hasGaps || MayJoin(mergeBytes),
        CompactionRequest.RetainFrom retain => MayDropBatches(retain.Position) || index.MayKeepForgottenKeys(),
        CompactionRequest.DeleteStream delete => MayDropStream(delete.Stream, highestDeleted) || index.MayKeepForgottenKeys(),
        CompactionRequest.DropDeleted => index.HasHiddenEntries() || index.MayKeepForgottenKeys(),
        CompactionRequest.ForgetKeysBefore => index.MayKeepForgottenKeys(),
        _ => true,
    };

    /// <summary>Whether the first batch that is there ends before a position; the last one of the journal stays.</summary>
    private bool MayDropBatches(long position)
    {
        var (begin, head) = (index.Begin, index.Head);
        if (begin.Position == head.Position) return false;
        return index.HeadAt(begin.Position + 1) is not { } first || first.Position < Math.Min(position, head.Position);
    }

    private bool MayDropStream(StreamId stream, long highest)
    {
        var upTo = AppendRule.DeletedTo(stream, long.MaxValue, Math.Min(index.HighestVersion(stream), highest));
        return upTo > index.Gone(stream);
    }

    /// <summary>Whether two sealed segments that follow one another have so few bytes of frames, as their trailers say.</summary>
    private bool MayJoin(long mergeBytes)
    {
        var (before, trailers) = (long.MaxValue / 2, index.Trailers());
        foreach (var segment in segments)
        {
            // What shares its first position with the segment that is written to stays: it holds deletions only.
            if (segment.Header.FirstPosition >= segments[^1].Header.FirstPosition) break;
            // One that an older version left has no trailer.
            var bytes = (trailers.GetValueOrDefault(segment) ?? ReadTrailer(segment)) is { } trailer
                ? trailer.FramesEnd - Format.SegmentHeaderModule.bytes
                : 0;
            if (before + bytes <= mergeBytes) return true;
            before = bytes;
        }

        return false;
    }

    /// <summary>The trailer of a segment whose frames were scanned when the journal was opened.</summary>
    private static Format.SegmentTrailer? ReadTrailer(SegmentFile segment)
    {
        var length = segment.ReadLength();
        var last = segment.ReadBytes(Math.Max(0, length - Format.SegmentTrailerModule.bytes), Format.SegmentTrailerModule.bytes);
        return FollowTranslation.Trailer(segment.Header, length, last);
    }
}

/// <summary>A request with all that may decide whether it has something to do.</summary>
/// <param name="Request">The request.</param>
/// <param name="Extent">The head position or highest version it may go up to; 0 where it goes no further with appends.</param>
/// <param name="Deletions">How many deletions there were.</param>
/// <param name="KeysBefore">The position before which keys are forgotten.</param>
/// <param name="Segments">How many segments there are.</param>
internal sealed record CompactionMoment(CompactionRequest Request, long Extent, long Deletions, long KeysBefore, int Segments);
