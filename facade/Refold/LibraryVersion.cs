// The version of the library, read from its own assembly.
// Called by the command-line tool for `refold --version`, and by programs that want to record it.
using System.Reflection;

namespace Refold;

/// <summary>The version of the Refold library that is running.</summary>
public static class LibraryVersion
{
    /// <summary>The semantic version, such as <c>0.1.0</c>. Never empty.</summary>
    public static string Text { get; } =
        typeof(LibraryVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
