// The public API of the assemblies that are packages: compared with an approved text, documented member by member.
// Run by `dotnet test`. Changing an approved text is the reviewed act of changing the API.
using System.Reflection;
using System.Xml.Linq;
using Xunit;

namespace Refold.Architecture;

public class ApiTests
{
    private static readonly Assembly Core = typeof(StreamId).Assembly;
    private static readonly Assembly Facade = typeof(IJournal).Assembly;
    private static readonly Assembly Testing = typeof(Testing.SimulatedDevice).Assembly;
    private static readonly Assembly LiteDb = Assembly.Load("Refold.LiteDb");
    private static readonly Assembly Signing = Assembly.Load("Refold.Signing");

    [Theory]
    [InlineData("Refold.Core")]
    [InlineData("Refold")]
    [InlineData("Refold.Testing")]
    [InlineData("Refold.LiteDb")]
    [InlineData("Refold.Signing")]
    public void PublicApi_IsTheApprovedOne(string name)
    {
        var approvedFile = Path.Combine(Repository.Root, "tests", "Refold.Architecture", name + ".approved.txt");
        var receivedFile = Path.Combine(AppContext.BaseDirectory, name + ".received.txt");
        var received = ApiSurface.Print(Named(name));
        File.WriteAllText(receivedFile, received);
        var approved = File.Exists(approvedFile) ? File.ReadAllText(approvedFile).ReplaceLineEndings("\n") : "";
        var difference = approved.Split('\n').Except(received.Split('\n')).Select(line => "- " + line)
            .Concat(received.Split('\n').Except(approved.Split('\n')).Select(line => "+ " + line));
        Assert.True(
            received == approved,
            $"The public API changed. If it is meant to, copy {receivedFile} over {approvedFile}.\n"
            + $"{string.Join('\n', difference.Take(40))}");
    }

    [Theory]
    [InlineData("Refold.Core")]
    [InlineData("Refold")]
    [InlineData("Refold.Testing")]
    [InlineData("Refold.LiteDb")]
    [InlineData("Refold.Signing")]
    public void PublicMember_IsDocumented(string name)
    {
        var documented = XDocument.Load(Path.Combine(AppContext.BaseDirectory, name + ".xml"))
            .Descendants("member")
            .Where(member => member.Elements().Any(element => element.Name.LocalName == "inheritdoc" || element.Value.Trim().Length > 0))
            .Select(member => KeyOf(member.Attribute("name")!.Value))
            .ToHashSet();
        var undocumented =
            from item in ApiSurface.Of(Named(name))
            from key in item.Members.Where(member => NeedsDocumentation(item.Type, member))
                .Select(member => XmlName(item.Type) + "." + XmlMember(member))
                .Prepend(XmlName(item.Type))
            where !documented.Contains(key)
            select key;
        Assert.True(!undocumented.Any(), string.Join('\n', undocumented.Distinct()));
    }

    [Fact]
    public void TypesAboutSegments_AreThoseOfTheirNamespace()
    {
        string[] words = ["Segment", "Compaction", "Opening", "TornTail", "InterruptedCompaction", "IStorage", "DirectoryDevice"];
        Type[] types = [.. Facade.GetExportedTypes().Where(type => !type.IsNested)];
        var named = types.Where(type => words.Any(word => type.Name.StartsWith(word, StringComparison.Ordinal))).ToHashSet();
        Assert.NotEmpty(named);
        Assert.Equal(named, types.Where(type => type.Namespace == "Refold.Segments").ToHashSet());
    }

    [Fact]
    public void SharedTypes_AreTheOnesBothLanguagesUse()
    {
        var shared = Core.GetExportedTypes()
            .Where(type => type.Namespace == "Refold")
            .Select(type => type.Name)
            .Order(StringComparer.Ordinal);
        string[] expected =
        [
            "EncodedBatch", "EntryRole", "ExpectedVersion", "GateBypass", "GateDenial", "GateEvaluation", "GateOutcome", "GatePass",
            "GateSet", "GateSet`1", "GateTrace", "Gate`1", "Hash", "Head", "Leaf", "PassFault", "RecordMode", "ReplayVerdict", "RngState",
            "RunId", "RunPin", "SeededRng",
            "StreamId", "StreamVersions",
        ];
        Assert.Equal(expected, shared);
    }

    [Fact]
    public void SharedTypes_ShowNoFSharpTypeToCSharp()
    {
        var shown =
            from item in ApiSurface.Of(Core)
            where item.Type.Namespace == "Refold"
            from member in item.Members
            let text = ApiSurface.Describe(member)
            where text.Contains("Microsoft.FSharp", StringComparison.Ordinal) || text.Contains("Refold.Core.", StringComparison.Ordinal)
            select ApiSurface.FullName(item.Type) + ": " + text;
        Assert.Empty(shown);
    }

    private static Assembly Named(string name) =>
        new[] { Core, Facade, Testing, LiteDb, Signing }.Single(assembly => assembly.GetName().Name == name);

    // What the compiler makes by itself needs no words: members of records and unions, overrides, enum plumbing, delegates.
    private static bool NeedsDocumentation(Type type, MemberInfo member) => member switch
    {
        _ when IsDelegate(type) => false,
        MethodInfo method when method.GetBaseDefinition() != method => false,
        MethodInfo { Name: "Equals" or "GetHashCode" or "CompareTo" or "ToString" } => false,
        FieldInfo { Name: "value__" } => false,
        // A case of an F# union is documented as a type of its own.
        MethodInfo { IsStatic: true } method when IsFSharpRecordOrUnion(type) && method.Name.StartsWith("New", StringComparison.Ordinal) =>
            false,
        ConstructorInfo when IsFSharpRecordOrUnion(type) || type.IsAbstract => false,
        ConstructorInfo constructor when IsRecordOrPrimary(type, constructor) => false,
        _ => true,
    };

    private static bool IsDelegate(Type type) => typeof(Delegate).IsAssignableFrom(type);

    private static bool IsFSharpRecordOrUnion(Type type) =>
        type.GetCustomAttributes().Any(attribute => attribute.GetType().Name == "CompilationMappingAttribute");

    // A primary constructor is documented with its type.
    private static bool IsRecordOrPrimary(Type type, ConstructorInfo constructor) =>
        type.GetMethod("<Clone>$") is not null || constructor.GetParameters().Length == 0 || type.IsSubclassOf(typeof(Exception));

    private static string XmlName(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string XmlMember(MemberInfo member) => member is ConstructorInfo ? "#ctor" : member.Name;

    // "M:Refold.Journal.Open``1(System.String)" -> "Refold.Journal.Open": overloads share one key, which
    // each overload's compiler warning covers.
    private static string KeyOf(string name)
    {
        var text = name[2..].Split('(')[0].Split('~')[0];
        var generic = text.LastIndexOf("``", StringComparison.Ordinal);
        return generic < 0 ? text : text[..generic];
    }
}
