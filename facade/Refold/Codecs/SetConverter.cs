// Sets as arrays sorted by the canonical bytes of their elements: a set has no order of its own, and hash order changes with the process.
// Registered by JsonRules; JsonAudit asks what it can read.
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Refold.Interop;

namespace Refold;

/// <summary>Converters for the sets of the base class library.</summary>
internal sealed class SetConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => ElementOf(typeToConvert) is not null;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(SetConverter<,>).MakeGenericType(typeToConvert, ElementOf(typeToConvert)!))!;

    /// <summary>The type of a set's elements; null for what is no set.</summary>
    public static Type? ElementOf(Type type) =>
        type.GetInterfaces().Prepend(type)
            .FirstOrDefault(candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() is var open
                && (open == typeof(ISet<>) || open == typeof(IReadOnlySet<>) || open == typeof(IImmutableSet<>)))
            ?.GetGenericArguments()[0];
}

/// <summary>What the audit asks a converter for sets.</summary>
internal interface ISetConverter
{
    /// <summary>Whether sets of the type can be made from elements.</summary>
    bool CanRead { get; }
}

/// <summary>One kind of set.</summary>
internal sealed class SetConverter<TSet, TElement> : JsonConverter<TSet>, ISetConverter
    where TSet : class, IEnumerable<TElement>
{
    private static readonly Func<List<TElement>, IEnumerable<TElement>>? Make = Maker();

    public bool CanRead => Make is not null;

    public override TSet Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("An array is expected.");
        var element = (JsonTypeInfo<TElement>)options.GetTypeInfo(typeof(TElement));
        var elements = new List<TElement>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            elements.Add(JsonSerializer.Deserialize(ref reader, element)!);
        var set = Make is null ? throw new JsonException($"{typeof(TSet)} cannot be read.") : Make(elements);
        return set.Count() == elements.Count ? (TSet)set : throw new JsonException("A set has an element twice.");
    }

    public override void Write(Utf8JsonWriter writer, TSet value, JsonSerializerOptions options)
    {
        var element = (JsonTypeInfo<TElement>)options.GetTypeInfo(typeof(TElement));
        var forms = value.Select(item => CanonicalJson.OfJson(JsonSerializer.SerializeToUtf8Bytes(item, element))).ToList();
        forms.Sort((left, right) => left.Span.SequenceCompareTo(right.Span));
        writer.WriteStartArray();
        foreach (var form in forms) writer.WriteRawValue(form.Span, skipInputValidation: true);
        writer.WriteEndArray();
    }

    private static Func<List<TElement>, IEnumerable<TElement>>? Maker()
    {
        if (typeof(TSet).IsAssignableFrom(typeof(HashSet<TElement>))) return elements => new HashSet<TElement>(elements);
        if (typeof(TSet).IsAssignableFrom(typeof(SortedSet<TElement>))) return elements => new SortedSet<TElement>(elements);
        if (typeof(TSet).IsAssignableFrom(typeof(ImmutableHashSet<TElement>))) return elements => elements.ToImmutableHashSet();
        if (typeof(TSet).IsAssignableFrom(typeof(ImmutableSortedSet<TElement>))) return elements => elements.ToImmutableSortedSet();
        if (typeof(TSet).IsAssignableFrom(typeof(FrozenSet<TElement>))) return elements => elements.ToFrozenSet();
        // A class of the user's, such as one derived from HashSet: its constructor chooses the comparer.
        if (typeof(TSet).IsAbstract || !typeof(ISet<TElement>).IsAssignableFrom(typeof(TSet))
            || typeof(TSet).GetConstructor(Type.EmptyTypes) is null) return null;
        return elements =>
        {
            var set = (ISet<TElement>)Activator.CreateInstance<TSet>();
            foreach (var element in elements) set.Add(element);
            return set;
        };
    }
}
