// Sets as arrays sorted by the canonical bytes of their elements: a set has no order of its own, and hash order changes with the process.
// Registered by JsonRules.
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

    private static Type? ElementOf(Type type) =>
        type.GetInterfaces().Prepend(type)
            .FirstOrDefault(candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() is var open
                && (open == typeof(ISet<>) || open == typeof(IReadOnlySet<>) || open == typeof(IImmutableSet<>)))
            ?.GetGenericArguments()[0];
}

/// <summary>One kind of set.</summary>
internal sealed class SetConverter<TSet, TElement> : JsonConverter<TSet>
    where TSet : class, IEnumerable<TElement>
{
    private static readonly Func<List<TElement>, IEnumerable<TElement>> Make = Maker();

    public override TSet Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("An array is expected.");
        var element = (JsonTypeInfo<TElement>)options.GetTypeInfo(typeof(TElement));
        var elements = new List<TElement>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            elements.Add(JsonSerializer.Deserialize(ref reader, element)!);
        var set = Make(elements);
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

    private static Func<List<TElement>, IEnumerable<TElement>> Maker()
    {
        if (typeof(TSet).IsAssignableFrom(typeof(HashSet<TElement>))) return elements => new HashSet<TElement>(elements);
        if (typeof(TSet).IsAssignableFrom(typeof(SortedSet<TElement>))) return elements => new SortedSet<TElement>(elements);
        if (typeof(TSet).IsAssignableFrom(typeof(ImmutableHashSet<TElement>))) return elements => elements.ToImmutableHashSet();
        if (typeof(TSet).IsAssignableFrom(typeof(ImmutableSortedSet<TElement>))) return elements => elements.ToImmutableSortedSet();
        return _ =>
            throw new NotSupportedException(
                $"{typeof(TSet)} cannot be read; use HashSet, SortedSet, ImmutableHashSet or ImmutableSortedSet.");
    }
}
