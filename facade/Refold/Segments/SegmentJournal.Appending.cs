// Appends to a journal in segment files, and batches restored to it, on their way to the writer.
// A part of SegmentJournal.
namespace Refold.Segments;

public sealed partial class SegmentJournal
{
    /// <inheritdoc/>
    public override GateSet? RequiredGates => gates.Gates;

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return JournalObserver.IsWanted(batch)
            ? observer.ObserveAsync(batch, AppendGatedAsync, cancellationToken)
            : AppendGatedAsync(batch, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        gates.RestoreAsync(batch, cancellationToken);

    private ValueTask<AppendResult> RestoreUnaskedAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken) =>
        AppendAsync(new PendingAppend(index => AppendRule.Restore(index, entries)), cancellationToken);

    private ValueTask<AppendResult> AppendGatedAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        gates.Asks ? gates.AppendAsync(batch, cancellationToken) : AppendUnobservedAsync(batch, cancellationToken);

    private ValueTask<AppendResult> AppendUnobservedAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        AppendAsync(
            new PendingAppend(index => AppendRule.Decide(index, batch), batch.AllowSynchronousContinuations)
            { Pipelined = batch.Pipelined, Lent = batch.IsLent ? batch : null },
            cancellationToken);

    private ValueTask<AppendResult> AppendAsync(PendingAppend write, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        if (closed) return new ValueTask<AppendResult>(SegmentLog.Unavailable("the journal was closed", null));
        if (writer is null) return new ValueTask<AppendResult>(SegmentLog.Unavailable("the journal was opened for reading", null));
        // The answer of an append is never null.
        return new ValueTask<AppendResult>(writer.WriteAsync(write, cancellationToken)!);
    }
}
