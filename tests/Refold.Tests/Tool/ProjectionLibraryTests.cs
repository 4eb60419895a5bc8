// project and evidence with the projections of a program's library, in C# and F#, as a user compiles and names them.
// Run by `dotnet test`; needs the SDK's compilers.
using System.Text.Json.Nodes;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class ProjectionLibraryTests(ProjectionLibraryTests.Made made) : IClassFixture<ProjectionLibraryTests.Made>
{
    private ToolResult Run(params string[] arguments) => RefoldTool.Run([.. arguments, "--journal", made.Journal]);

    private ToolResult Evidence(string id, string library) =>
        Run("evidence", "make", "--projection", id, "--with", library, "--json");

    [Theory]
    [InlineData("Counting.dll", "quantity")]
    [InlineData("Counting.dll", "tills")]
    [InlineData("Adding.dll", "quantity")]
    public void AStateOfALibrary_IsThatOfTheProgram_AndItsReportIsVerified(string library, string id)
    {
        var path = made.PathOf(library);
        var json = Run("project", id, "--with", path, "--json").Expect(0).Json;
        Assert.Equal(id == "quantity" ? "6" : "3", json.GetProperty("state").GetRawText());
        Assert.Equal(5, json.GetProperty("asOf").GetInt64());
        Assert.Contains("as of       5", Run("project", id, "--with", path).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal("1", Run("project", id, "--with", path, "--at", "1", "--json").Expect(0).Json.GetProperty("state").GetRawText());

        var report = made.Write($"{library}.{id}.json", Evidence(id, path).Expect(0).Output);
        Assert.Equal(
            json.GetProperty("bodyHash").GetString(), JsonNode.Parse(File.ReadAllText(report))!["bodyHash"]!.GetValue<string>());
        // In a process of its own, where nothing of the test is loaded.
        var verified = RefoldProcess.Run("evidence", "verify", report, "--with", path, "--journal", made.Journal).Expect(0);
        Assert.StartsWith("the same", verified.Output, StringComparison.Ordinal);
        var without = Run("evidence", "verify", report).ExpectError(2);
        Assert.Equal(
            $"refold: The report is of the projection '{id}'; built in is activity-counts. "
            + "Name the library of a program by --with LIB.dll.",
            without.TrimEnd());
    }

    // Written by different people in different languages: the same fold gives the same body.
    [Fact]
    public void AReportOfOneLibrary_IsVerifiedWithAnotherThatFoldsTheSame_AndNamedWithOneThatDoesNot()
    {
        var report = made.Write("of-csharp.json", Evidence("quantity", made.PathOf("Counting.dll")).Expect(0).Output);
        Run("evidence", "verify", report, "--with", made.PathOf("Adding.dll")).Expect(0);
        var other = Run("evidence", "verify", report, "--with", made.PathOf("Doubling.dll")).Expect(1);
        Assert.StartsWith("different  /output_hash", other.Output, StringComparison.Ordinal);
        var throwing = Run("evidence", "verify", report, "--with", made.PathOf("Throwing.dll")).Expect(1);
        Assert.Contains("now it fails: projection run failed: the entry at position 1", throwing.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ALibraryInARegistry_AndBesideIt_CountsOnce_AndTheBuiltInOneIsThereToo()
    {
        var path = made.PathOf("Counting.dll");
        Run("project", "activity-counts", "--with", path).Expect(0);
        Run("project", "in-a-registry", "--with", path).Expect(0);
        var report = made.Write("built-in.json", Run("evidence", "make", "--with", path, "--json").Expect(0).Output);
        Run("evidence", "verify", report).Expect(0);
    }

    [Fact]
    public void AnIdThatIsNotThere_IsSaid_WithThoseThatAre()
    {
        var path = made.PathOf("Counting.dll");
        string[][] lines = [["project", "nope"], ["evidence", "make", "--projection", "nope"]];
        foreach (var line in lines)
        {
            Assert.Equal(
                $"refold: {path} has no projection 'nope'; it has in-a-registry, quantity, tills, and built in is activity-counts.",
                Run([.. line, "--with", path]).ExpectError(2).TrimEnd());
            Assert.Equal(
                "refold: There is no projection 'nope'; built in is activity-counts. Name the library of a program by --with LIB.dll.",
                Run(line).ExpectError(2).TrimEnd());
        }

        var report = made.Write("tills.json", Evidence("tills", path).Expect(0).Output);
        Assert.Equal(
            $"refold: The report is of the projection 'tills'; {made.PathOf("Adding.dll")} has bytes, nothing, quantity, shapeless, "
            + "and built in is activity-counts.",
            Run("evidence", "verify", report, "--with", made.PathOf("Adding.dll")).ExpectError(2).TrimEnd());
    }

    [Theory]
    [InlineData("None.dll", "does not exist; name the compiled library of the program")]
    [InlineData("Counting.cs", "cannot be loaded: ")]
    [InlineData("Empty.dll", "has no public static property or field with a Projection or a ProjectionRegistry; make it public")]
    [InlineData("Twice.dll", "has more than one public static Projection with the id 'a', and the tool finds a projection by its id; le")]
    [InlineData("Taken.dll", "has a Projection with the id 'activity-counts', which is the built-in one's; give it another id")]
    [InlineData("ThrowingProperty.dll", "has a public static Projection that cannot be made: no property. Mend it")]
    [InlineData("ThrowingField.dll", "has a public static Projection that cannot be made: no field. Mend it")]
    [InlineData("Unmade.dll", "has a public static Projection without a value, in It; give it one, or make it internal")]
    [InlineData("Newer.dll", "cannot be loaded: ")]
    public void ALibraryThatCannotBeUsed_IsOneLineWithTheRemedy(string library, string says)
    {
        var path = made.PathOf(library);
        string[][] lines =
        [
            ["project", "activity-counts"], ["evidence", "make"], ["evidence", "verify", made.Report],
        ];
        // Beside the test's own assemblies another version of Refold would be found.
        Assert.All(lines, line => Assert.Contains(
            $"{path} {says}",
            (library == "Newer.dll"
                ? RefoldProcess.Run([.. line, "--with", path, "--journal", made.Journal])
                : Run([.. line, "--with", path])).ExpectError(3),
            StringComparison.Ordinal));
    }

    [Fact]
    public void AFoldThatThrows_NamesTheEntry_AndGivesTheReportOfTheFailedRun()
    {
        var path = made.PathOf("Throwing.dll");
        var error = Run("project", "quantity", "--with", path).ExpectError(1);
        Assert.Contains("the entry at position 1 (stream 'till/0' version 1)", error, StringComparison.Ordinal);
        Assert.Contains("boom", error, StringComparison.Ordinal);
        var report = Evidence("quantity", path).Expect(1);
        Assert.Contains("boom", report.Error, StringComparison.Ordinal);
        Assert.Contains("ProjectionFailed", report.Json.GetProperty("body").GetProperty("findings").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void AStateThatIsNoJson_IsSaidInBase64_AndOneWithoutAFormAsText()
    {
        var path = made.PathOf("Adding.dll");
        var json = Run("project", "bytes", "--with", path, "--json").Expect(0).Json;
        Assert.Equal("{\"dataBase64\":\"/wA=\"}", json.GetProperty("state").GetRawText());
        Assert.Contains(
            "state       {\"dataBase64\":\"/wA=\"}", Run("project", "bytes", "--with", path).Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("state       5\n", Run("project", "shapeless", "--with", path).Expect(0).Output, StringComparison.Ordinal);
        var shapeless = Run("project", "shapeless", "--with", path, "--json").Expect(0).Json;
        Assert.Equal("5", shapeless.GetProperty("state").GetString());
        Assert.Equal("null", shapeless.GetProperty("stateHash").GetRawText());
        var nothing = Run("project", "nothing", "--with", path, "--json").Expect(0).Json;
        Assert.Equal(("null", "null"), (nothing.GetProperty("state").GetRawText(), nothing.GetProperty("asOf").GetRawText()));
        Assert.Contains(
            "state       none: nothing matched", Run("project", "nothing", "--with", path).Expect(0).Output, StringComparison.Ordinal);
    }

    /// <summary>A journal of five entries, and the libraries.</summary>
    public sealed class Made : IDisposable
    {
        private const string Head =
            """
            using System; using System.Collections.Generic; using System.Globalization; using System.Text; using Refold;
            static class Of
            {
                static readonly Codec<long> Number = Codec.Create<long>(
                    "number", number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
                    bytes => long.Parse(Encoding.UTF8.GetString(bytes.Span), CultureInfo.InvariantCulture));
                public static Projection<long> Fold(string id, Func<long, JournalEntry, long> apply, string type = null) =>
                    Projection.Create(id, 1, type == null ? [] : [new ProjectionSource.Type(type)], 0L, apply, Number);
                public static long Quantity(JournalEntry entry) =>
                    long.Parse(Encoding.UTF8.GetString(entry.Payload.Span), CultureInfo.InvariantCulture);
            }

            """;

        private readonly TemporaryDirectory directory = new();

        public Made()
        {
            string[] lines =
            [
                Line("till/0", "Sold", "1"), Line("till/1", "Sold", "2"), Line("till/0", "Sold", "3"), Line("x", "Other", "7"),
                Line("x", "Other", "8"),
            ];
            RefoldTool.Run("import", directory.Write("lines", string.Concat(lines)), "--batch", "1", "--journal", Journal).Expect(0);
            Report = Write("report.json", RefoldTool.Run("evidence", "make", "--json", "--journal", Journal).Expect(0).Output);
            CSharp("Counting", """
                public static class Counting
                {
                    public static Projection<long> Quantity { get; } =
                        Of.Fold("quantity", (sum, entry) => sum + Of.Quantity(entry), "Sold");
                    public static readonly Projection<long> Tills = Of.Fold("tills", (count, entry) => count + 1, "Sold");
                    public static ProjectionRegistry All { get; } = new ProjectionRegistry().Register(Quantity).Register(Tills)
                        .Register(Of.Fold("in-a-registry", (count, entry) => count + 1)).Register(ActivityCounts.Projection);
                    internal static Projection<long> Hidden { get; } = Of.Fold("hidden", (count, entry) => count);
                }
                """);
            CSharp("Doubling", Public("Of.Fold(\"quantity\", (sum, entry) => sum + 2 * Of.Quantity(entry), \"Sold\")"));
            CSharp("Throwing", Public("Of.Fold(\"quantity\", (sum, entry) => throw new InvalidOperationException(\"boom\"), \"Sold\")"));
            CSharp("Empty", "public static class Empty { internal static Projection<long> A { get; } = Of.Fold(\"a\", (sum, _) => sum); }");
            CSharp("Twice", """
                public static class One { public static Projection<long> A { get; } = Of.Fold("a", (sum, _) => sum); }
                public static class Two { public static Projection<long> A { get; } = Of.Fold("a", (sum, _) => sum + 1); }
                """);
            CSharp("Taken", Public("Of.Fold(\"activity-counts\", (sum, entry) => sum)"));
            CSharp("ThrowingProperty", """
                public static class It { public static Projection<long> A => throw new InvalidOperationException("no property."); }
                """);
            CSharp("ThrowingField", """
                public static class It
                {
                    public static readonly Projection<long> A = Make();
                    static Projection<long> Make() => throw new InvalidOperationException("no field.");
                }
                """);
            Directory.CreateDirectory(PathOf("another"));
            CompiledLibrary.CSharp(directory, "another/Refold", """
                [assembly: System.Reflection.AssemblyVersion("99.0.0.0")]
                namespace Refold { public class Projection<T> { } }
                """, refold: "Refold.Core.dll");
            CompiledLibrary.CSharp(
                directory, "Newer", "public static class It { public static Refold.Projection<long> A { get; } = new(); }",
                PathOf("another/Refold.dll"));
            CompiledLibrary.FSharp(directory, "Adding", """
                module Adding
                open Refold.Core
                let private number (entry: Entry) = int64 (entry.Data.Payload.ToText())
                let quantity =
                    Projection.ofEntries "quantity" 1 [ ProjectionSourceRef.RelevantKind "Sold" ] (fun sum entry ->
                        Some(defaultArg sum 0L + number entry))
                    |> Projection.withState (
                        Codec.create "number" 1 (fun (number: int64) -> Ok(Bytes.OfText(string number))) (fun bytes ->
                            Ok(int64 (bytes.ToText()))))
                let bytes =
                    Projection.ofEntries "bytes" 1 [] (fun _ _ -> Some 0)
                    |> Projection.withState (Codec.create "bytes" 1 (fun (_: int) -> Ok(Bytes.OfHex "ff00")) (fun _ -> Ok 0))
                let shapeless = Projection.ofEntries "shapeless" 1 [] (fun count _ -> Some(defaultArg count 0 + 1))
                let nothing = Projection.ofEntries "nothing" 1 [ ProjectionSourceRef.RelevantKind "Nothing" ] (fun _ _ -> Some 1)
                """);
            CSharp("Unmade", "public static class It { public static Projection<long> A { get; } }");
        }

        public string Report { get; }

        public string Journal => directory.Journal();

        public string PathOf(string name) => directory.File(name);

        public string Write(string name, string text) => directory.Write(name, text);

        public void Dispose() => directory.Dispose();

        private static string Line(string stream, string type, string data) =>
            $"{{\"stream\":\"{stream}\",\"type\":\"{type}\",\"data\":{data}}}\n";

        private static string Public(string projection) =>
            "public static class It { public static Projection<long> A { get; } = " + projection + "; }";

        private void CSharp(string name, string source) => CompiledLibrary.CSharp(directory, name, Head + source);
    }
}
