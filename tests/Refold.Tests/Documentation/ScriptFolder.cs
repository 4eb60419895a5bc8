// A copy of the scripts beside the assemblies that this test run was built with: a stale build in the repository's own output folders,
// which the scripts would find first, is not what is to be tested. Used by the tests of scripts and of the README.
using System.Diagnostics;
using System.Text;

namespace Refold.Tests.Documentation;

internal sealed class ScriptFolder : IDisposable
{
    private static readonly string[] Assemblies =
    [
        "refold-cli", "Refold.Core", "Refold.Format", "Refold", "Refold.FSharp", "FSharp.Core", "System.CommandLine", "Spectre.Console",
        "Microsoft.Extensions.Logging.Abstractions",
        "Microsoft.Extensions.DependencyInjection.Abstractions",
    ];

    private readonly TemporaryDirectory directory = new();

    private ScriptFolder()
    {
        Directory.CreateDirectory(directory.File("core/scripts"));
        foreach (string script in Directory.EnumerateFiles(SourceTree.PathOf("core/scripts"), "*.fsx"))
            File.Copy(script, Path.Combine(directory.File("core/scripts"), Path.GetFileName(script)));
    }

    public string Root => directory.Root;

    public static ScriptFolder WithoutBuild() => new();

    public static ScriptFolder WithBuild(string configuration = "Release")
    {
        var folder = new ScriptFolder();
        string output = folder.directory.File($"facade/Refold.Cli/bin/{configuration}/net10.0");
        Directory.CreateDirectory(output);
        foreach (string assembly in Assemblies)
            File.Copy(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), Path.Combine(output, assembly + ".dll"));
        return folder;
    }

    public void Write(string name, string text) => directory.Write(name, text);

    /// <summary>Runs a script as a user does, from the folder's root.</summary>
    public ToolResult Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["fsi", script, .. arguments])
        {
            WorkingDirectory = Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        return RefoldProcess.Finish(process);
    }

    public void Dispose() => directory.Dispose();
}
