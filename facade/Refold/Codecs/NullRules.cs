// Finds the null rules of a type: its annotations read along the serializer's metadata, once, when a codec is made.
// Called by JsonForm.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

internal sealed class NullRules
{
    private static readonly NullRule Nothing = new();

    private readonly JsonSerializerOptions options;
    private readonly NullabilityInfoContext annotations = new();
    private readonly Dictionary<(Type, string), NullRule> made = [];
    private readonly List<NullRule> all = [];

    private NullRules(JsonSerializerOptions options) => this.options = options;

    /// <summary>The rule of a type. Its own items, which nothing annotates, may be null only where their type is a nullable value
    /// type.</summary>
    public static NullRule Of(JsonTypeInfo root)
    {
        var rules = new NullRules(root.Options);
        var rule = rules.Rule(root.Type, null);
        rules.FindNeeded();
        return rule;
    }

    // A rule is needed where it asks for something, or where a part of it does.
    private void FindNeeded()
    {
        for (var isChanged = true; isChanged;)
        {
            isChanged = false;
            foreach (var rule in all.Where(rule => !rule.IsNeeded && rule.Parts.Any(part => part.IsNeeded)))
                rule.IsNeeded = isChanged = true;
        }
    }

    private NullRule Rule(Type type, NullabilityInfo? annotation)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(byte[])) return Nothing;
        var key = (type, Signature(annotation));
        if (made.TryGetValue(key, out var known)) return known;
        var typeInfo = TryTypeInfo(type);
        if (typeInfo is null) return Nothing;
        if (SetConverterFactory.ElementOf(type) is { } member) return Items(key, type, member, annotation, 0, isDictionary: false);
        if (FrozenDictionaryConverterFactory.ArgumentsOf(type) is [_, var value])
            return Items(key, type, value, annotation, 1, isDictionary: true);
        return typeInfo.Kind switch
        {
            JsonTypeInfoKind.Enumerable => Items(key, type, typeInfo.ElementType!, annotation, 0, isDictionary: false),
            JsonTypeInfoKind.Dictionary => Items(key, type, typeInfo.ElementType!, annotation, 1, isDictionary: true),
            JsonTypeInfoKind.Object => Members(key, typeInfo),
            _ => Nothing,
        };
    }

    private NullRule Items((Type, string) key, Type type, Type element, NullabilityInfo? annotation, int argument, bool isDictionary)
    {
        var own = annotation is null ? null
            : type.IsArray ? annotation.ElementType
            : annotation.GenericTypeArguments.ElementAtOrDefault(argument);
        // Nothing says what the items of a root are, or those of a class derived from a collection.
        var isSilent = annotation is null ? type is { IsArray: false, IsGenericType: false } : own is null;
        var mayBeNull = element.IsValueType || isSilent || (own is not null && MayBeNull(own));
        var items = new NullRuleOfItems(mayBeNull) { IsNeeded = !mayBeNull };
        NullRule rule = isDictionary ? new NullRuleOfValues(items) { IsNeeded = !mayBeNull } : items;
        made[key] = rule;
        items.Item = Rule(element, own);
        all.AddRange([rule, items]);
        return rule;
    }

    private NullRuleOfMembers Members((Type, string) key, JsonTypeInfo typeInfo)
    {
        var rule = new NullRuleOfMembers(typeInfo.Type);
        made[key] = rule;
        all.Add(rule);
        foreach (var property in typeInfo.Properties)
            if (property is { Get: { } get, CustomConverter: null })
                rule.Add(property.Name, get, Rule(property.PropertyType, Annotation(property.AttributeProvider)));
        foreach (var derived in typeInfo.PolymorphismOptions?.DerivedTypes ?? [])
            if (derived.DerivedType != typeInfo.Type) rule.Add(derived.DerivedType, Rule(derived.DerivedType, null));
        return rule;
    }

    private NullabilityInfo? Annotation(ICustomAttributeProvider? member) => member switch
    {
        PropertyInfo property => annotations.Create(property),
        FieldInfo field => annotations.Create(field),
        _ => null,
    };

    private JsonTypeInfo? TryTypeInfo(Type type) => options.TryGetTypeInfo(type, out var typeInfo) ? typeInfo : null;

    private static bool MayBeNull(NullabilityInfo annotation) => annotation.ReadState != NullabilityState.NotNull;

    private static string Signature(NullabilityInfo? annotation) => annotation is null ? "-" : string.Concat(
        annotation.GenericTypeArguments.Append(annotation.ElementType).OfType<NullabilityInfo>()
            .Select(part => (MayBeNull(part) ? "?" : "!") + Signature(part) + ","));
}
