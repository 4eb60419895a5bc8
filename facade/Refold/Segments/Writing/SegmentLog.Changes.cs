// What a change of the files needs of the writing end: a flush, a new segment, going over to other files.
// Called by the changes that wait in SegmentWriter's queue (PendingChange), on its thread.
namespace Refold.Segments;

internal sealed partial class SegmentLog
{
    /// <summary>Flushes what was answered before, for a <see cref="PendingChange"/>. If it fails, nothing more is written.</summary>
    /// <exception cref="OutcomeUnknownException">The device failed.</exception>
    public void Flush()
    {
        try
        {
            store.Flush(index.Head);
            store.RequireHeld();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlaceLostException)
        {
            Poison(exception);
            throw new OutcomeUnknownException(exception);
        }
    }

    /// <summary>Ends the segment that is written and begins the next one, for a <see cref="PendingChange"/>.</summary>
    /// <exception cref="JournalException">There is no room, or the device failed.</exception>
    public void EndSegment() => _ = MakeRoom(0, index.Head)?.ReceiptOrThrow();

    /// <summary>Goes over to the files that a compaction left, for a <see cref="PendingChange"/>. If it
    /// fails, nothing more is written.</summary>
    /// <param name="setGeneration">The generation of the set of segments.</param>
    /// <param name="open">Opens them.</param>
    public void GoOverTo(long setGeneration, Func<OpenedDirectory> open)
    {
        try
        {
            store.StoreSetGeneration(setGeneration, index.Head);
            var opened = open();
            if (opened.Index.Head != index.Head)
                throw new JournalException(
                    "compaction-failed", $"The compacted files lead to {opened.Index.Head}, not to {index.Head}; open the journal again.");
            index = opened.Index;
            store.GoOverTo(opened);
        }
        catch (Exception exception)
        {
            Poison(exception);
            throw;
        }
    }
}
