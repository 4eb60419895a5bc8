// Whether all that a value of a type holds stands in its JSON, found out along the serializer's metadata when a codec is made.
// Called by JsonForm: of such a value its bytes prove what of others only a comparison of all parts does.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

/// <summary>One walk over a type that <see cref="JsonAudit"/> has admitted.</summary>
internal sealed class JsonWhole
{
    private readonly JsonSerializerOptions options;
    private readonly HashSet<Type> seen = [];

    private JsonWhole(JsonSerializerOptions options) => this.options = options;

    /// <summary>Whether no value of the type has a part that its JSON does not show, and none is read by code of the user's beyond
    /// constructors and setters. In doubt it is false.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Whether what is written is canonical, but for escapes: no number has a fraction, no keys have an order of their own, and
    /// nothing contains itself. In doubt it is false.</summary>
    public bool IsWrittenCanonical { get; private set; } = true;

    /// <summary>What is known of a type.</summary>
    public static JsonWhole Of(JsonTypeInfo root)
    {
        var found = new JsonWhole(root.Options);
        found.IsWhole = found.Visit(root.Type);
        return found;
    }

    private bool Visit(Type type)
    {
        if (!options.TryGetTypeInfo(type, out var typeInfo) || !IsReadAndWrittenOnly(typeInfo)) return false;
        // A user's converter may be one of the nullable type alone.
        if (Nullable.GetUnderlyingType(type) is { } inner) return Visit(inner);
        if (type.IsEnum || JsonAudit.IsScalar(type))
        {
            // Numbers that a double does not hold are exact where Refold writes them.
            if (IsNumber(type) && JsonAudit.IsRuntimes(typeInfo.Converter.GetType())) IsWrittenCanonical = false;
            return true;
        }

        if (!seen.Add(type))
        {
            // Perhaps in itself, to any depth.
            IsWrittenCanonical = false;
            return true;
        }

        if (SetConverterFactory.ElementOf(type) is { } element) return !JsonAudit.IsUsers(type) && IsKey(element) && Visit(element);
        if (FrozenDictionaryConverterFactory.ArgumentsOf(type) is [var key, var value]) return VisitKeyed(key, value);
        return typeInfo.Kind switch
        {
            JsonTypeInfoKind.Enumerable => !JsonAudit.IsUsers(type) && Visit(typeInfo.ElementType!),
            JsonTypeInfoKind.Dictionary => !JsonAudit.IsUsers(type) && VisitKeyed(typeInfo.KeyType!, typeInfo.ElementType!),
            JsonTypeInfoKind.Object => IsObject(typeInfo),
            _ => false,
        };
    }

    private bool VisitKeyed(Type key, Type value)
    {
        IsWrittenCanonical = false;
        return IsKey(key) && Visit(key) && Visit(value);
    }

    // Neither code of the user's, which may write another value each time, nor calls around it.
    private static bool IsReadAndWrittenOnly(JsonTypeInfo typeInfo) =>
        !JsonAudit.IsUsers(typeInfo.Converter.GetType())
        && typeInfo is { OnSerializing: null, OnSerialized: null, OnDeserializing: null, OnDeserialized: null };

    // Not those of 32 bits and less.
    private static bool IsNumber(Type type) =>
        type.IsEnum || type == typeof(double) || type == typeof(float) || type == typeof(Half) || type == typeof(decimal)
        || type == typeof(long) || type == typeof(ulong) || type == typeof(Int128) || type == typeof(UInt128)
        || type == typeof(System.Numerics.BigInteger);

    // Found again by their own equality, which is that of their texts.
    private static bool IsKey(Type type) =>
        type.IsEnum || type.IsPrimitive || type == typeof(string) || type == typeof(Guid) || type == typeof(decimal);

    // Of one type only, every field of which is a member's.
    private bool IsObject(JsonTypeInfo typeInfo)
    {
        var type = typeInfo.Type;
        if (!JsonAudit.IsUsers(type) || type.IsAbstract || type.IsInterface || typeInfo.PolymorphismOptions is not null) return false;
        var members = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in typeInfo.Properties)
        {
            if (property.Get is null) continue;
            if (!JsonRules.IsRestored(property) || property.CustomConverter is not null || property.ShouldSerialize is not null
                || property.AttributeProvider is not MemberInfo member || !members.Add(member.Name) || !Visit(property.PropertyType))
                return false;
        }

        var ancestor = type.BaseType;
        while (ancestor is not null && JsonAudit.IsUsers(ancestor)) ancestor = ancestor.BaseType;
        return (ancestor == typeof(object) || ancestor == typeof(ValueType))
            && JsonAuditMembers.FieldsOfUsers(type).All(field =>
                JsonAuditMembers.IsMembers(field) && members.Remove(JsonAuditMembers.NameOf(field)));
    }
}
