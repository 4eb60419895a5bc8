// The aggregates and operations of a user's program, found among the public static members of its types.
// Called by the tool for --with, and by the check of determinism in Refold.Testing.
using System.Reflection;
using Refold.Interop;

namespace Refold;

internal static class ProgramMembers
{
    private const BindingFlags Static = BindingFlags.Public | BindingFlags.Static;

    /// <summary>The values of all public static properties and fields, of public types, whose type is an aggregate's: of C#, of the
    /// core, as F# modules have them, or of a machine.</summary>
    public static IReadOnlyList<Aggregate> Aggregates(Assembly assembly) => [.. Types(assembly).SelectMany(Aggregates)];

    /// <summary>Those of one type.</summary>
    public static IEnumerable<Aggregate> Aggregates(Type type) =>
        Values(type, IsAggregate).Select(AggregateTranslation.TryRead).OfType<Aggregate>().Distinct();

    /// <summary>The values of all public static properties and fields, of public types, whose type is an operation's.</summary>
    public static IReadOnlyList<Operation> Operations(Assembly assembly) =>
        [.. Types(assembly).SelectMany(type => Values(type, typeof(Operation).IsAssignableFrom)).OfType<Operation>()];

    /// <summary>The names of types with an aggregate or operation that has no value: F# makes the values of a program, unlike those of a
    /// library, when the program starts.</summary>
    public static IReadOnlyList<string> Unmade(Assembly assembly) =>
        Unmade(assembly, one => IsAggregate(one) || typeof(Operation).IsAssignableFrom(one));

    /// <summary>The same for members of other types.</summary>
    public static IReadOnlyList<string> Unmade(Assembly assembly, Func<Type, bool> isWanted) =>
        [.. Types(assembly).SelectMany(type => Values(type, isWanted).Where(value => value is null).Select(_ => type.Name).Take(1))];

    /// <summary>The values of all public static properties and fields, of public types, whose type is wanted.</summary>
    public static IEnumerable<object?> Values(Assembly assembly, Func<Type, bool> isWanted) =>
        Types(assembly).SelectMany(type => Values(type, isWanted));

    private static IEnumerable<Type> Types(Assembly assembly) => assembly.GetExportedTypes().Where(type => !type.ContainsGenericParameters);

    private static IEnumerable<object?> Values(Type type, Func<Type, bool> isWanted)
    {
        var properties = type.GetProperties(Static)
            .Where(property => property.GetIndexParameters().Length == 0 && property.CanRead && isWanted(property.PropertyType))
            .Select(property => property.GetValue(null));
        return properties.Concat(type.GetFields(Static).Where(field => isWanted(field.FieldType)).Select(field => field.GetValue(null)));
    }

    private static bool IsAggregate(Type type) =>
        typeof(Aggregate).IsAssignableFrom(type) || typeof(Core.IAggregate).IsAssignableFrom(type)
            || typeof(IAggregateOwner).IsAssignableFrom(type);
}
