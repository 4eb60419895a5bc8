// Folding entries where they lie. An entry is made an object only where its names are new, where something is rare about it, or where
// something differs. Made by AsyncFolding, one for each fold.
namespace Refold.Interop;

internal sealed class FoldInPlace<TState, TCommand, TEvent, TError>(
    Core.StreamFold<TState, TCommand, TEvent, TError> fold,
    LocalJournal journal,
    FoldRange range,
    CancellationToken cancellationToken)
{
    private readonly EntryDecoder decoder = new();
    private long unreadable;

    /// <summary>Takes the entries of the stream from a version on, in one scan.</summary>
    /// <exception cref="EntriesDroppedException">The first of them were deleted.</exception>
    public void Take(long from)
    {
        journal.ScanStream(range.Stream, Take, from, range.ToVersion);
        if (unreadable != 0) throw Unreadable();
    }

    // The read of objects says in the journal's words what is wrong with it.
    private InvalidDataException Unreadable()
    {
        _ = journal.ReadStream(range.Stream, unreadable, unreadable).Count();
        return new InvalidDataException(EntryView.NotCanonical);
    }

    private bool Take(in EntryView view)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (view.Position > range.ToPosition) return false;
        if (decoder.TryKnow(view, out var type) is { } role)
        {
            var differing = fold.Take(view.Version, role, type, view.SchemaVersion, view.Payload);
            // What is known is read as it was known.
            return differing is null || fold.Tell(differing, decoder.Read(view, range.Stream)!.Value);
        }

        if (decoder.Read(view, range.Stream) is { } entry) return fold.Add(entry.Value);
        unreadable = view.Version;
        return false;
    }
}
