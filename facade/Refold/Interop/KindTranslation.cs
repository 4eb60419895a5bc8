// Between EntryKind and the core's, with the core's functions.
// Used by EntryKinds.
namespace Refold.Interop;

internal static class KindTranslation
{
    public static string Tag(EntryKind kind) => Core.EntryKindModule.tag(ToCore(kind));

    public static EntryKind? FromTags(IReadOnlyList<string> tags)
    {
        var found = Core.EntryKindModule.fromTags(tags).ValueOrThrow(nameof(tags));
        return found is null ? null : OfCore(found.Value);
    }

    public static IReadOnlyList<string> WithKind(IReadOnlyList<string> tags, EntryKind kind) =>
        [.. Core.EntryKindModule.withKind(ToCore(kind), tags.ToFSharpList())];

    public static EntryKind? Of(EntryRole role) =>
        Core.RoleModule.kind(Core.RoleModule.ofByte((byte)role)!.Value) is { } kind ? OfCore(kind.Value) : null;

    private static Core.EntryKind ToCore(EntryKind kind) =>
        kind == EntryKind.External ? Core.EntryKind.External : Core.EntryKind.Derived;

    private static EntryKind OfCore(Core.EntryKind kind) => kind.IsExternal ? EntryKind.External : EntryKind.Derived;
}
