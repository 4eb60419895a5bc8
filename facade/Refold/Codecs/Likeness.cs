// Whether a value that was read is the value that was written, part by part: types, fields, items, keys, comparers, scales, offsets.
// Called by JsonForm when a value is encoded. Equality of the types themselves does not count: it may leave parts out.
using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>One comparison.</summary>
internal sealed class Likeness
{
    // Beyond what JSON nests, and with room for fields that are not in it.
    private const int MostLevels = 3 * JsonRules.MostLevels;

    // From so many objects on, pairs that were compared are kept, so that references in circles end.
    private const int FewObjects = 1000;

    // One that found nothing is kept by the thread for the next comparison.
    [ThreadStatic]
    private static Likeness? kept;

    private readonly Stack<string> path = new();
    private HashSet<(object, object)>? compared;
    private int objects;
    private string? found;

    /// <summary>The first difference, with its place; null for alike values.</summary>
    /// <param name="declared">The type that both are declared as.</param>
    /// <param name="written">The value that was written.</param>
    /// <param name="read">The value that was read.</param>
    public static string? Difference(Type declared, object? written, object? read)
    {
        // Taken away meanwhile: what is compared may itself call a codec.
        var comparison = kept ?? new Likeness();
        kept = null;
        if (!comparison.Same(declared, written, read)) return comparison.found;
        if (comparison.compared is not null) return null;
        comparison.objects = 0;
        kept = comparison;
        return null;
    }

    private bool Same(Type declared, object? written, object? read)
    {
        if (ReferenceEquals(written, read)) return true;
        if (written is null || read is null) return Differ(written is null ? "null becomes a value" : "a value becomes null");
        if (path.Count > MostLevels) return Differ("it nests too deep");
        var type = written.GetType();
        if (Scalars.Same(written, read) is { } answer) return answer || Differ(TextOf(written, read));
        if (type != read.GetType())
            return StandsFor(declared, type, read.GetType())
                ? SameCollections(ItemsOf(declared), written, read)
                : Differ($"{type} becomes {read.GetType()}");
        if (Entered(type, written, read)) return true;
        if (written is IEnumerable)
            return SameCollections(ItemsOf(type), written, read) && (!JsonAudit.IsUsers(type) || SameFields(type, written, read));
        return written is Delegate ? written.Equals(read) || Differ("a function becomes another") : SameFields(type, written, read);
    }

    // What is read for a declared interface is the serializer's own choice of a collection.
    private static bool StandsFor(Type declared, Type written, Type read)
    {
        // Which class a frozen collection has, its contents choose.
        if (declared.IsGenericType && declared.Namespace == "System.Collections.Frozen") return true;
        if (!declared.IsInterface || !typeof(IEnumerable).IsAssignableFrom(declared)) return false;
        var isGenerated = written.GetCustomAttribute<CompilerGeneratedAttribute>() is not null || written.Name.StartsWith('<');
        if (JsonAudit.IsUsers(written) && !isGenerated) return false;
        var isKeyed = CollectionView.IsKeyed(written);
        return isKeyed == CollectionView.IsKeyed(read)
            && (!isKeyed || (JsonCollections.IsUnordered(written) && JsonCollections.IsUnordered(read)));
    }

    private bool Entered(Type type, object written, object read)
    {
        if (type.IsValueType || ++objects < FewObjects) return false;
        compared ??= new HashSet<(object, object)>(PairComparer.Instance);
        return !compared.Add((written, read));
    }

    private bool SameCollections(Type items, object written, object read)
    {
        if (!CollectionView.SameComparers(written, read)) return Differ("its comparer is not the default and does not come back");
        if (CollectionView.IsKeyed(written.GetType()) && JsonCollections.IsUnordered(written.GetType()))
            return SameKeys(items, CollectionView.Of(written), CollectionView.Of(read));
        var others = ((IEnumerable)read).GetEnumerator();
        var index = 0;
        foreach (var item in (IEnumerable)written)
        {
            if (!others.MoveNext()) return Differ("items are missing");
            if (!SameAt($"[{index++.ToString(CultureInfo.InvariantCulture)}]", items, item, others.Current)) return false;
        }

        return !others.MoveNext() || Differ("there are more items");
    }

