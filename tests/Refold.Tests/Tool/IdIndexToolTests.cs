// What the tool does about the index of ids of segment files: import begins a journal with or without, copy keeps it, inspect tells it.
// Run by `dotnet test`.
using System.Text.Json;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class IdIndexToolTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private static bool? Inspected(string uri)
    {
        var member = RefoldTool.Run("inspect", "--journal", uri, "--json").Expect(0).Json.GetProperty("indexesIds");
        return member.ValueKind == JsonValueKind.Null ? null : member.GetBoolean();
    }

    private string Lines() => directory.Write("lines", """{"stream":"a","type":"t","data":1}""" + "\n");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ACopy_IsBegunAsTheJournalWas_OrAsIsSaid(bool indexIds)
    {
        string uri = directory.Journal();
        await using (var journal = Journal.Open(uri, new JournalOptions { Segments = new() { IndexIds = indexIds } }))
            await journal.Append(Samples.Entry("a"));
        Assert.Equal(indexIds, Inspected(uri));
        RefoldTool.Run("copy", uri, directory.Journal("copy")).Expect(0);
        Assert.Equal(indexIds, Inspected(directory.Journal("copy")));
        RefoldTool.Run("copy", uri, directory.Journal("other"), "--index-ids", indexIds ? "no" : "yes").Expect(0);
        Assert.Equal(!indexIds, Inspected(directory.Journal("other")));
        RefoldTool.Run("diff", uri, directory.Journal("other")).Expect(0);
        string told = RefoldTool.Run("inspect", "--journal", uri).Expect(0).Output;
        Assert.Equal(!indexIds, told.Contains("without an index", StringComparison.Ordinal));
    }

    [Fact]
    public void ACopyThroughLiteDb_IsBegunWithIt_UnlessItIsSaid()
    {
        var (lines, uri) = (Lines(), directory.Journal());
        string database = "litedb:" + directory.File("database");
        RefoldTool.Run("import", lines, "--journal", uri, "--index-ids", "no").Expect(0);
        RefoldTool.Run("copy", uri, database).Expect(0);
        Assert.Null(Inspected(database));
        RefoldTool.Run("copy", database, directory.Journal("with")).Expect(0);
        Assert.True(Inspected(directory.Journal("with")));
        RefoldTool.Run("copy", database, directory.Journal("without"), "--index-ids", "no").Expect(0);
        Assert.False(Inspected(directory.Journal("without")));
        string refused = RefoldTool.Run("copy", uri, "litedb:" + directory.File("second"), "--index-ids", "no").ExpectError(2);
        Assert.Contains("--index-ids is for a copy in segment files", refused, StringComparison.Ordinal);
        Assert.False(File.Exists(directory.File("second")));
    }

    [Fact]
    public void AnImport_BeginsAJournalAsIsSaid_AndRefusesWhatAJournalThatIsThereWouldNotHeed()
    {
        string lines = Lines();
        RefoldTool.Run("import", lines, "--journal", directory.Journal("default")).Expect(0);
        Assert.True(Inspected(directory.Journal("default")));
        string uri = directory.Journal();
        RefoldTool.Run("import", lines, "--journal", uri, "--index-ids", "no").Expect(0);
        Assert.False(Inspected(uri));
        // The same again, as the line does that goes on with an interrupted import.
        RefoldTool.Run("import", lines, "--journal", uri, "--index-ids", "no", "--resume").Expect(0);
        string refused = RefoldTool.Run("import", lines, "--journal", uri, "--index-ids", "yes", "--again").ExpectError(2);
        Assert.Contains("was begun without an index of ids, and stays so", refused, StringComparison.Ordinal);
        Assert.Contains("refold copy --index-ids yes", refused, StringComparison.Ordinal);
        Assert.Contains(
            "for a journal in segment files",
            RefoldTool.Run("import", lines, "--journal", "memory:", "--index-ids", "no").ExpectError(2),
            StringComparison.Ordinal);
        Assert.Contains(
            "must be yes or no",
            RefoldTool.Run("import", lines, "--journal", uri, "--index-ids", "never").ExpectError(2),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("segments")]
    [InlineData("litedb")]
    public void AFileWithoutEntries_IsRefused_AndNoJournalIsMade(string scheme)
    {
        string uri = $"{scheme}:{directory.File("journal")}";
        string empty = directory.Write("empty", "");
        Assert.Contains(
            "is empty: nothing was imported", RefoldTool.Run("import", empty, "--journal", uri).ExpectError(3), StringComparison.Ordinal);
        Assert.Contains(
            "standard input is empty",
            RefoldTool.RunGiven(Stream.Null, CancellationToken.None, "import", "-", "--journal", uri).ExpectError(3),
            StringComparison.Ordinal);
        Assert.Equal([empty], Directory.EnumerateFileSystemEntries(directory.Root));
    }
}
