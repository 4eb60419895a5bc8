// Whether values of a type can come back exactly from their JSON, found out by walking the serializer's metadata when a codec is made.
// Called by JsonForm. What only a value shows is found when it is encoded.
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

/// <summary>One walk over a type and what it contains.</summary>
internal sealed class JsonAudit
{
    // A generic type that contains itself over ever larger arguments has no end.
    private const int MostTypes = 2000;

    private static readonly HashSet<Type> Scalars =
    [
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(Int128), typeof(UInt128), typeof(BigInteger), typeof(Half), typeof(float), typeof(double), typeof(decimal), typeof(char),
        typeof(string), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan),
        typeof(Uri), typeof(Version), typeof(byte[]), typeof(Memory<byte>), typeof(ReadOnlyMemory<byte>),
    ];

    // As keys their text would be the runtime's.
    private static readonly HashSet<Type> NoKeys =
    [
        typeof(Half), typeof(float), typeof(double), typeof(byte[]), typeof(Memory<byte>), typeof(ReadOnlyMemory<byte>),
    ];

    private readonly JsonSerializerOptions options;
    private readonly HashSet<Type> seen = [];

    private JsonAudit(JsonSerializerOptions options) => this.options = options;

    /// <summary>Refuses a type that values do not come back from.</summary>
    /// <exception cref="ArgumentException">Values cannot be brought back exactly; the message names the place and the reason.</exception>
    public static void Require(JsonTypeInfo root) => new JsonAudit(root.Options).Visit(root.Type, root.Type.Name);

    /// <summary>What a place is refused with.</summary>
    public static ArgumentException Refusal(string place, string reason) =>
        new($"{place} cannot be brought back exactly from JSON: {reason}.");

    /// <summary>Walks a type and what is in it.</summary>
    public void Visit(Type type, string place)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying) type = underlying;
        if (type.IsEnum || Scalars.Contains(type) || !seen.Add(type)) return;
        if (seen.Count > MostTypes) throw Refusal(place, "its types go on for ever");
        if (type.IsDefined(typeof(System.Runtime.CompilerServices.InlineArrayAttribute), inherit: false))
            throw Refusal(place, $"{type.Name} is an inline array, of which only the first element has a name; use an array");
        if (SaysNothing(type))
            throw Refusal(place, $"{type.Name} says nothing about its form; use a type of your own, or keep JSON as a string");
        var typeInfo = JsonRules.TypeInfo(options, type);
        if (IsUsers(typeInfo.Converter.GetType())) return;
        if (typeInfo.Converter is ISetConverter set) VisitSet(type, set, place);
        else if (FrozenDictionaryConverterFactory.ArgumentsOf(type) is [var key, var value]) VisitDictionary(key, value, place);
        else if (typeInfo.Kind == JsonTypeInfoKind.Enumerable) VisitSequence(typeInfo, place);
        else if (typeInfo.Kind == JsonTypeInfoKind.Dictionary)
        {
            RequireCollection(typeInfo, place);
            VisitDictionary(typeInfo.KeyType!, typeInfo.ElementType!, place);
        }
        else if (typeInfo.Kind == JsonTypeInfoKind.Object) JsonAuditMembers.Visit(this, typeInfo, place);
        else throw Refusal(place, $"{type} has no JSON form");
    }

    /// <summary>Whether a value of a type is written as one text or number.</summary>
    public static bool IsScalar(Type type) => Scalars.Contains(type);

    /// <summary>Whether a class is of the application or of another library, not of the runtime and not Refold's own.</summary>
    public static bool IsUsers(Type type) =>
        type.Assembly != typeof(JsonAudit).Assembly && !IsRuntimes(type);

    /// <summary>Whether a class is the runtime's.</summary>
    public static bool IsRuntimes(Type type)
    {
        var name = type.Assembly.GetName().Name!;
        return name is "mscorlib" or "netstandard" or "System" || name.StartsWith("System.", StringComparison.Ordinal)
            || name.StartsWith("Microsoft.", StringComparison.Ordinal);
    }

    private static bool SaysNothing(Type type) =>
        type == typeof(object) || type == typeof(JsonElement) || type == typeof(JsonDocument) || typeof(JsonNode).IsAssignableFrom(type);

    private void VisitSet(Type type, ISetConverter set, string place)
    {
        if (!set.CanRead)
            throw Refusal(
                place, $"{type} cannot be made from elements; use HashSet, SortedSet, ImmutableHashSet, ImmutableSortedSet or FrozenSet");
        RequireNoMembers(type, place);
        Visit(SetConverterFactory.ElementOf(type)!, place + "[]");
    }

    private void VisitSequence(JsonTypeInfo typeInfo, string place)
    {
        RequireCollection(typeInfo, place);
        Visit(typeInfo.ElementType!, place + "[]");
    }

    private static void RequireCollection(JsonTypeInfo typeInfo, string place)
    {
        var type = typeInfo.Type;
        if (JsonCollections.ReasonAgainst(type) is { } reason) throw Refusal(place, reason);
        if (!IsUsers(type)) return;
        if (typeInfo.CreateObject is null || !JsonCollections.CanBeFilled(type))
            throw Refusal(place, $"{type} needs a constructor without parameters and ICollection<T> or IDictionary<TKey, TValue>");
        RequireNoMembers(type, place);
    }

    // A collection is written as its items.
    private static void RequireNoMembers(Type type, string place)
    {
        if (JsonAuditMembers.FieldsOfUsers(type).FirstOrDefault(JsonAuditMembers.IsVisible) is { } field)
            throw Refusal(place, $"a collection is written without its member {JsonAuditMembers.NameOf(field)}");
    }

    private void VisitDictionary(Type key, Type value, string place)
    {
        if (NoKeys.Contains(key)) throw Refusal(place, $"a key of {key.Name} has a text that is the runtime's");
        if (!key.IsEnum && !Scalars.Contains(key) && !IsUsers(JsonRules.TypeInfo(options, key).Converter.GetType()))
            throw Refusal(place, $"{key} is no key of a JSON object");
        Visit(key, place + ".Keys");
        Visit(value, place + "[]");
    }
}
