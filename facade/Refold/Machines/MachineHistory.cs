// The transitions that the entries of a stream show.
// Called by Machine and by the F# face.
using Refold.Interop;

namespace Refold;

internal static class MachineHistory
{
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted.</exception>
    /// <exception cref="StateUnreadableException">The stream's entries cannot be folded.</exception>
    public static async Task<IReadOnlyList<RecordedTransition>> ReadAsync<TAt, TCommand, TEvent, TError>(
        IJournal journal,
        StreamId stream,
        Aggregate<TAt, TCommand, TEvent, TError> aggregate,
        MachineRules<TAt, TCommand, TEvent> rules,
        CancellationToken cancellationToken)
    {
        var found = new List<RecordedTransition>();
        var stay = MachineTranslation.Beginning(aggregate.Fresh().Decider.Initial);
        try
        {
            await foreach (var entry in journal.ReadStreamAsync(stream, cancellationToken: cancellationToken).ConfigureAwait(false))
            {
                var next = stay.Enter(rules.StateOf, aggregate, entry, out var divergence)
                    ?? throw new StateUnreadableException(stream, divergence!);
                if (rules.StateOf(next.At) != rules.StateOf(stay.At)
                    && rules.Observe(stay.At, aggregate.Events.Decode(entry), next.At) is { } transition)
                    found.Add(new RecordedTransition(entry.Version, entry.Time, transition));
                stay = next;
            }
        }
        catch (EntriesDroppedException dropped) when (dropped is not HistoryDroppedException)
        {
            throw new HistoryDroppedException(stream, dropped.UpTo, []);
        }

        return found;
    }
}
