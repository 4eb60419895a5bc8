// A batch with its place: what a store writes, and what it reads back whole.
// Made by AppendRule, and by stores that copy, compact or verify what they keep.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold;

/// <summary>An entry as a store keeps it.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="CanonicalBytes">Its canonical bytes; see <see cref="JournalEntry.TryRead"/>.</param>
public readonly record struct StoredEntry(JournalEntry Entry, ReadOnlyMemory<byte> CanonicalBytes);

/// <summary>A batch with its place. Immutable.</summary>
public sealed class PlacedBatch
{
    internal PlacedBatch(Core.AcceptedBatch value) => Value = value;

    internal Core.AcceptedBatch Value { get; }

    /// <summary>The batch's first position, which is also its id.</summary>
    public long FirstPosition => Value.FirstPosition;

    /// <summary>How many entries are there. The batch may take more positions: a restored or compacted one has holes.</summary>
    public int Count => Value.Count;

    /// <summary>The leaves, holes included; their counts add up to the positions the batch takes.</summary>
    public IReadOnlyList<Leaf> Leaves => Value.Leaves;

    /// <summary>The idempotency key; null for none.</summary>
    public string? Key => Value.Key?.Value.Item1;

    /// <summary>The hash of the content that a retry must repeat; a store keeps it with the key. Zeros without a key.</summary>
    public Hash Content => Value.Key?.Value.Item2 ?? default;

    /// <summary>The receipt for the caller, once the batch is durable. Its head is the journal's from then on.</summary>
    [field: System.Diagnostics.CodeAnalysis.MaybeNull]
    public Receipt Receipt => field ??= new Receipt(Value.Placed);

    /// <summary>The position of an entry.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <returns>The position.</returns>
    public long Position(int index) => Value.Position(index);

    /// <summary>The version of an entry.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <returns>The version.</returns>
    public long Version(int index) => Value.Version(index);

    /// <summary>The stream of an entry.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <returns>The stream.</returns>
    public StreamId Stream(int index) => Value.Stream(index);

    /// <summary>The canonical bytes of an entry, without a copy: what a store keeps.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <returns>The bytes.</returns>
    public ReadOnlyMemory<byte> CanonicalBytes(int index) => Value.CanonicalBytes(index);

    /// <summary>An entry with its place.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <returns>The entry.</returns>
    public JournalEntry Entry(int index) => new(new Core.Entry(Position(index), Version(index), FirstPosition, Value.Entries[index]));

    /// <summary>A batch as a store finds it in its own bytes. Nothing is judged here: the store has checked it.</summary>
    /// <param name="firstPosition">The batch's first position.</param>
    /// <param name="entries">Its entries that are left, in position order.</param>
    /// <param name="leaves">All its leaves, holes included.</param>
    /// <param name="head">The head it leads to.</param>
    /// <returns>The batch, with the key of its entries.</returns>
    public static PlacedBatch FromStore(long firstPosition, IReadOnlyList<StoredEntry> entries, IEnumerable<Leaf> leaves, Head head) =>
        new(Core.Append.ofStored(
            firstPosition,
            [.. entries.Select(item => item.Entry.Value.Data)],
            [.. entries.Select(item => item.CanonicalBytes)],
            [.. entries.Select(item => item.Entry.Position)],
            [.. entries.Select(item => item.Entry.Version)],
            leaves.ToFSharpList(),
            head));

    /// <summary>The batch with the key and versions that a store kept of it, for one that a compaction took entries from.</summary>
    /// <param name="key">The key; null where it was forgotten or there was none.</param>
    /// <param name="known">Its content and receipt; null with the key.</param>
    /// <returns>The batch.</returns>
    public PlacedBatch WithKey(string? key, KnownKey? known) => new(Value.With(
        key is not null && known is not null ? FSharpOption<Tuple<string, Hash>>.Some(new(key, known.Content)) : null,
        known is null
            ? Value.Receipt
            : new Core.Receipt(Value.FirstPosition, Value.Placed.Count, known.Receipt.Value.Versions, Value.Head)));
}
