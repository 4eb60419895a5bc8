// All packages of the repository, packed once under a version of their own into a folder outside it, with a package cache beside it.
// Shared by every test of this project.
using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Xml.Linq;
using Xunit;

namespace Refold.Packages.Tests;

/// <summary>The tests run one after the other over one folder of packages.</summary>
[CollectionDefinition(nameof(PackageFolder))]
public sealed class PackageCollection : ICollectionFixture<PackageFolder>;

/// <summary>A temporary directory as a user's: packages in it, projects and scripts made in it, the tool installed in it.</summary>
public sealed class PackageFolder : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly string root = Directory.CreateTempSubdirectory("refold-packages-").FullName;

    public PackageFolder()
    {
        Directory.CreateDirectory(PathOf("packages"));
        Directory.CreateDirectory(PathOf("temporary"));
        // The one source that a user adds; the machine's own sources stay.
        Write("NuGet.config", $"""
            <configuration>
              <packageSources><add key="refold" value="{PathOf("packages")}" /></packageSources>
            </configuration>
            """);
        // Built already, in the configuration of this test: packing alone is quick, and leaves the build as it is.
        string configuration = typeof(PackageFolder).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        Packing = Run(
            Repository.Root, "dotnet", "pack", "Functional.sln", "--no-build", "--nologo", "-c", configuration, "-o", PathOf("packages"),
            $"-p:PackageVersion={Version}");
    }

    /// <summary>No version that anybody else makes: what is restored from the folder is from the folder.</summary>
    public string Version { get; } = $"0.1.0-test.{DateTime.UtcNow.Ticks}";

    /// <summary>What <c>dotnet pack</c> said.</summary>
    public Finished Packing { get; }

    public string PathOf(string name) => Path.Combine(root, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <summary>The file names in the folder of packages, sorted, with VERSION in place of the version.</summary>
    public IEnumerable<string> Files() =>
        Directory.EnumerateFiles(PathOf("packages"))
            .Select(file => Path.GetFileName(file).Replace(Version, "VERSION", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    public ZipArchive Open(string id) => ZipFile.OpenRead(PathOf($"packages/{id}.{Version}.nupkg"));

    /// <summary>The metadata element of a package's nuspec.</summary>
    public XElement Metadata(string id)
    {
        using var package = Open(id);
        using var nuspec = package.GetEntry(id + ".nuspec")!.Open();
        return XDocument.Load(nuspec).Root!.Elements().Single();
    }

    /// <summary>Runs a program in a directory below this one, as a user does who has the .NET SDK and an empty package cache.</summary>
    public Finished RunIn(string directory, string program, params string[] arguments) => Run(PathOf(directory), program, arguments);

    public void Dispose() => Directory.Delete(root, recursive: true);

    private Finished Run(string directory, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The test host is a child of the build: what it hands down would steer a build that is none of it.
        var inherited = start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray();
        foreach (string name in inherited)
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        if (directory != Repository.Root)
        {
            // A cache of its own; packages of others are looked up in the machine's before a source is asked.
            start.Environment["NUGET_FALLBACK_PACKAGES"] = MachineCache();
            start.Environment["NUGET_PACKAGES"] = PathOf("cache");
            start.Environment["TMPDIR"] = PathOf("temporary");
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end.");
        }

        return new Finished(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static string MachineCache() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}

/// <summary>What a program that ended has said.</summary>
public sealed record Finished(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";

    /// <summary>Fails unless the program ended well and warned of nothing.</summary>
    public Finished InOrder()
    {
        Assert.True(ExitCode == 0, ToString());
        Assert.DoesNotMatch(@"(?i)\bwarning\b(?!\(s\))", Output + Error);
        return this;
    }
}
