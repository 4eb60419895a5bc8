// Walks along causes and consequences, by the ids of entries: at a cost that goes with the answer, whatever the journal's size.
// Called by applications, by scripts and by the tool's explain.
namespace Refold;

/// <summary>Walks along causes and consequences. Entries are joined by ids alone: equal payloads are no obstacle.</summary>
public static class CausalExtensions
{
    private const string RunPrefix = "$run/";

    /// <summary>The entry at a position, its cause, the cause of that, and so on: the newest first.</summary>
    /// <remarks>An entry's cause is the one its causation id names. Control entries of runs have neither a causation id nor a correlation
    /// id: the cause of the one that ends a run is taken to be the one that began it, by their places in the run's stream. Where an id
    /// was given to several entries, the last one before is the cause.</remarks>
    /// <param name="journal">The journal.</param>
    /// <param name="position">The position of the entry.</param>
    /// <param name="limit">At most this many entries, from 1.</param>
    /// <returns>The walk. It ends at an entry without a cause, at one whose cause is missing, and where it comes back to an entry it
    /// has.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no entry at the position, or the limit is below 1.</exception>
    public static CausalWalk Causes(this ILocalJournal journal, long position, int limit = 1000)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var entry = EntryAt(journal, position) ?? throw NoEntry(position);
        var (found, seen) = (new List<CausalEntry>(), new HashSet<long>());
        while (true)
        {
            if (!seen.Add(entry.Position)) return new CausalWalk(found, CausalEnd.Cycle, entry.Id);
            if (found.Count == limit) return new CausalWalk(found, CausalEnd.Limit, null);
            found.Add(new CausalEntry(entry, found.Count));
            if (entry.CausationId is not { } cause)
            {
                if (BeginOfRun(journal, entry) is not { } began) return new CausalWalk(found, CausalEnd.Whole, null);
                entry = began;
                continue;
            }

            if (CauseOf(journal, entry, cause) is not { } before) return new CausalWalk(found, CausalEnd.MissingCause, cause);
            entry = before;
        }
    }

    /// <summary>The entry at a position, what it brought about, what that brought about, and so on: in position order.</summary>
    /// <remarks>An entry brought about those whose causation id is its id; the one that began a run also the one that ended it, though
    /// control entries of runs have neither a causation id nor a correlation id. Commands of a run are not among the consequences of its
    /// begin: each has a cause of its own, or none.</remarks>
    /// <param name="journal">The journal.</param>
    /// <param name="position">The position of the entry.</param>
    /// <param name="limit">At most this many entries, from 1: the nearest ones.</param>
    /// <returns>The walk. An entry that is among its own consequences is named, and not gone through again.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no entry at the position, or the limit is below 1.</exception>
    public static CausalWalk Consequences(this ILocalJournal journal, long position, int limit = 10_000)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var first = EntryAt(journal, position) ?? throw NoEntry(position);
        var parents = new Dictionary<long, long> { [position] = 0 };
        var (found, next) = (new List<CausalEntry> { new(first, 0) }, 0);
        var (end, at) = (CausalEnd.Whole, default(Guid?));
        while (next < found.Count && end != CausalEnd.Limit)
        {
            var (entry, distance) = found[next++];
            foreach (var caused in ConsequencesOf(journal, entry))
            {
                if (parents.ContainsKey(caused))
                {
                    if (IsAmong(parents, entry.Position, caused)) (end, at) = (CausalEnd.Cycle, EntryAt(journal, caused)?.Id);
                    continue;
                }

                if (EntryAt(journal, caused) is not { } consequence) continue;
                if (found.Count == limit)
                {
                    (end, at) = (CausalEnd.Limit, null);
                    break;
                }

                parents[caused] = entry.Position;
                found.Add(new CausalEntry(consequence, distance + 1));
            }
        }

        found.Sort(1, found.Count - 1, Comparer<CausalEntry>.Create((one, other) => one.Entry.Position.CompareTo(other.Entry.Position)));
        return new CausalWalk(found, end, at);
    }

    /// <summary>The journal's hybrid logical clock at a position.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="position">The position, from 1.</param>
    /// <returns>The moment; null in a gap, behind the last position, and for a beginning that was dropped.</returns>
    public static HybridTime? ClockAt(this ILocalJournal journal, long position)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return journal.BatchAt(position) is { } place
            ? new HybridTime(place.Latest is { } time ? Math.Max(0, time.ToUnixTimeMilliseconds()) : 0, position)
            : null;
    }

    private static ArgumentOutOfRangeException NoEntry(long position) =>
        new(nameof(position), position, "There is no entry at that position.");

    private static JournalEntry? EntryAt(ILocalJournal journal, long position) =>
        journal.ReadAll(position, 1).FirstOrDefault(entry => entry.Position == position);

    private static JournalEntry? CauseOf(ILocalJournal journal, JournalEntry entry, Guid cause)
    {
        var positions = journal.FindById(cause);
        if (positions.Count == 0) return null;
        var before = positions.LastOrDefault(position => position < entry.Position);
        return EntryAt(journal, before > 0 ? before : positions[0]);
    }

    // Control entries of a run have no causation id of their own: the one that ends it follows from the one that began it.
    private static JournalEntry? BeginOfRun(ILocalJournal journal, JournalEntry entry) =>
        entry.Role == EntryRole.Control && entry.Version > 1 && IsOfRun(entry)
            ? Read(journal, entry.Stream, 1)
            : null;

    private static IEnumerable<long> ConsequencesOf(ILocalJournal journal, JournalEntry entry)
    {
        var caused = journal.CausedBy(entry.Id);
        return entry.Role == EntryRole.Control && entry.Version == 1 && IsOfRun(entry)
            && journal.HighestVersion(entry.Stream) is > 1 and var last
            && Read(journal, entry.Stream, last) is { Role: EntryRole.Control } ended
            ? [.. caused, ended.Position]
            : caused;
    }

    private static bool IsOfRun(JournalEntry entry) => entry.Stream.Value.StartsWith(RunPrefix, StringComparison.Ordinal);

    private static JournalEntry? Read(ILocalJournal journal, StreamId stream, long version)
    {
        try
        {
            return journal.ReadStream(stream, version, version).FirstOrDefault();
        }
        catch (EntriesDroppedException)
        {
            return null;
        }
    }

    // Whether a position is on the way from another one back to where the walk began.
    private static bool IsAmong(Dictionary<long, long> parents, long position, long sought)
    {
        for (; position != 0; position = parents[position])
        {
            if (position == sought) return true;
        }

        return false;
    }
}
