// Who takes replayed entries: a part of the program that is told one entry after the other, and acknowledges each.
// Implemented by applications; given to ReplayHarness.ReplayAllAsync.
namespace Refold;

/// <summary>Takes replayed entries, one at a time.</summary>
public interface IReplaySink
{
    /// <summary>Takes one entry. It is acknowledged when the task ends; only then comes the next. To acknowledge from elsewhere, as an
    /// actor does that is sent the entry, give out the task of a <see cref="TaskCompletionSource"/>, and complete that.</summary>
    /// <param name="entry">The entry as it was recorded, its time included.</param>
    /// <param name="cancellationToken">Cancelled when the replay ends before the acknowledgement: cancelled itself, timed out
    /// (<see cref="ReplayHarnessOptions.AcknowledgementTimeout"/>), or the harness disposed.</param>
    /// <returns>The acknowledgement. A task that fails, or is cancelled, ends the replay (<see cref="ReplaySinkException"/>).</returns>
    ValueTask OnEntryAsync(ReplayJournalEntry entry, CancellationToken cancellationToken);
}

/// <summary>A sink that is a function.</summary>
internal sealed class FunctionSink(Func<ReplayJournalEntry, CancellationToken, ValueTask> take) : IReplaySink
{
    public ValueTask OnEntryAsync(ReplayJournalEntry entry, CancellationToken cancellationToken) => take(entry, cancellationToken);
}
