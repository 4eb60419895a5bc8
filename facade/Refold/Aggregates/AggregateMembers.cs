// The aggregates of a user's program, found among the public static members of its types.
// Called by the tool for --with, and by the check of determinism in Refold.Testing.
using System.Reflection;
using Refold.Interop;

namespace Refold;

internal static class AggregateMembers
{
    private const BindingFlags Static = BindingFlags.Public | BindingFlags.Static;

    /// <summary>The values of all public static properties and fields, of public types, whose type is an aggregate's: of C#, of the
    /// core, as F# modules have them, or of a machine.</summary>
    public static IReadOnlyList<Aggregate> Of(Assembly assembly) =>
        [.. assembly.GetExportedTypes().Where(type => !type.ContainsGenericParameters).SelectMany(Of)];

    /// <summary>Those of one type.</summary>
    public static IEnumerable<Aggregate> Of(Type type)
    {
        var properties = type.GetProperties(Static)
            .Where(property => property.GetIndexParameters().Length == 0 && property.CanRead && IsAggregate(property.PropertyType))
            .Select(property => property.GetValue(null));
        var fields = type.GetFields(Static).Where(field => IsAggregate(field.FieldType)).Select(field => field.GetValue(null));
        return properties.Concat(fields).Select(AggregateTranslation.TryRead).OfType<Aggregate>().Distinct();
    }

    private static bool IsAggregate(Type type) =>
        typeof(Aggregate).IsAssignableFrom(type) || typeof(Core.IAggregate).IsAssignableFrom(type)
            || typeof(IAggregateOwner).IsAssignableFrom(type);
}
