// What a walk along causes found, and why it ended there.
// Answered by CausalExtensions; shown by the tool's explain.
namespace Refold;

/// <summary>Why a walk along causes ended.</summary>
public enum CausalEnd
{
    /// <summary>There is nothing more: the first cause names none, or all consequences were found.</summary>
    Whole,

    /// <summary>There is more than was asked for.</summary>
    Limit,

    /// <summary>A cause is named that is not in the journal: it came from outside, or was deleted.</summary>
    MissingCause,

    /// <summary>An entry is among its own causes.</summary>
    Cycle,
}

/// <summary>An entry of a walk.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Distance">How many steps it is from where the walk began: 0 for the beginning itself.</param>
public sealed record CausalEntry(JournalEntry Entry, int Distance);

/// <summary>A walk along causes.</summary>
/// <param name="Entries">The entries: of causes the newest first, of consequences in position order. The first is where the walk
/// began.</param>
/// <param name="End">Why it ended.</param>
/// <param name="At">The id of the missing cause, or of an entry that is among its own causes; null for none.</param>
public sealed record CausalWalk(IReadOnlyList<CausalEntry> Entries, CausalEnd End, Guid? At);

/// <summary>A moment of a journal's hybrid logical clock: the greatest recorded time so far, and the position, which breaks ties. It never
/// goes back, though clocks do.</summary>
/// <param name="WallMs">Whole milliseconds since 1970-01-01 (UTC) of the latest time of any entry up to the batch; 0 where none has a
/// time.</param>
/// <param name="Position">The position.</param>
public readonly record struct HybridTime(long WallMs, long Position) : IComparable<HybridTime>
{
    /// <summary>Compares milliseconds, then positions.</summary>
    /// <param name="other">The other one.</param>
    /// <returns>Below 0, 0, or above.</returns>
    public int CompareTo(HybridTime other) => (WallMs, Position).CompareTo((other.WallMs, other.Position));

    /// <summary>Whether one comes before the other.</summary>
    public static bool operator <(HybridTime left, HybridTime right) => left.CompareTo(right) < 0;

    /// <summary>Whether one comes after the other.</summary>
    public static bool operator >(HybridTime left, HybridTime right) => left.CompareTo(right) > 0;

    /// <summary>Whether one comes before the other, or is the same.</summary>
    public static bool operator <=(HybridTime left, HybridTime right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one comes after the other, or is the same.</summary>
    public static bool operator >=(HybridTime left, HybridTime right) => left.CompareTo(right) >= 0;
}
