// Sets and dictionaries of any type seen alike: how many items, whether one is found again, and by which comparers.
// Called by Likeness.
using System.Collections;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>A set or a dictionary.</summary>
internal abstract class CollectionView
{
    private static readonly string[] ComparerNames = ["Comparer", "KeyComparer", "ValueComparer"];

    private static readonly ConditionalWeakTable<Type, Type[]> Views = [];

    /// <summary>How many items there are.</summary>
    public abstract int Count { get; }

    /// <summary>The items; of a dictionary, pairs of key and value.</summary>
    public abstract IEnumerable Items { get; }

    /// <summary>The item that the collection holds for an item of another one.</summary>
    public abstract bool TryFind(object? item, out object? found);

    /// <summary>Whether it is a set or a dictionary.</summary>
    public static bool IsKeyed(Type type) => ViewOf(type).Length > 0;

    /// <summary>A set or a dictionary.</summary>
    public static CollectionView Of(object collection) =>
        (CollectionView)Activator.CreateInstance(ViewOf(collection.GetType())[0], collection)!;

    /// <summary>Whether both compare alike; what has no comparer does.</summary>
    public static bool SameComparers(object written, object read)
    {
        foreach (var name in ComparerNames)
        {
            if (written.GetType().GetProperty(name) is not { PropertyType.IsGenericType: true } property) continue;
            var comparer = property.GetValue(written);
            var other = read.GetType().GetProperty(name)?.GetValue(read);
            // Behind an interface the one may have a comparer where the other has none.
            if (!Equals(comparer, other) && !(IsDefault(property, comparer) && (other is null || IsDefault(property, other)))) return false;
        }

        return true;
    }

    // The default comparer of strings compares code units, as the ordinal one does; the default one that orders them does not.
    private static bool IsDefault(PropertyInfo property, object? comparer)
    {
        var items = property.PropertyType.GetGenericArguments()[0];
        var isEquality = property.PropertyType.GetGenericTypeDefinition() == typeof(IEqualityComparer<>);
        var known = isEquality ? typeof(EqualityComparer<>) : typeof(Comparer<>);
        return (isEquality && ReferenceEquals(comparer, StringComparer.Ordinal))
            || Equals(comparer, known.MakeGenericType(items).GetProperty("Default")!.GetValue(null));
    }

    private static Type[] ViewOf(Type type) => Views.GetValue(type, static collection =>
    {
        foreach (var candidate in collection.GetInterfaces().Prepend(collection).Where(candidate => candidate.IsGenericType))
        {
            var (definition, arguments) = (candidate.GetGenericTypeDefinition(), candidate.GetGenericArguments());
            if (definition == typeof(IReadOnlyDictionary<,>)) return [typeof(DictionaryView<,>).MakeGenericType(arguments)];
            if (definition == typeof(IReadOnlySet<>)) return [typeof(SetView<>).MakeGenericType(arguments)];
        }

        return [];
    });
}

/// <summary>A set without an order of its own.</summary>
internal sealed class SetView<T>(IReadOnlySet<T> set) : CollectionView
{
    public override int Count => set.Count;

    public override IEnumerable Items => set;

    public override bool TryFind(object? item, out object? found)
    {
        T? held = default;
        var isFound = set switch
        {
            HashSet<T> hashed => hashed.TryGetValue((T)item!, out held),
            ImmutableHashSet<T> immutable => immutable.TryGetValue((T)item!, out held),
            FrozenSet<T> frozen => frozen.TryGetValue((T)item!, out held),
            _ => false,
        };
        found = held;
        return isFound;
    }
}

/// <summary>A dictionary.</summary>
internal sealed class DictionaryView<TKey, TValue>(IReadOnlyDictionary<TKey, TValue> dictionary) : CollectionView
    where TKey : notnull
{
    public override int Count => dictionary.Count;

    public override IEnumerable Items => dictionary;

    public override bool TryFind(object? item, out object? found)
    {
        var key = ((KeyValuePair<TKey, TValue>)item!).Key;
        var isFound = dictionary.TryGetValue(key, out var value);
        found = isFound ? new KeyValuePair<TKey, TValue>(key, value!) : null;
        return isFound;
    }
}
