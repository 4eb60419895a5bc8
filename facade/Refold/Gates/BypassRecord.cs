// What the entry of a bypass says, read back from a journal.
// Called by applications and by whoever audits a journal.
using System.Diagnostics.CodeAnalysis;
using Refold.Interop;

namespace Refold;

/// <summary>What was recorded where an append went around gates: the last entry of its batch. Equal by content.</summary>
/// <param name="Pipeline">The name of the set of gates.</param>
/// <param name="Name">The name of the bypass.</param>
/// <param name="Justification">Why.</param>
/// <param name="Approver">Who answers for it.</param>
/// <param name="Types">The types of the other entries of the batch, each once, in order of appearance.</param>
/// <param name="Content">SHA-256 over the canonical bytes of the other entries of the batch, one after the other.</param>
public sealed record BypassRecord(
    string Pipeline, string Name, string Justification, string Approver, IReadOnlyList<string> Types, Hash Content)
{
    /// <summary>Reads the entry of a bypass.</summary>
    /// <param name="entry">An entry.</param>
    /// <param name="record">What it says; null where it is no such entry.</param>
    /// <returns>False for any other entry.</returns>
    public static bool TryRead(JournalEntry entry, [NotNullWhen(true)] out BypassRecord? record)
    {
        ArgumentNullException.ThrowIfNull(entry);
        record = IsOfGates(entry, GateTranslation.BypassedType) ? GateTranslation.ReadBypass(entry.Payload) : null;
        return record is not null;
    }

    /// <summary>Whether both say the same.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(BypassRecord? other) =>
        other is not null && Pipeline == other.Pipeline && Name == other.Name && Justification == other.Justification
        && Approver == other.Approver && Content == other.Content && Types.SequenceEqual(other.Types);

    /// <inheritdoc/>
    public override int GetHashCode() => Content.GetHashCode();

    private static bool IsOfGates(JournalEntry entry, string type) =>
        entry.Role == EntryRole.Control && entry.Type == type
        && entry.Stream.Value.StartsWith(GateTranslation.StreamPrefix, StringComparison.Ordinal);
}
