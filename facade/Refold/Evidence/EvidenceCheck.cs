// What checking a report against a journal came to.
// Answered by EvidenceChecks; printed by the tool's verb evidence verify.
namespace Refold;

/// <summary>What a journal says of a report.</summary>
/// <param name="Difference">The first member that the journal has otherwise, by its JSON pointer, in one line; null where there is
/// none.</param>
/// <param name="NotChecked">JSON pointers of the members that the journal alone cannot show, in the order of the body: what an opening
/// read, what gates were asked. They are as trustworthy as who made the report.</param>
public sealed record EvidenceCheck(string? Difference, IReadOnlyList<string> NotChecked)
{
    /// <summary>Whether nothing that was checked is otherwise.</summary>
    public bool Holds => Difference is null;

    /// <summary>Whether both say the same.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(EvidenceCheck? other) =>
        other is not null && Difference == other.Difference && NotChecked.SequenceEqual(other.NotChecked);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Difference, NotChecked.Count);

    /// <summary>What is different, or what was not checked.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Difference
        ?? (NotChecked.Count == 0 ? "the same" : "the same, but not checked: " + string.Join(", ", NotChecked));
}
