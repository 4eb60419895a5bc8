// The aggregates of a user's program, found in its compiled library.
// Called by replay and state for --with.
using System.Reflection;

namespace Refold.Cli.Shell;

internal static class AggregateLibrary
{
    /// <summary>The values of all public static properties and fields, of public types, whose type is an aggregate's, of C# or of the
    /// core.</summary>
    public static IReadOnlyList<Aggregate> Load(string path)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
            throw new ToolException(ExitCode.Unreadable, $"{path} does not exist; name the compiled library of the program.");
        var aggregates = Find(full, path);
        return aggregates.Count > 0
            ? aggregates
            : throw new ToolException(
                ExitCode.Unreadable, $"{path} has no public static property or field with an Aggregate; make it public.");
    }

    private static IReadOnlyList<Aggregate> Find(string full, string path)
    {
        try
        {
            // Loaded beside the tool's own Refold, so that its aggregates are ours.
            return AggregateMembers.Of(Assembly.LoadFrom(full));
        }
        catch (Exception exception)
            when (
                exception is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException
                    or ReflectionTypeLoadException)
        {
            throw new ToolException(
                ExitCode.Unreadable,
                $"{path} cannot be loaded: {exception.Message} "
                + "Build it for the tool's version of Refold, with its dependencies beside it.");
        }
    }
}
