// Where an entry comes from, and how that shows in lists of tags (seed 000). The core's EntryKind, mirrored.
// Used by programs that read or write tags elsewhere: queries, exports, other stores.
using Refold.Interop;

namespace Refold;

/// <summary>Where an entry comes from.</summary>
public enum EntryKind
{
    /// <summary>An input that nothing can make again: fed back as recorded on replay. Outward form: the tag
    /// <c>kind:external</c>.</summary>
    External = 0,

    /// <summary>Computed from state and inputs: computed again on replay, and compared. Outward form: the tag
    /// <c>kind:derived</c>.</summary>
    Derived = 1,
}

/// <summary>Functions of <see cref="EntryKind"/>: its tag, the kind in a list of tags, a list of tags with a kind.</summary>
/// <example><code>
/// var tags = EntryKinds.WithKind(["sku:7"], EntryKind.Derived); // sku:7, kind:derived
/// var kind = EntryKinds.FromTags(tags);                         // Derived
/// </code></example>
public static class EntryKinds
{
    /// <summary>The tag that stands for a kind outside.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns><c>kind:external</c> or <c>kind:derived</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is no kind.</exception>
    public static string Tag(this EntryKind kind) => KindTranslation.Tag(Checked(kind));

    /// <summary>The kind in a list of tags.</summary>
    /// <param name="tags">The tags.</param>
    /// <returns>The kind; null where no tag begins with <c>kind:</c>.</returns>
    /// <exception cref="ArgumentException">Both kinds are there, or another tag begins with <c>kind:</c>.</exception>
    public static EntryKind? FromTags(IEnumerable<string> tags) => KindTranslation.FromTags(Checked(tags));

    /// <summary>The tags with the tag of this kind, last, and of no other kind; all others stay, in their order.</summary>
    /// <param name="tags">The tags.</param>
    /// <param name="kind">The kind.</param>
    /// <returns>A new list.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is no kind.</exception>
    public static IReadOnlyList<string> WithKind(IEnumerable<string> tags, EntryKind kind) =>
        KindTranslation.WithKind(Checked(tags), Checked(kind));

    /// <summary>The kind that entries of a role are of.</summary>
    /// <param name="role">The role.</param>
    /// <returns>The kind; null for <see cref="EntryRole.Unmarked"/>, which is handled as derived and shows no kind.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is no role.</exception>
    public static EntryKind? Kind(this EntryRole role) => Enum.IsDefined(role)
        ? KindTranslation.Of(role)
        : throw new ArgumentOutOfRangeException(nameof(role), role, "This is no role.");

    private static EntryKind Checked(EntryKind kind) =>
        Enum.IsDefined(kind) ? kind : throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind is External or Derived.");

    private static List<string> Checked(IEnumerable<string> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        return [.. tags.Select(tag => tag ?? throw new ArgumentException("A tag is null.", nameof(tags)))];
    }
}
