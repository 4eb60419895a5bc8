// A journal opened for reading follows its writer, which may be another process: COMMIT says how far. FORMAT.md, "Readers".
// Made by SegmentJournal.Open for reading; asked at each call of a read, and by CommitWatch while somebody waits.
namespace Refold.Segments;

/// <summary>The segments of a journal that another process writes. Safe for use by many threads.</summary>
/// <param name="device">The directory.</param>
/// <param name="options">How it is opened.</param>
/// <param name="opened">What was there when it was opened.</param>
internal sealed partial class LiveReader(IStorageDevice device, JournalOptions options, OpenedDirectory opened) : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<OpenedDirectory> retired = [];
    private volatile OpenedDirectory current = opened;
    private ReadPlace place = opened.End!;
    private Format.CommitSlot? seen = opened.Plan.Commit?.Value;
    private ReadPlace? foreign;
    private bool closed;

    /// <summary>Told each new head position, once it can be read.</summary>
    public Action<long> Published { get; set; } = _ => { };

    /// <summary>What was taken so far, without a look at the directory.</summary>
    public OpenedDirectory Current => current;

    /// <summary>Whether the writer has gone on since <see cref="Current"/> was opened.</summary>
    public bool HasMoved { get; private set; }

    /// <summary>Takes everything that was acknowledged before the call.</summary>
    /// <exception cref="ForeignHistoryException">What was read is not in the directory's history: an older copy was put
    /// back, or another journal.</exception>
    /// <exception cref="JournalCorruptedException">Bytes are not what was written.</exception>
    /// <exception cref="JournalException">The directory cannot be read.</exception>
    public OpenedDirectory Refresh()
    {
        lock (gate)
        {
            if (closed) return current;
            if (foreign is not null) throw Foreign(foreign);
            try
            {
                var slot = CommitFile.ReadSlot(device, isExpected: seen is not null);
                if (Equals(slot, seen)) return current;
                if (slot is not null && GoesOn(slot) && TryAdvance(slot)) seen = slot;
                else Reload();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new JournalException("io", $"The journal {device.Place} cannot be read: {exception.Message}", exception);
            }

            Published(current.Index.Head.Position);
            return current;
        }
    }

    /// <summary>Lists and opens again where a file of a set is gone and COMMIT says nothing new: a writer that heals an interrupted
    /// compaction removes what was replaced before it says so.</summary>
    /// <param name="set">The set of which a file is gone.</param>
    /// <returns>What to read instead; null where it is closed.</returns>
    /// <exception cref="JournalException">The directory cannot be read, or is another one.</exception>
    public OpenedDirectory? Instead(OpenedDirectory set)
    {
        lock (gate)
        {
            if (closed) return null;
            if (!ReferenceEquals(set, current)) return current;
            try
            {
                Reload();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new JournalException("io", $"The journal {device.Place} cannot be read: {exception.Message}", exception);
            }

            Published(current.Index.Head.Position);
            return current;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            current.Close();
            foreach (var set in retired) set.Close();
            retired.Clear();
        }
    }

    /// <summary>Whether the files that are open are still those of the journal.</summary>
    private bool GoesOn(Format.CommitSlot slot) =>
        slot.JournalId == JournalId && slot.SetGeneration == (seen?.SetGeneration ?? current.Plan.SetGeneration)
            && slot.LastFrame >= place.LastFrame;

    private Guid JournalId => current.Plan.JournalId!.Value;

    /// <summary>Goes over to the files that are there now, if they hold what was read so far. Reads in flight keep theirs.</summary>
    private void Reload()
    {
        var fresh = OpenedDirectory.ForReading(device, options, place.LastFrame, Continues);
        if (fresh is null)
        {
            foreign = place;
            throw Foreign(place);
        }

        var old = current;
        (current, place, seen, HasMoved) = (fresh, fresh.End!, fresh.Plan.Commit?.Value, false);
        retired.Add(old);
        old.Leases.CloseWhenLeft(() =>
        {
            old.Close();
            lock (gate) retired.Remove(old);
        });
    }

    private bool Continues(OpenedDirectory fresh) =>
        fresh.Plan.JournalId?.Value == JournalId
        && fresh.End!.LastFrame >= place.LastFrame
        // Where the beginning was dropped up to here, nothing of it can be compared.
        && (
            fresh.Index.HeadAt(place.Head.Position) is { } head
                ? head.Hash.Equals(place.Head.Hash)
                : !fresh.Index.Covers(place.Head.Position));

    private static ForeignHistoryException Foreign(ReadPlace place) => new(place.Head);
}
