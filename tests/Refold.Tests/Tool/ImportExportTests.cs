// `refold import` and `refold export`: what goes in comes out, and places are kept or given anew.
// Run by `dotnet test`.
using System.Text.Json;
using Xunit;

namespace Refold.Tests.Tool;

public class ImportExportTests
{
    private const string Every =
        """{"stream":"order/1","type":"Placed","schemaVersion":2,"tags":["kind:external","sku:a"],"time":"2010-10-02T09:20:39.266+02:00","""
        + """
        "id":"00000000-0000-4000-8000-000000000001","correlationId":"00000000-0000-4000-8000-000000000002",
        """
        + """
        "causationId":"00000000-0000-4000-8000-000000000003","run":"r","data":{ "b" : 1.0, "a":"\u00e9é" }}
        {"stream":"$run/r","type":"Place","role":"command","run":"r","drawn":"18446744073709551615","data":1e2}
        {"stream":"order/1","type":"Placed","tags":["kind:derived"],"data":null}
        {"stream":"order/2","type":"Blob","dataBase64":"AAH/"}

        """;

    [Fact]
    public void Export_ImportedAndExportedAgain_IsTheSameFileAndHead()
    {
        using var directory = new TemporaryDirectory();
        var first = RefoldTool.Run(
            "import", directory.Write("in.ndjson", Every), "--batch", "3", "--journal", directory.Journal("one"), "--json").Expect(0).Json;
        Assert.Equal(4, first.GetProperty("entries").GetInt64());
        string one = RefoldTool.Run("export", "--journal", directory.Journal("one")).Expect(0).Output;
        // The payload stands as it came, whatever its space, escapes and digits are.
        Assert.Contains("\"data\":{ \"b\" : 1.0, \"a\":\"\\u00e9é\" }}\n", one, StringComparison.Ordinal);
        Assert.Contains("\"time\":\"2010-10-02T07:20:39.266Z\"", one, StringComparison.Ordinal);

        var second = RefoldTool.Run(
            "import", directory.Write("one.ndjson", one), "--journal", directory.Journal("two"), "--json").Expect(0).Json;
        Assert.Equal(first.GetProperty("head").GetRawText(), second.GetProperty("head").GetRawText());
        Assert.Equal(one, RefoldTool.Run("export", "--journal", directory.Journal("two")).Expect(0).Output);
        Assert.Contains(
            "identical: 4:", RefoldTool.Run("diff", directory.Journal("one"), directory.Journal("two")).Expect(0).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Batches_AreAtomicAppends_AndAKeyKeepsItsLinesTogether()
    {
        using var directory = new TemporaryDirectory();
        string lines = string.Concat(Enumerable.Range(1, 5).Select(number =>
            $$"""{"stream":"s","type":"t"{{(number is 2 or 3 ? ",\"idempotencyKey\":\"k\"" : "")}},"data":{{number}}}""" + "\n"));
        RefoldTool.Run("import", directory.Write("in.ndjson", lines), "--journal", directory.Journal(), "--batch", "2").Expect(0);
        Assert.Equal([1, 2, 2, 4, 4], Exported(directory).Select(entry => entry.GetProperty("batch").GetInt64()));
    }

    [Fact]
    public void GivenPlaces_AreRestoredIntoAnEmptyJournal_AndRenumberedInAnother()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", """
            {"position":7,"version":3,"batch":6,"stream":"a","type":"t","data":1}
            {"position":9,"version":4,"batch":6,"stream":"a","type":"t","data":2}

            """);
        RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
        RefoldTool.Run("import", file, "--again", "--journal", directory.Journal()).Expect(0);
        Assert.Equal(
            [(7L, 3L, 6L), (9L, 4L, 6L), (10L, 5L, 10L), (11L, 6L, 10L)],
            Exported(directory)
                .Select(entry =>
                    (entry.GetProperty("position").GetInt64(), entry.GetProperty("version").GetInt64(),
                        entry.GetProperty("batch").GetInt64())));
    }

    [Fact]
    public void Acknowledgements_AreEveryPositionInOrder_ThenTheObject()
    {
        using var directory = new TemporaryDirectory();
        string[] lines = RefoldTool.Run(
            "import", directory.Write("in.ndjson", Every), "--ack", "--json", "--journal", directory.Journal()).Expect(0).Lines;
        Assert.Equal(["ack 1", "ack 2", "ack 3", "ack 4"], lines[..4]);
        Assert.StartsWith("{\"entries\":4,", Assert.Single(lines[4..]), StringComparison.Ordinal);
    }

    [Fact]
    public void Resume_GoesOnAfterWhatIsThere()
    {
        using var directory = new TemporaryDirectory();
        string[] lines = [.. Enumerable.Range(1, 6).Select(number => $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n")];
        RefoldTool.Run("import", directory.Write("begin.ndjson", string.Concat(lines[..2])), "--journal", directory.Journal()).Expect(0);
        var json = RefoldTool.Run(
            "import", directory.Write("all.ndjson", string.Concat(lines)), "--resume", "--json", "--journal",
            directory.Journal()).Expect(0).Json;
        Assert.Equal((4, 2), (json.GetProperty("entries").GetInt32(), json.GetProperty("alreadyThere").GetInt32()));
        Assert.Equal([1, 2, 3, 4, 5, 6], Exported(directory).Select(entry => entry.GetProperty("data").GetInt32()));
        Assert.Equal(
            0,
            RefoldTool.Run("import", directory.File("all.ndjson"), "--resume", "--json", "--journal", directory.Journal())
                .Expect(0).Json.GetProperty("entries")
                .GetInt32());
    }

    [Fact]
    public void ImportedTwice_BatchesWithKeysAreThereOnce_AndThatIsSaid()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", """
            {"stream":"s","type":"t","idempotencyKey":"k","data":1}
            {"stream":"s","type":"t","idempotencyKey":"k","data":2}
            {"stream":"s","type":"t","data":3}

            """);
        string[] import = ["import", file, "--again", "--json", "--journal", directory.Journal()];
        Assert.Equal((3, 0, 3), Told(RefoldTool.Run(import).Expect(0).Json));
        Assert.Equal((1, 2, 4), Told(RefoldTool.Run(import).Expect(0).Json));
        Assert.Contains(
            "already there  2\n", RefoldTool.Run("import", file, "--again", "--journal", directory.Journal()).Expect(0).Output,
            StringComparison.Ordinal);

        static (int Entries, int AlreadyThere, int Head) Told(System.Text.Json.JsonElement json) =>
            (json.GetProperty("entries").GetInt32(), json.GetProperty("alreadyThere").GetInt32(),
                json.GetProperty("head").GetProperty("position").GetInt32());
    }

    [Fact]
    public void Resume_GoesOnRestoringPlaces()
    {
        using var directory = new TemporaryDirectory();
        string places = """
            {"position":2,"version":5,"batch":1,"stream":"a","type":"t","data":1}
            {"position":4,"version":6,"batch":4,"stream":"a","type":"t","data":2}
            {"position":6,"version":1,"batch":5,"stream":"b","type":"t","data":3}

            """;
        string all = RefoldTool.Run("import", directory.Write("all", places), "--json", "--journal", directory.Journal("whole"))
            .Expect(0).Json.GetProperty("head")
            .GetRawText();
        RefoldTool.Run(
            "import", directory.Write("begin", places[..(places.IndexOf('\n') + 1)]), "--journal", directory.Journal()).Expect(0);
        var json = RefoldTool.Run("import", directory.File("all"), "--resume", "--json", "--journal", directory.Journal())
            .Expect(0).Json;
        Assert.Equal((2, 1), (json.GetProperty("entries").GetInt32(), json.GetProperty("alreadyThere").GetInt32()));
        Assert.Equal(all, json.GetProperty("head").GetRawText());
    }

    [Fact]
    public void Export_CanBeNarrowed_AndRawHasWhatHeadsAreMadeOf()
    {
        using var directory = new TemporaryDirectory();
        RefoldTool.Run("import", directory.Write("in.ndjson", Every), "--journal", directory.Journal()).Expect(0);
        Assert.Equal([1, 3], Exported(directory, "--stream", "order/1").Select(entry => entry.GetProperty("position").GetInt32()));
        Assert.Equal([3, 4], Exported(directory, "--from", "3").Select(entry => entry.GetProperty("position").GetInt32()));
        using var journal = new Opened(directory.Journal());
        Assert.Equal(
            journal.Value.ReadAll().Select(entry => Convert.ToBase64String(entry.ToCanonicalBytes())),
            Exported(directory, "--raw").Select(entry => entry.GetProperty("canonical").GetString()));
    }

    [Fact]
    public void ClosedPipe_EndsTheToolQuietly()
    {
        using var directory = new TemporaryDirectory();
        string line = $$"""{"stream":"s","type":"t","data":"{{new string('x', 1000)}}"}""" + "\n";
        RefoldTool.Run(
            "import", directory.Write("in.ndjson", string.Concat(Enumerable.Repeat(line, 2000))), "--batch", "500", "--journal",
            directory.Journal()).Expect(0);
        using var process = RefoldProcess.Start([], "export", "--journal", directory.Journal());
        Assert.StartsWith("{\"position\":1,", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
        process.StandardOutput.Close();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((0, ""), (process.ExitCode, error));
    }

    [Fact]
    public void ClosedPipe_DoesNotEndAnImportThatAcknowledges()
    {
        using var directory = new TemporaryDirectory();
        string lines = string.Concat(Enumerable.Range(1, 20_000).Select(number =>
            $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n"));
        using var process = RefoldProcess.Start(
            [], "import", directory.Write("in.ndjson", lines), "--ack", "--journal", directory.Journal());
        Assert.Equal("ack 1", process.StandardOutput.ReadLine());
        process.StandardOutput.Close();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((0, ""), (process.ExitCode, error));
        using var journal = new Opened(directory.Journal());
        Assert.Equal(20_000, journal.Value.Head.Position);
    }

    private static List<JsonElement> Exported(TemporaryDirectory directory, params string[] more) =>
        [
            .. RefoldTool.Run(["export", "--journal", directory.Journal(), .. more])
                .Expect(0).Lines.Select(line => JsonDocument.Parse(line).RootElement)];
}