    private bool SameKeys(Type items, CollectionView written, CollectionView read)
    {
        if (written.Count != read.Count) return Differ("another number of items");
        foreach (var item in written.Items)
        {
            if (!read.TryFind(item, out var other)) return Differ("an item is not found again");
            if (!SameAt("[]", items, item, other)) return false;
        }

        return true;
    }

    private bool SameFields(Type type, object written, object read)
    {
        // Behind the field that such a type has lie others that reflection does not see.
        if (type.IsDefined(typeof(InlineArrayAttribute), inherit: false)
            || type.IsDefined(typeof(UnsafeValueTypeAttribute), inherit: false))
            return Differ("of its elements only the first can be compared");
        var owned = FieldsOf(type);
        var areSame = path.Count < MostLevels && owned.AreSame is { } simple && simple(written, read);
        foreach (var (field, step) in areSame ? owned.Others : owned.All)
            if (!SameAt(step, field.FieldType, field.GetValue(written), field.GetValue(read))) return false;
        return true;
    }

    private bool SameAt(string step, Type declared, object? written, object? read)
    {
        path.Push(step);
        if (!Same(declared, written, read)) return false;
        path.Pop();
        return true;
    }

    private bool Differ(string reason)
    {
        var place = string.Concat(path.Reverse());
        found = place.Length == 0 ? reason : $"at {place.TrimStart('.')}: {reason}";
        return false;
    }

    private static string TextOf(object written, object read) => written.GetType() != read.GetType()
        ? $"{written.GetType()} becomes {read.GetType()}"
        : string.Create(CultureInfo.InvariantCulture, $"{written} becomes {read}, which is not the same in every part");

    private static OwnedFields FieldsOf(Type type) => FieldLists.GetValue(type, static owner =>
    {
        List<FieldInfo> fields = [];
        for (var ancestor = owner; ancestor is not null; ancestor = ancestor.BaseType)
            fields.AddRange(ancestor.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
        // Of a collection, the fields of the runtime's classes are its items, which were compared.
        IEnumerable<FieldInfo> compared =
            typeof(IEnumerable).IsAssignableFrom(owner) ? JsonAuditMembers.FieldsOfUsers(owner) : fields;
        var all = compared.Select(field => (Field: field, Step: "." + JsonAuditMembers.NameOf(field))).ToArray();
        var simple = all.Select(item => item.Field).Where(field => SimpleFields.IsSimple(field.FieldType)).ToArray();
        var others = all.Where(item => !SimpleFields.IsSimple(item.Field.FieldType)).ToArray();
        return new OwnedFields(all, SimpleFields.AreSame(owner, simple), others);
    });

    private static Type ItemsOf(Type collection) => ItemTypes.GetValue(collection, static owner =>
        owner.GetInterfaces().Prepend(owner)
            .FirstOrDefault(candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            ?.GetGenericArguments()[0] ?? typeof(object));

    private static readonly ConditionalWeakTable<Type, OwnedFields> FieldLists = [];

    private static readonly ConditionalWeakTable<Type, Type> ItemTypes = [];

    // The fields of a type; whether the simple ones among them are the same, null where that is not known; those that are not simple.
    private sealed record OwnedFields(
        (FieldInfo Field, string Step)[] All, Func<object, object, bool>? AreSame, (FieldInfo Field, string Step)[] Others);

    private sealed class PairComparer : IEqualityComparer<(object, object)>
    {
        public static readonly PairComparer Instance = new();

        public bool Equals((object, object) x, (object, object) y) =>
            ReferenceEquals(x.Item1, y.Item1) && ReferenceEquals(x.Item2, y.Item2);

        public int GetHashCode((object, object) obj) =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(obj.Item1), RuntimeHelpers.GetHashCode(obj.Item2));
    }
}
