// Which collections keep their items and their order in JSON.
// Asked by JsonAudit; Likeness compares by the same kinds.
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;

namespace Refold;

internal static class JsonCollections
{
    private static readonly HashSet<Type> Sequences =
    [
        typeof(List<>), typeof(IEnumerable<>), typeof(ICollection<>), typeof(IList<>), typeof(IReadOnlyCollection<>),
        typeof(IReadOnlyList<>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(IImmutableList<>), typeof(Queue<>),
        typeof(LinkedList<>), typeof(ConcurrentQueue<>), typeof(ImmutableQueue<>), typeof(IImmutableQueue<>), typeof(Collection<>),
        typeof(ObservableCollection<>),
    ];

    private static readonly HashSet<Type> Dictionaries =
    [
        typeof(Dictionary<,>), typeof(IDictionary<,>), typeof(IReadOnlyDictionary<,>), typeof(SortedDictionary<,>), typeof(SortedList<,>),
        typeof(ConcurrentDictionary<,>), typeof(ImmutableDictionary<,>), typeof(IImmutableDictionary<,>),
        typeof(ImmutableSortedDictionary<,>),
    ];

    // Which have no order that a decision may depend on, so that one may stand for another behind an interface.
    private static readonly HashSet<Type> Unordered =
    [
        typeof(HashSet<>), typeof(ImmutableHashSet<>), typeof(FrozenSet<>), typeof(Dictionary<,>), typeof(ConcurrentDictionary<,>),
        typeof(ImmutableDictionary<,>), typeof(FrozenDictionary<,>),
    ];

    private static readonly HashSet<Type> Stacks =
    [
        typeof(Stack<>), typeof(ConcurrentStack<>), typeof(ImmutableStack<>), typeof(IImmutableStack<>),
    ];

    /// <summary>Why a collection does not come back as it is; null where nothing speaks against its type.</summary>
    public static string? ReasonAgainst(Type type)
    {
        if (type.IsArray) return type.IsSZArray ? null : "an array of several dimensions has no JSON form";
        for (var ancestor = type; ancestor is not null; ancestor = ancestor.BaseType)
            if (Stacks.Contains(Definition(ancestor))) return "the order of a stack turns; use a list";
        if (HasKnownBase(type)) return null;
        return JsonAudit.IsRuntimes(type) ? $"{type} is no collection that keeps its items and their order" : null;
    }

    /// <summary>Whether the serializer can add items to a class of the user's.</summary>
    public static bool CanBeFilled(Type type) =>
        type.GetInterfaces().Any(candidate => Definition(candidate) == typeof(ICollection<>)) || HasKnownBase(type);

    /// <summary>Whether the collection, or the collection it is derived from, has no order of its own.</summary>
    public static bool IsUnordered(Type type)
    {
        for (var ancestor = type; ancestor is not null; ancestor = ancestor.BaseType)
            if (Unordered.Contains(Definition(ancestor))) return true;
        return false;
    }

    private static bool HasKnownBase(Type type)
    {
        for (var ancestor = type; ancestor is not null; ancestor = ancestor.BaseType)
            if (Sequences.Contains(Definition(ancestor)) || Dictionaries.Contains(Definition(ancestor))) return true;
        return false;
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;
}
