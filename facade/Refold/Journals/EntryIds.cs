// The ids of entries, or of what brought them about, put together by reading them once, for stores whose entries have no index of ids.
// Used by InMemoryJournal, and by the segment that is written of segment files; each under a lock of its own.
namespace Refold;

/// <summary>Where entries with an id are, by a number that ascends: a position, or which of a segment's entries. Used by one thread at a
/// time.</summary>
/// <param name="idOf">The id of an entry; null for one that has none.</param>
internal sealed class EntryIds(Func<JournalEntry, Guid?> idOf)
{
    private readonly Dictionary<Guid, long> first = [];

    // Ids that came again; few.
    private readonly Dictionary<Guid, List<long>> later = [];

    /// <summary>The number up to which entries were added.</summary>
    public long UpTo { get; private set; }

    /// <summary>Adds the entries of a journal behind those that were added.</summary>
    /// <param name="entries">The entries, from <see cref="UpTo"/> on.</param>
    /// <param name="upTo">The position up to which they count.</param>
    public void Add(IEnumerable<JournalEntry> entries, long upTo)
    {
        foreach (var entry in entries.TakeWhile(entry => entry.Position <= upTo)) Add(entry, entry.Position);
        UpTo = Math.Max(UpTo, upTo);
    }

    /// <summary>Adds an entry behind those that were added.</summary>
    public void Add(JournalEntry entry, long number)
    {
        if (idOf(entry) is { } id && !first.TryAdd(id, number))
        {
            if (!later.TryGetValue(id, out var numbers)) later[id] = numbers = [];
            numbers.Add(number);
        }

        UpTo = number;
    }

    /// <summary>The numbers of the entries with an id, ascending.</summary>
    public IEnumerable<long> Of(Guid id) =>
        !first.TryGetValue(id, out var number) ? [] : later.TryGetValue(id, out var numbers) ? [number, .. numbers] : [number];
}
