// The aggregates and operations of a user's program, found in its compiled library.
// Called by replay and state for --with.
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
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
            throw new ToolException(ExitCode.Unreadable, $"{path} does not exist; name the compiled library of the program.");
        var library = Find(full, path);
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

    private static ProgramLibrary Find(string full, string path)
    {
        try
        {
            // Loaded beside the tool's own Refold, so that its aggregates are ours.
            var assembly = Assembly.LoadFrom(full);
            if (ProgramMembers.Unmade(assembly) is { Count: > 0 } unmade)
            {
                throw new ToolException(
                    ExitCode.Unreadable,
                    $"{path} has an Aggregate or Operation without a value, in {unmade[0]}: F# makes the values of a program when it "
                    + "starts, and those of a library when they are asked for. Move it to a library project.");
            }

            return new ProgramLibrary(ProgramMembers.Aggregates(assembly), ProgramMembers.Operations(assembly));
        }
        catch (TargetInvocationException thrown) when (Cause(thrown) is not (FileNotFoundException or FileLoadException))
        {
            throw new ToolException(
                ExitCode.Unreadable, $"{path} has a public static Aggregate or Operation that cannot be made: {Cause(thrown).Message}");
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
