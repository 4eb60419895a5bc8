// What compaction asks of the index before it reads a frame: what deletions hide, what is gone, which keys are kept.
// Called by SegmentCompaction and CompactionNeeds.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    private volatile CompactionMoment? nothingToCompact;

    /// <summary>The last request that found nothing to do, with all that decided it; null for none.</summary>
    public CompactionMoment? NothingToCompact
    {
        get => nothingToCompact;
        set => nothingToCompact = value;
    }

    /// <summary>How many deletions there were.</summary>
    public long Deletions => deleted.Moment;

    /// <summary>Every stream of which something was deleted, with the version up to which it was.</summary>
    public IReadOnlyList<(StreamId Id, long Floor)> DeletedFloors() => deleted.Streams(deleted.Moment);

    /// <summary>Whether deletions hide an entry that is still there.</summary>
    public bool HasHiddenEntries()
    {
        var now = Now();
        return now.Moment > 0 && deleted.Streams(now.Moment).Any(stream => stream.Floor > GoneOf(now.Parts, stream.Id));
    }

    /// <summary>The version up to which a stream was gone from the start, or has lost entries to compaction; 0 for none.</summary>
    public long Gone(StreamId stream) => GoneOf(Now().Parts, stream);

    /// <summary>Whether keys may be kept, without their batches, that are forgotten.</summary>
    public bool MayKeepForgottenKeys() => KeysBefore is > 1 and var before && Now().Parts.Any(part => part.KeepsKeyBefore(before));

    /// <summary>The trailers of segments that were read.</summary>
    public Dictionary<SegmentFile, Format.SegmentTrailer> Trailers() =>
        Now().Parts.OfType<FooterPart>().ToDictionary(part => part.Segment, part => part.Trailer);
}
