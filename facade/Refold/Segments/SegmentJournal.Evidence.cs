// A compaction with its report: what went of streams, and what proves the rest.
// Called by applications and by the tool's verb compact.
namespace Refold.Segments;

public sealed partial class SegmentJournal
{
    /// <summary>As <see cref="CompactAsync"/>, with a report: what went of which streams, which keys are forgotten, the beginning that is
    /// dropped with its batches and root, and head and root of the whole, which no compaction changes. What is deleted meanwhile by
    /// others is among what went.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Ends it between two new segments; those that were made stay.</param>
    /// <returns>What was done, and the report. Segments, bytes and generations are among its diagnostics.</returns>
    public async Task<(CompactionReport Done, EvidenceReport Report)> CompactWithEvidenceAsync(
        CompactionRequest request, IProgress<CompactionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var watch = CompactionEvidence.Before(this);
        var done = await CompactAsync(request, progress, cancellationToken).ConfigureAwait(false);
        string[] beside =
        [
            FormattableString.Invariant($"segments replaced: {done.Replaced}, {done.BytesBefore} bytes"),
            FormattableString.Invariant($"segments made: {done.Made}, {done.BytesAfter} bytes"),
            FormattableString.Invariant($"generation: {done.SetGeneration}"),
        ];
        return (done, watch.After(this, request, beside));
    }
}
