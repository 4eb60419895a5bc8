// The direction of dependencies, read from the compiled assemblies' metadata.
// Run by `dotnet test`; a reference that points the wrong way fails here.
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace Refold.Architecture;

public class DependencyTests
{
    [Fact]
    public void Core_References_OnlyFSharpCoreAndTheBaseClassLibrary() =>
        Assert.All(ReferencesOf("Refold.Core.dll"), name => Assert.True(name == "FSharp.Core" || IsPlatform(name), name));

    [Fact]
    public void Format_References_OnlyTheCoreFSharpCoreAndTheBaseClassLibrary() =>
        Assert.All(ReferencesOf("Refold.Format.dll"), name =>
            Assert.True(name is "FSharp.Core" or "Refold.Core" || IsPlatform(name), name));

    // What `services.AddRefold` needs, and no more: abstractions, except for options and the
    // registration of health checks, which have none.
    private static readonly string[] HostingAbstractions =
    [
        "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks",
        "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions", "Microsoft.Extensions.Hosting.Abstractions",
        "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options",
    ];

    [Fact]
    public void Library_References_OnlyTheCoreFSharpCoreThePlatformAndHostingAbstractions() =>
        Assert.All(
            ReferencesOf("Refold.dll"),
            name =>
                Assert.True(
                    name is "FSharp.Core" or "Refold.Core" or "Refold.Format" || HostingAbstractions.Contains(name) || IsPlatform(name),
                    name));

    [Fact]
    public void Testing_References_OnlyTheLibraryAndWhatItStandsOn() =>
        Assert.All(
            ReferencesOf("Refold.Testing.dll"),
            name =>
                Assert.True(name is "FSharp.Core" or "Refold.Core" or "Refold.Format" or "Refold" or "FsCheck" || IsPlatform(name), name));

    [Fact]
    public void LiteDb_References_OnlyTheLibraryAndLiteDb() =>
        Assert.All(
            ReferencesOf("Refold.LiteDb.dll"),
            name =>
                Assert.True(
                    name is "FSharp.Core" or "Refold.Core" or "Refold.Format" or "Refold" or "LiteDB" || HostingAbstractions.Contains(name)
                        || IsPlatform(name),
                    name));

    [Fact]
    public void Signing_References_OnlyTheLibraryAndBouncyCastle() =>
        Assert.All(
            ReferencesOf("Refold.Signing.dll"),
            name =>
                Assert.True(
                    name is "FSharp.Core" or "Refold.Core" or "Refold" or "BouncyCastle.Cryptography" || IsPlatform(name), name));

    private static bool IsPlatform(string name) =>
        name == "netstandard" || name == "mscorlib" || name == "System" || name.StartsWith("System.", StringComparison.Ordinal);

    private static List<string> ReferencesOf(string file)
    {
        using var image = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, file)));
        MetadataReader metadata = image.GetMetadataReader();
        var names = metadata.AssemblyReferences
            .Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))
            .ToList();
        Assert.NotEmpty(names);
        return names;
    }
}
