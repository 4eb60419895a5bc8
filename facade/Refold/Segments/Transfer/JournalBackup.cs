// A backup: a copy that is whole, closed and verified.
// Called by the tool's verb backup, which gives it its name afterwards.
namespace Refold.Segments;

/// <summary>A backup that was made.</summary>
/// <param name="Entries">How many entries can be read in it.</param>
/// <param name="Head">Its head.</param>
/// <param name="Torn">The torn tail that was left out: an interrupted write, or one that was going on.</param>
/// <param name="Unconfirmed">How many entries and deletions were left out, because nothing says that they are flushed.</param>
internal sealed record JournalBackup(long Entries, Head Head, TornTail? Torn, long Unconfirmed)
{
    /// <summary>Copies a journal, open elsewhere or not. The backup holds everything that was flushed and acknowledged before the call,
    /// and nothing that a writer has not flushed. Where this throws, the target holds none.</summary>
    /// <param name="source">The journal; nothing is changed there.</param>
    /// <param name="target">A directory that is empty or not there.</param>
    /// <exception cref="JournalOpenException">There is no journal, or it cannot be read. Nothing was written.</exception>
    /// <exception cref="JournalException">The journal is damaged, or there is no room.</exception>
    /// <exception cref="IOException">A device failed.</exception>
    public static JournalBackup Make(IStorageDevice source, IStorageDevice target)
    {
        var copied = JournalCopy.Run(source, target);
        var made = new JournalBackup(copied.Entries, copied.Head, copied.Torn, copied.Unconfirmed);
        return SegmentVerification.Of(target) is var found && found.Ok && found.Head == made.Head
            ? made
            : throw new JournalException(
                "copy-failed",
                $"The backup of {source.Place} does not verify: {found.First?.What ?? "another head"}; try again, or another device.");
    }
}
