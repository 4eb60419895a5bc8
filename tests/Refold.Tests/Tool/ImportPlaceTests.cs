// Places in an import that no journal can give: the file is refused whole, by the line, before anything is written.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Tool;

public class ImportPlaceTests
{
    [Theory]
    [InlineData("\"position\":4611686018427387905", "position is 4611686018427387905, it must be at most 2^62")]
    [InlineData("\"version\":4611686018427387905", "version is 4611686018427387905, it must be at most 2^62")]
    [InlineData("\"version\":9223372036854775807", "version is 9223372036854775807, it must be at most 2^62")]
    [InlineData("\"position\":9223372036854775807", "position is 9223372036854775807, it must be at most 2^62")]
    [InlineData("\"position\":65538,\"batch\":2", "position is 65538, it must be less than 65536 above its batch 2")]
    public void PlacesOutOfRange_OnTheSecondLine_AreNamed_AndNothingIsWritten(string place, string reason)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", $$"""
            {"stream":"a","type":"t","data":1}
            {"stream":"b",{{place}},"type":"t","data":2}
            {"stream":"b","type":"t","data":3}

            """);
        string error = RefoldTool.Run("import", file, "--journal", directory.Journal()).ExpectError(3);
        Assert.Contains("line 2: " + reason, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("journal")));
    }

    [Fact]
    public void TheFurthestPlaces_AreRestored_AndNothingGoesOnBehindThem_ThatAnotherImportWouldRefuse()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", """
            {"stream":"a","type":"t","data":1}
            {"stream":"b","position":4611686018427387904,"version":4611686018427387904,"batch":4611686018427322369,"type":"t","data":2}

            """);
        RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
        string more = directory.Write("more.ndjson", """{"stream":"a","type":"t","data":3}""");
        string error = RefoldTool.Run("import", more, "--journal", directory.Journal()).ExpectError(3);
        Assert.Contains("position is 4611686018427387905, the limit is 4611686018427387904", error, StringComparison.Ordinal);
        RefoldTool.Run("verify", "--journal", directory.Journal()).Expect(0);
        string export = directory.Write("out.ndjson", RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0).Output);
        RefoldTool.Run("import", export, "--journal", directory.Journal("copy")).Expect(0);
        using var journal = new Opened(directory.Journal());
        using var copy = new Opened(directory.Journal("copy"));
        Assert.Equal([1, 4611686018427387904], journal.Value.ReadAll().Select(entry => entry.Position));
        Assert.Equal(4611686018427387904, journal.Value.ReadStream("b", 4611686018427387904).Single().Version);
        Assert.Equal(journal.Value.Head, copy.Value.Head);
    }

    [Fact]
    public void Runs_LeaveOutStreamsThatOnlyLookLikeARun()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", $$"""
            {"stream":"$run/","type":"t","data":1}
            {"stream":"$run/{{new string('x', 129)}}","type":"t","data":1}
            {"stream":"$run/named","type":"t","data":1}

            """);
        RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
        var run = Assert.Single(
            RefoldTool.Run("runs", "--journal", directory.Journal(), "--json").Expect(0).Json.GetProperty("runs").EnumerateArray());
        Assert.Equal("named", run.GetProperty("run").GetString());
    }
}
