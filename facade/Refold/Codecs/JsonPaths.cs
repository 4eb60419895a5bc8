// Whether a path of what is to be redacted leads anywhere in the JSON of a type: one that is misspelt would hide nothing, and nobody would
// see it. Asked by Codec<T>.WithRedaction, over the serializer's metadata.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

internal static class JsonPaths
{
    // A type may contain itself.
    private const int MostLevels = 64;

    /// <summary>Whether the path may lead to a value; what a converter of somebody else writes is not known.</summary>
    public static bool MayLead(JsonSerializerOptions options, Type type, ReadOnlySpan<string> steps, int level = 0)
    {
        if (steps.IsEmpty || level > MostLevels) return true;
        type = Nullable.GetUnderlyingType(type) ?? type;
        var typeInfo = JsonRules.TypeInfo(options, type);
        var next = level + 1;
        if (JsonAudit.IsUsers(typeInfo.Converter.GetType())) return true;
        if (typeInfo.Converter is ISetConverter)
            return MayLead(options, SetConverterFactory.ElementOf(type)!, OfItem(steps), next);
        if (FrozenDictionaryConverterFactory.ArgumentsOf(type) is [_, var value]) return MayLead(options, value, steps[1..], next);
        return typeInfo.Kind switch
        {
            JsonTypeInfoKind.Enumerable => MayLead(options, typeInfo.ElementType!, OfItem(steps), next),
            JsonTypeInfoKind.Dictionary => MayLead(options, typeInfo.ElementType!, steps[1..], next),
            JsonTypeInfoKind.Object => MemberMayLead(options, typeInfo, steps, next),
            _ => false,
        };
    }

    private static bool MemberMayLead(JsonSerializerOptions options, JsonTypeInfo typeInfo, ReadOnlySpan<string> steps, int level)
    {
        foreach (var property in typeInfo.Properties)
        {
            if (property.IsExtensionData) return true;
            if (property.Name != steps[0] && steps[0] != "*") continue;
            if ((property.CustomConverter is { } converter && JsonAudit.IsUsers(converter.GetType()))
                || MayLead(options, property.PropertyType, steps[1..], level))
                return true;
        }

        foreach (var derived in typeInfo.PolymorphismOptions?.DerivedTypes ?? [])
        {
            if (derived.DerivedType != typeInfo.Type && MayLead(options, derived.DerivedType, steps, level)) return true;
        }

        return false;
    }

    private static ReadOnlySpan<string> OfItem(ReadOnlySpan<string> steps) => steps[0] == "*" ? steps[1..] : steps;
}
