// The aggregates and operations of a user's program, or its projections, found in its compiled library.
// Called by replay and state for --with, and by ProgramProjections.
using System.Reflection;

namespace Refold.Cli.Shell;

/// <summary>The values of all public static properties and fields, of public types, whose type is an aggregate's (of C# or of the core) or
/// an operation's.</summary>
/// <param name="Aggregates">At least one.</param>
/// <param name="Operations">With different names; perhaps none.</param>
internal sealed record ProgramLibrary(IReadOnlyList<Aggregate> Aggregates, IReadOnlyList<Operation> Operations)
{
    public static ProgramLibrary Load(string path)
    {
        var library = Find(
            path, "Aggregate or Operation", ProgramMembers.Unmade,
            assembly => new ProgramLibrary(ProgramMembers.Aggregates(assembly), ProgramMembers.Operations(assembly)));
        if (library.Aggregates.Count == 0)
        {
            throw new ToolException(
                ExitCode.Unreadable, $"{path} has no public static property or field with an Aggregate; make it public.");
        }

        return library.Operations.CountBy(operation => operation.Name).FirstOrDefault(named => named.Value > 1).Key is { } twice
            ? throw new ToolException(
                ExitCode.Unreadable,
                $"{path} has more than one public static Operation named '{twice}', and replay finds an operation by its name; "
                + "leave one of them public.")
            : library;
    }

    /// <summary>The projections of a library: at least one, with different ids.</summary>
    public static IReadOnlyList<Core.IRegisteredProjection> Projections(string path)
    {
        var found = Find(path, "Projection", ProjectionMembers.Unmade, ProjectionMembers.Of);
        if (found.Count == 0)
        {
            throw new ToolException(
                ExitCode.Unreadable,
                $"{path} has no public static property or field with a Projection or a ProjectionRegistry; make it public.");
        }

        return found.CountBy(projection => projection.Id).FirstOrDefault(named => named.Value > 1).Key is { } twice
            ? throw new ToolException(
                ExitCode.Unreadable,
                $"{path} has more than one public static Projection with the id '{twice}', and the tool finds a projection by its id; "
                + "leave one of them public, or give each an id of its own.")
            : found;
    }

    private static T Find<T>(string path, string what, Func<Assembly, IReadOnlyList<string>> unmadeOf, Func<Assembly, T> find)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
            throw new ToolException(ExitCode.Unreadable, $"{path} does not exist; name the compiled library of the program.");
        try
        {
            // Loaded beside the tool's own Refold, so that its aggregates are ours.
            var assembly = Assembly.LoadFrom(full);
            if (unmadeOf(assembly) is { Count: > 0 } unmade)
            {
                throw new ToolException(
                    ExitCode.Unreadable,
                    $"{path} has a public static {what} without a value, in {unmade[0]}; give it one, or make it internal. "
                    + "F# makes the values of a program when it starts, and those of a library when they are asked for: "
                    + "move those to a library project.");
            }

            return find(assembly);
        }
        catch (TargetInvocationException thrown) when (Cause(thrown) is not (FileNotFoundException or FileLoadException))
        {
            throw new ToolException(
                ExitCode.Unreadable,
                $"{path} has a public static {what} that cannot be made: {Cause(thrown).Message.TrimEnd('.')}. Mend it in the program.");
        }
        catch (Exception exception)
            when (
                exception is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException
                    or ReflectionTypeLoadException or TargetInvocationException)
        {
            throw new ToolException(
                ExitCode.Unreadable,
                $"{path} cannot be loaded: {Cause(exception).Message} "
                + "Build it for the tool's version of Refold, with its dependencies beside it, as 'dotnet publish' puts them.");
        }
    }

    // What a static member's initialisation threw.
    private static Exception Cause(Exception thrown) => thrown switch
    {
        TargetInvocationException { InnerException: { } inner } => Cause(inner),
        TypeInitializationException { InnerException: { } inner } => Cause(inner),
        _ => thrown,
    };
}
