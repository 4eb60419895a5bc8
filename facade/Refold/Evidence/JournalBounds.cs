// Where a journal begins, and which of its keys are forgotten, whatever the store.
// Called by reports of compactions, their checks, and the tool.
using Refold.Segments;
using Refold.Transfers;

namespace Refold;

internal static class JournalBounds
{
    /// <summary>The head behind a beginning that was dropped, an empty journal's where none was; null for a store that drops
    /// none.</summary>
    public static Head? Begin(IJournal journal) => journal switch
    {
        SegmentJournal segments => segments.Begin,
        IDatabaseJournal database => database.Begin,
        InMemoryJournal memory => memory.Begin,
        ITreeJournal { Inner: { } inner } => Begin(inner),
        _ => null,
    };

    /// <summary>Idempotency keys of batches that begin before this position are forgotten; 0 for none, null for a store that does not
    /// say.</summary>
    public static long? TryKeysForgottenBefore(IJournal journal) => journal switch
    {
        SegmentJournal or IDatabaseJournal => KeysForgottenBefore(journal),
        ITreeJournal { Inner: { } inner } => TryKeysForgottenBefore(inner),
        _ => null,
    };

    /// <summary>Idempotency keys of batches that begin before this position are forgotten; 0 for none.</summary>
    public static long KeysForgottenBefore(IJournal journal) => journal switch
    {
        SegmentJournal segments => segments.KeysForgottenBefore,
        IDatabaseJournal database => database.KeysForgottenBefore,
        _ => 0,
    };
}
