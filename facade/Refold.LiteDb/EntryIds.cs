// What entries are found by besides streams and words: their ids, the ids of what brought them about, and their runs, as hashes.
// Used by RecentIds, the look-ups of LiteDbJournal and the verification.
using System.Buffers.Binary;
using System.Text;

namespace Refold.LiteDb;

/// <summary>A hash of something that entries are found by, and the position of an entry. Ordered by hash, then by position.</summary>
internal readonly record struct IdPair(ulong Hash, long Position) : IComparable<IdPair>
{
    public int CompareTo(IdPair other) => Hash == other.Hash ? Position.CompareTo(other.Position) : Hash.CompareTo(other.Hash);

    public static bool operator <(IdPair left, IdPair right) => left.CompareTo(right) < 0;

    public static bool operator >(IdPair left, IdPair right) => left.CompareTo(right) > 0;

    public static bool operator <=(IdPair left, IdPair right) => left.CompareTo(right) <= 0;

    public static bool operator >=(IdPair left, IdPair right) => left.CompareTo(right) >= 0;
}

/// <summary>What entries are looked for by.</summary>
/// <param name="Number">A hash, under which their positions are kept; others may have the same.</param>
/// <param name="Has">Whether an entry is one of them.</param>
internal readonly record struct IdKey(ulong Number, Func<JournalEntry, bool> Has)
{
    private const byte EntryKind = 1, CauseKind = 2, RunKind = 3;

    /// <summary>Entries with an id.</summary>
    public static IdKey OfEntry(Guid id) => new(HashOfEntry(id), entry => entry.Id == id);

    /// <summary>Entries that something brought about.</summary>
    public static IdKey OfCause(Guid id) => new(HashOfCause(id), entry => entry.CausationId == id);

    /// <summary>Entries of a run.</summary>
    public static IdKey OfRun(RunId run) => new(HashOfRun(run), entry => entry.Run == run);

    public static ulong HashOfEntry(Guid id) => HashOf(EntryKind, id);

    public static ulong HashOfCause(Guid id) => HashOf(CauseKind, id);

    public static ulong HashOfRun(RunId run)
    {
        Span<byte> bytes = stackalloc byte[32];
        Hash.Compute(Encoding.UTF8.GetBytes(run.Value)).CopyTo(bytes);
        return HashOf(RunKind, bytes);
    }

    /// <summary>The finalizer of MurmurHash3: one to one, and every bit changes half of the bits.</summary>
    public static ulong Mix(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
            value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
            return value ^ (value >> 33);
        }
    }

    private static ulong HashOf(byte kind, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return HashOf(kind, bytes);
    }

    // Whoever makes ids that come to one hash could give one id again and again too: what is found is looked at, one by one.
    private static ulong HashOf(byte kind, ReadOnlySpan<byte> bytes) => Mix(
        Mix(unchecked(BinaryPrimitives.ReadUInt64BigEndian(bytes) + kind)) ^ BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
}

/// <summary>Makes the hashes of entries. Used by one thread.</summary>
internal sealed class EntryIds
{
    private readonly ulong[] hashes = new ulong[3];

    // Entries of one run mostly come one behind another.
    private (RunId? Run, ulong Hash) last;

    /// <summary>The hashes of an entry, each once; until the next entry is asked for.</summary>
    public ReadOnlySpan<ulong> Of(JournalEntry entry)
    {
        var count = 0;
        Put(IdKey.HashOfEntry(entry.Id));
        if (entry.CausationId is { } cause) Put(IdKey.HashOfCause(cause));
        if (entry.Run is { } run)
        {
            if (run != last.Run) last = (run, IdKey.HashOfRun(run));
            Put(last.Hash);
        }

        return hashes.AsSpan(0, count);

        void Put(ulong hash)
        {
            if (!hashes.AsSpan(0, count).Contains(hash)) hashes[count++] = hash;
        }
    }
}
