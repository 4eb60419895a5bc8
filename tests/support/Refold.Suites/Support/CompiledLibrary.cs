// Compiles libraries of users, in C# and F#, against the assemblies of this test run: without a project, a restore, a package.
// Used by tests of the tool that hand it a library by --with. Needs the SDK, as the tests of scripts do.
using System.Diagnostics;
using Xunit;

namespace Refold.Suites;

internal static class CompiledLibrary
{
    private static readonly Lazy<string> sdk = new(FindSdk);

    private static string Runtime => Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    /// <summary>Compiles C#, against this Refold or another.</summary>
    /// <returns>The path of NAME.dll in the directory.</returns>
    public static string CSharp(TemporaryDirectory directory, string name, string source, string? refold = null)
    {
        var (file, library) = (directory.Write(name + ".cs", source), directory.File(name + ".dll"));
        Directory.CreateDirectory(Path.GetDirectoryName(library)!);
        Compile(
            Path.Combine(sdk.Value, "Roslyn", "bincore", "csc.dll"),
            ["-nologo", "-target:library", "-nostdlib", "-langversion:latest", "-out:" + library, .. References("-r:", refold), file]);
        return library;
    }

    /// <summary>Compiles F#.</summary>
    /// <returns>The path of NAME.dll in the directory.</returns>
    public static string FSharp(TemporaryDirectory directory, string name, string source)
    {
        var (file, library) = (directory.Write(name + ".fs", source), directory.File(name + ".dll"));
        Compile(
            Path.Combine(sdk.Value, "FSharp", "fsc.dll"),
            [
                "--nologo", "--target:library", "--targetprofile:netcore", "--noframework", "--debug-",
                "-o:" + library, .. References("-r:", null), file,
            ]);
        return library;
    }

    // The runtime's own assemblies, and ours.
    private static IEnumerable<string> References(string option, string? refold) =>
        Directory.EnumerateFiles(Runtime, "System*.dll").Append(Path.Combine(Runtime, "netstandard.dll"))
            .Concat(((string[])[refold ?? "Refold.dll", "Refold.Core.dll", "FSharp.Core.dll"])
                .Select(file => Path.Combine(AppContext.BaseDirectory, file)))
            .Select(file => option + file);

    private static void Compile(string compiler, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", compiler, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var result = RefoldProcess.Finish(process);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    // The folder of the SDK that runs here: 10.0.401 [/usr/share/dotnet/sdk].
    private static string FindSdk()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["--list-sdks"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (version, folder) = RefoldProcess.Finish(process).Expect(0).Lines[^1].TrimEnd(']').Split(" [") is [var first, var second]
            ? (first, second)
            : throw new DirectoryNotFoundException("dotnet --list-sdks names no SDK.");
        return Path.Combine(folder, version);
    }
}
