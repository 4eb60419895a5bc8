// The projections of a user's program, found among the public static members of its types.
// Called by ProgramLibrary.
using System.Reflection;

namespace Refold.Cli.Shell;

internal static class ProjectionMembers
{
    private static readonly MethodInfo Generic =
        typeof(ProjectionMembers).GetMethod(nameof(WithState), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>The projections of all public static properties and fields, of public types: of C#, of the core, as F# modules have them,
    /// or in a registry. One that is found in several places counts once.</summary>
    public static IReadOnlyList<Core.IRegisteredProjection> Of(Assembly assembly) =>
    [
        .. ProgramMembers.Values(assembly, IsProjection).OfType<object>().SelectMany(Registered)
            .DistinctBy(found => found.Projection, ReferenceEqualityComparer.Instance),
    ];

    /// <summary>The names of types with one that has no value.</summary>
    public static IReadOnlyList<string> Unmade(Assembly assembly) => ProgramMembers.Unmade(assembly, IsProjection);

    private static bool IsProjection(Type type) =>
        type == typeof(ProjectionRegistry)
            || (type.IsGenericType && type.GetGenericTypeDefinition() is var open
                && (open == typeof(Projection<>) || open == typeof(Core.Projection<>)));

    // The type of a state is known to the value alone.
    private static IEnumerable<Core.IRegisteredProjection> Registered(object value) => value is ProjectionRegistry registry
        ? registry.Registered
        : [(Core.IRegisteredProjection)Generic.MakeGenericMethod(value.GetType().GetGenericArguments()).Invoke(null, [value])!];

    private static Core.IRegisteredProjection WithState<TState>(object value) =>
        Core.ProjectionRegistryModule.ofProjection(
            value is Projection<TState> projection ? projection.Value : (Core.Projection<TState>)value);
}
