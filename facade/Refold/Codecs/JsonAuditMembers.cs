// The part of the audit that is about objects: each field that a value keeps must be written and have a way back.
// Called by JsonAudit.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

internal static class JsonAuditMembers
{
    private const BindingFlags OwnFields =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private const string BackingSuffix = ">k__BackingField";

    /// <summary>Walks an object's members.</summary>
    /// <exception cref="ArgumentException">Values cannot be brought back exactly.</exception>
    public static void Visit(JsonAudit audit, JsonTypeInfo typeInfo, string place)
    {
        var type = typeInfo.Type;
        VisitDerived(audit, typeInfo, place);
        if (type.IsAbstract || type.IsInterface)
        {
            if (typeInfo.PolymorphismOptions is null)
                throw JsonAudit.Refusal(
                    place, $"{type} is {(type.IsInterface ? "an interface" : "abstract")} and declares no [JsonDerivedType]");
            return;
        }

        if (JsonAudit.IsRuntimes(type) && !IsPlain(type)) throw JsonAudit.Refusal(place, $"{type} is a class of the runtime");
        if (!type.IsValueType && typeInfo.CreateObject is null && typeInfo.ConstructorAttributeProvider is null)
            throw JsonAudit.Refusal(place, $"{type} has no constructor for it; add a public one or [JsonConstructor]");
        RequireFields(typeInfo, place);
        foreach (var property in typeInfo.Properties.Where(property => property.Get is not null))
        {
            var member = place + "." + property.Name;
            if (property.IsExtensionData) throw JsonAudit.Refusal(member, "what else stands in the payload has no form of its own");
            if (property.CustomConverter is null) audit.Visit(property.PropertyType, member);
        }
    }

    /// <summary>The fields that a type's classes declare, those of the runtime's classes left out.</summary>
    public static IEnumerable<FieldInfo> FieldsOfUsers(Type type)
    {
        for (var ancestor = type; ancestor is not null && !JsonAudit.IsRuntimes(ancestor); ancestor = ancestor.BaseType)
            foreach (var field in ancestor.GetFields(OwnFields)) yield return field;
    }

    /// <summary>Whether a field is public, or behind a property that can be read publicly.</summary>
    public static bool IsVisible(FieldInfo field) =>
        field.IsPublic
        || (IsBacking(field) && field.DeclaringType!.GetProperty(NameOf(field), OwnFields)?.GetMethod is { IsPublic: true });

    /// <summary>Whether a field is public, or behind a property.</summary>
    public static bool IsMembers(FieldInfo field) => field.IsPublic || IsBacking(field);

    /// <summary>The name of a field, or of the property that it is behind.</summary>
    public static string NameOf(FieldInfo field) => IsBacking(field) ? field.Name[1..^BackingSuffix.Length] : field.Name;

    private static bool IsBacking(FieldInfo field) =>
        field.Name.StartsWith('<') && field.Name.EndsWith(BackingSuffix, StringComparison.Ordinal);

    private static bool IsPlain(Type type) =>
        typeof(ITuple).IsAssignableFrom(type) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>));

    private static void VisitDerived(JsonAudit audit, JsonTypeInfo typeInfo, string place)
    {
        if (typeInfo.PolymorphismOptions is not { } polymorphism) return;
        foreach (var derived in polymorphism.DerivedTypes)
        {
            if (derived.TypeDiscriminator is null && derived.DerivedType != typeInfo.Type)
                throw JsonAudit.Refusal(place, $"{derived.DerivedType} is declared as derived without a discriminator");
            if (derived.DerivedType != typeInfo.Type) audit.Visit(derived.DerivedType, $"{place} as {derived.DerivedType.Name}");
        }
    }

    // Private fields beside properties cannot be judged from here; values are compared by all of their fields when they are encoded.
    private static void RequireFields(JsonTypeInfo typeInfo, string place)
    {
        var populates = (typeInfo.PreferredPropertyObjectCreationHandling ?? typeInfo.Options.PreferredObjectCreationHandling)
            == JsonObjectCreationHandling.Populate;
        var restored = typeInfo.Properties
            .Where(property => JsonRules.IsRestored(property) || (property.Get is not null && Populates(property, populates)))
            .Select(ClrName)
            .ToHashSet(StringComparer.Ordinal);
        FieldInfo[] fields = [.. JsonAudit.IsRuntimes(typeInfo.Type) ? typeInfo.Type.GetFields(OwnFields) : FieldsOfUsers(typeInfo.Type)];
        foreach (var field in fields)
        {
            var name = NameOf(field);
            if ((field.IsPublic || IsBacking(field)) && !restored.Contains(name))
                throw JsonAudit.Refusal($"{place}.{name}", Reason(typeInfo, name));
        }

        if (fields.Length > 0 && restored.Count == 0)
            throw JsonAudit.Refusal(place, $"nothing of {typeInfo.Type} is written that could be read back");
    }

    private static bool Populates(JsonPropertyInfo property, bool byDefault) =>
        (property.ObjectCreationHandling is { } own ? own == JsonObjectCreationHandling.Populate : byDefault)
        && property.Options.GetTypeInfo(property.PropertyType).Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary;

    private static string ClrName(JsonPropertyInfo property) => (property.AttributeProvider as MemberInfo)?.Name ?? property.Name;

    private static string Reason(JsonTypeInfo typeInfo, string name) =>
        typeInfo.Properties.FirstOrDefault(property => ClrName(property) == name) switch
        {
            null => "it is not written; make it a public property, or set IncludeFields for a public field",
            { Get: null } => "it is ignored or cannot be read; state that is kept must be written",
            _ => "it has no way back; add a public or init setter, [JsonInclude], or a parameter of the constructor",
        };
}
