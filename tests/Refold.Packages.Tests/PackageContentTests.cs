// What is in the packages: which there are, what they depend on, what a user reads in them, symbols.
// Run by `dotnet test`.
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Refold.Packages.Tests;

[Collection(nameof(PackageFolder))]
public partial class PackageContentTests(PackageFolder folder)
{
    private const string FSharpCore = "FSharp.Core 10.1.300";

    /// <summary>Every package and what it asks for; VERSION is its own version.</summary>
    public static TheoryData<string, string[]> Dependencies => new()
    {
        { "Refold.Core", [FSharpCore] },
        { "Refold.Format", [FSharpCore, "Refold.Core [VERSION]"] },
        {
            "Refold",
            [
                FSharpCore, "Microsoft.Extensions.DependencyInjection.Abstractions 10.0.0",
                "Microsoft.Extensions.Diagnostics.HealthChecks 10.0.0",
                "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions 10.0.0",
                "Microsoft.Extensions.Hosting.Abstractions 10.0.0", "Microsoft.Extensions.Logging.Abstractions 10.0.0",
                "Microsoft.Extensions.Options 10.0.0", "Refold.Core [VERSION]", "Refold.Format [VERSION]",
            ]
        },
        { "Refold.FSharp", [FSharpCore, "Refold [VERSION]", "Refold.Core [VERSION]"] },
        { "Refold.LiteDb", [FSharpCore, "LiteDB [5.0.21]", "Refold [VERSION]"] },
        { "Refold.Signing", ["BouncyCastle.Cryptography 2.7.0", FSharpCore, "Refold [VERSION]"] },
        { "Refold.Testing", [FSharpCore, "FsCheck 3.6.0", "Refold [VERSION]"] },
        // A tool brings everything along.
        { "Refold.Cli", [] },
    };

    public static TheoryData<string> Ids => [.. Dependencies.Select(row => (string)row[0])];

    [Fact]
    public void PackingTheSolution_GivesThesePackagesAndNothingElse()
    {
        folder.Packing.InOrder();
        Assert.Equal(Dependencies.Select(row => $"{row[0]}.VERSION.nupkg").Order(StringComparer.Ordinal), folder.Files());
    }

    [Theory]
    [MemberData(nameof(Dependencies))]
    public void Package_AsksForExactVersionsOfOursAndTheLowestOfOthers(string id, string[] dependencies)
    {
        var found = folder.Metadata(id).Descendants()
            .Where(element => element.Name.LocalName == "dependency")
            .Select(element => $"{element.Attribute("id")!.Value} {element.Attribute("version")!.Value}")
            .Select(dependency => dependency.Replace(folder.Version, "VERSION", StringComparison.Ordinal));
        Assert.Equal(dependencies, found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Package_SaysWhatItIs(string id)
    {
        var metadata = folder.Metadata(id);
        Assert.Equal(id, Value(metadata, "id"));
        Assert.Equal("MIT", Value(metadata, "license"));
        Assert.Equal("expression", Element(metadata, "license")!.Attribute("type")!.Value);
        Assert.InRange(Value(metadata, "description").Length, 30, 300);
        Assert.Contains("event-sourcing", Value(metadata, "tags").Split(' '));
        Assert.Equal("The Refold authors", Value(metadata, "authors"));
        // An address that nobody can visit is not written.
        Assert.Null(Element(metadata, "projectUrl"));
        Assert.Null(Element(metadata, "repository"));
    }

    [Fact]
    public void Descriptions_AreAllDifferent()
    {
        string[] descriptions = [.. Dependencies.Select(row => Value(folder.Metadata((string)row[0]), "description"))];
        Assert.Equal(descriptions.Length, descriptions.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Package_HasAReadmeWhoseLinksDoNotNeedTheRepository(string id)
    {
        Assert.Equal("README.md", Value(folder.Metadata(id), "readme"));
        using var package = folder.Open(id);
        using var reader = new StreamReader(package.GetEntry("README.md")!.Open());
        string text = reader.ReadToEnd();
        Assert.All(Dependencies, row => Assert.Contains($"`{row[0]}`", text, StringComparison.Ordinal));
        Assert.All(Link().Matches(text), link => Assert.StartsWith("https://", link.Groups[1].Value, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Package_HasOurAssembliesWithSymbolsInThem(string id)
    {
        using var package = folder.Open(id);
        var ours = package.Entries.Where(entry => OurAssembly().IsMatch(entry.Name)).ToArray();
        Assert.NotEmpty(ours);
        foreach (var entry in ours)
        {
            using var bytes = new MemoryStream();
            using (var stream = entry.Open())
                stream.CopyTo(bytes);
            bytes.Position = 0;
            using var assembly = new PEReader(bytes);
            Assert.Contains(assembly.ReadDebugDirectory(), part => part.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        }

        Assert.DoesNotContain(package.Entries, entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Library_HasItsDocumentationBesideIt(string id)
    {
        using var package = folder.Open(id);
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];
        string[] library = [.. names.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        if (id == "Refold.Cli")
            Assert.Contains("tools/net10.0/any/refold-cli.dll", names);
        else
            Assert.Equal([$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], library);
    }

    private static XElement? Element(XElement metadata, string name) =>
        metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name);

    private static string Value(XElement metadata, string name) => Element(metadata, name)?.Value ?? "";

    [GeneratedRegex(@"^(Refold(\.\w+)?|refold-cli)\.dll$")]
    private static partial Regex OurAssembly();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();
}
