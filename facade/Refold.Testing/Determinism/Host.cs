// How a process like this one is started: the same runtime, the same libraries, another entry point.
// Used by CheckProcess.
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Refold.Testing;

internal static class Host
{
    private const string Dependencies = ".deps.json";

    /// <summary>The program that starts .NET assemblies: the one that started this process, or that of the runtime it runs on.</summary>
    public static string Dotnet()
    {
        if (Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet") return path;
        // ROOT/shared/Microsoft.NETCore.App/VERSION/
        string root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return ProcessFiles.Existing([Path.Combine(root, "dotnet"), Path.Combine(root, "dotnet.exe")]) ?? "dotnet";
    }

    /// <summary>The libraries and frameworks of this process, as options of <c>dotnet exec</c>. Under a test runner they are the test
    /// project's.</summary>
    public static IEnumerable<string> Surroundings(ProcessFiles files)
    {
        string[] all = (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string ?? "").Split(
            ';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var program = ProcessFiles.Existing(all.Where(file => !IsFramework(file)))
            ?? throw new DeterminismException(
                "This program has no .deps.json beside it, so no other process can find its libraries; check from a test project, or from "
                + "a program that is not packed into one file.");
        string settings = program[..^Dependencies.Length] + ".runtimeconfig.json";
        return
        [
            "--depsfile", program,
            "--runtimeconfig", ProcessFiles.Existing([settings]) ?? files.WriteSettings(Settings(all.Where(IsFramework))),
        ];
    }

    private static bool IsFramework(string file) =>
        Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(file)))) == "shared";

    private static string Settings(IEnumerable<string> frameworks)
    {
        var named = frameworks.Select(file => (JsonNode)new JsonObject
        {
            ["name"] = Path.GetFileName(file)[..^Dependencies.Length],
            ["version"] = Path.GetFileName(Path.GetDirectoryName(file)),
        });
        return new JsonObject { ["runtimeOptions"] = new JsonObject { ["frameworks"] = new JsonArray([.. named]) } }.ToJsonString();
    }
}
