// Who needs each public type of the core: a type that no user needs is internal.
// Run by `dotnet test`; the table is Refold.Core.users.txt: on each line a type and its user in one word.
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Architecture;

public partial class UserTests
{
    /// <summary>The most types that Refold.Core shows, union cases and modules included: 110 without the rooms that came later (Machines,
    /// Delivery), and some for each of those.</summary>
    private const int MostTypes = 145;

    private static readonly Assembly Core = typeof(StreamId).Assembly;

    // Who a user is. The first five are checked below; the others are what a reviewer agrees to.
    private static readonly string[] Words =
    [
        "csharp",   // programs in C#: a public member of Refold takes or returns the type
        "fsharp",   // programs in F#: a public member of Refold.FSharp takes or returns the type
        "store",    // stores in packages of their own: Refold.LiteDb is compiled against the type
        "script",   // scripts and README: the type is named there
        "matcher",  // whoever tells the cases of an error, a cause or a finding apart
        "author",   // whoever writes aggregates, deciders and codecs
        "runner",   // whoever makes steps and batches without a journal of the facade
        "explorer", // whoever reads, queries and folds what was recorded
        "verifier", // whoever decides a recorded run again
    ];

    private static readonly Dictionary<string, string> Users = File
        .ReadAllLines(Path.Combine(Repository.Root, "tests", "Refold.Architecture", "Refold.Core.users.txt"))
        .Select(line => line.Split(": "))
        .ToDictionary(parts => parts[0], parts => parts[1]);

    [Fact]
    public void EveryPublicType_OfTheCoreHasItsUserInOneWord()
    {
        Assert.Equal(Types().Select(ApiSurface.FullName).Order(StringComparer.Ordinal), Users.Keys.Order(StringComparer.Ordinal));
        Assert.All(Users, user => Assert.True(Words.Contains(user.Value), $"{user.Key}: {user.Value}"));
        Assert.All(Words, word => Assert.Contains(word, Users.Values));
    }

    [Fact]
    public void PublicTypes_OfTheCoreAreFew() => Assert.InRange(Types().Count(), 1, MostTypes);

    [Fact]
    public void TypesOfTheFileFormat_AreInternal() => Assert.Empty(Assembly.Load("Refold.Format").GetExportedTypes());

    [Fact]
    public void TypesForCSharp_AreTheOnesThatTheFacadeShows()
    {
        var shown = Shown(typeof(IJournal).Assembly);
        Assert.Equal(UsedBy("csharp"), Types().Where(shown.Contains).Select(ApiSurface.FullName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TypesForFSharp_AreShownByTheFaceForFSharp()
    {
        var shown = Shown(Assembly.Load("Refold.FSharp")).Select(ApiSurface.FullName).ToHashSet();
        Assert.All(UsedBy("fsharp"), type => Assert.Contains(type, shown));
    }

    [Fact]
    public void TypesForStores_AreReferredToByRefoldLiteDb()
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Refold.LiteDb.dll")));
        var metadata = file.GetMetadataReader();
        var referred = metadata.TypeReferences
            .Select(metadata.GetTypeReference)
            .Select(type => metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name))
            .Where(name => name.StartsWith("Refold.Core.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        Assert.Equal(UsedBy("store"), referred);
    }

    [Fact]
    public void TypesForScripts_AreNamedByAScriptOrTheReadme()
    {
        var scripts = Directory.GetFiles(Path.Combine(Repository.Root, "core", "scripts"), "*.fsx").Select(File.ReadAllText);
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var examples = FSharpExample().Matches(readme).Select(example => example.Value);
        var text = string.Join('\n', scripts.Concat(examples));
        Assert.All(
            UsedBy("script"),
            type => Assert.True(Regex.IsMatch(text, $@"(?<![\w.])(Refold\.Core\.)?{SourceName(type)}\b(?!"")"), type));
    }

    [Fact]
    public void TypesForMatchers_AreUnionsAndTheirCases()
    {
        var unions = Types().Where(type => type.IsNested && !(type.DeclaringType!.IsAbstract && type.DeclaringType.IsSealed)).ToList();
        Assert.All(unions, type => Assert.Equal("matcher", Users[ApiSurface.FullName(type)]));
        Assert.Equal(
            UsedBy("matcher"),
            unions.Concat(unions.Select(type => type.DeclaringType!)).Select(ApiSurface.FullName).Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<Type> Types() => ApiSurface.Of(Core).Select(item => item.Type);

    private static IEnumerable<string> UsedBy(string word) =>
        Users.Where(user => user.Value == word).Select(user => user.Key).Order(StringComparer.Ordinal);

    // "Refold.Core.RoleModule" is written "Role", "Refold.Core.Decider<State, Command, Event, Error>" is written "Decider".
    private static string SourceName(string fullName)
    {
        var name = fullName.Split('<')[0].Split('.')[^1];
        return name.EndsWith("Module", StringComparison.Ordinal) ? name[..^"Module".Length] : name;
    }

    // The types that public members take, return or are made of; generic types as their definitions.
    private static HashSet<Type> Shown(Assembly assembly) =>
        [.. ApiSurface.Of(assembly)
            .SelectMany(item => item.Members.SelectMany(Signature).Concat(item.Type.GetInterfaces()))
            .SelectMany(Parts)];

    private static IEnumerable<Type> Signature(MemberInfo member) => member switch
    {
        MethodInfo method => [method.ReturnType, .. method.GetParameters().Select(parameter => parameter.ParameterType)],
        ConstructorInfo constructor => constructor.GetParameters().Select(parameter => parameter.ParameterType),
        PropertyInfo property => [property.PropertyType, .. property.GetIndexParameters().Select(parameter => parameter.ParameterType)],
        FieldInfo field => [field.FieldType],
        _ => [],
    };

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition())
        : [type];

    [GeneratedRegex("```fsharp\n.*?```", RegexOptions.Singleline)]
    private static partial Regex FSharpExample();
}
