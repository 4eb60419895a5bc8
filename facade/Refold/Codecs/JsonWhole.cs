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
    public static bool Is(JsonTypeInfo root) => new JsonWhole(root.Options).IsWhole(root.Type);

    private bool IsWhole(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (!options.TryGetTypeInfo(type, out var typeInfo) || JsonAudit.IsUsers(typeInfo.Converter.GetType())) return false;
        if (IsSingle(type) || !seen.Add(type)) return true;
        if (SetConverterFactory.ElementOf(type) is { } element) return !JsonAudit.IsUsers(type) && IsKey(element) && IsWhole(element);
        if (FrozenDictionaryConverterFactory.ArgumentsOf(type) is [var key, var value]) return IsKey(key) && IsWhole(key) && IsWhole(value);
        return typeInfo.Kind switch
        {
            JsonTypeInfoKind.Enumerable => !JsonAudit.IsUsers(type) && IsWhole(typeInfo.ElementType!),
            JsonTypeInfoKind.Dictionary =>
                !JsonAudit.IsUsers(type) && IsKey(typeInfo.KeyType!) && IsWhole(typeInfo.KeyType!) && IsWhole(typeInfo.ElementType!),
            JsonTypeInfoKind.Object => IsObject(typeInfo),
            _ => false,
        };
    }

    private static bool IsSingle(Type type) => type.IsEnum || JsonAudit.IsScalar(type);

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
                || property.AttributeProvider is not MemberInfo member || !members.Add(member.Name) || !IsWhole(property.PropertyType))
                return false;
        }

        var ancestor = type.BaseType;
        while (ancestor is not null && JsonAudit.IsUsers(ancestor)) ancestor = ancestor.BaseType;
        return (ancestor == typeof(object) || ancestor == typeof(ValueType))
            && JsonAuditMembers.FieldsOfUsers(type).All(field => JsonAuditMembers.IsMembers(field) && members.Remove(JsonAuditMembers.NameOf(field)));
    }
}
