// prove, checkpoint, keygen, explain, project, evidence, export --records: what a user does, and what is refused with which code.
// Run by `dotnet test`.
using System.Text.Json;
using Xunit;

namespace Refold.Tests.Tool;

public class ProofToolTests
{
    [Fact]
    public void ACheckpoint_FindsACutTail_ARewrittenHistory_AndItself()
    {
        using var directory = new TemporaryDirectory();
        var (uri, key) = (directory.Journal(), directory.File("k"));
        Record(uri, "1");
        RefoldTool.Run("keygen", "example.com/orders", "--out", key).Expect(0);
        var kept = directory.Write("kept", RefoldTool.Run("checkpoint", "--sign", key, "--journal", uri).Expect(0).Output);
        Verify(uri, 0, "the journal goes on from the checkpoint");
        Grow(uri);
        Verify(uri, 0, "the journal goes on from the checkpoint");

        var other = directory.Journal("other");
        Record(other, "2");
        Verify(other, 1, "the history was rewritten");
        var shorter = directory.Journal("shorter");
        RefoldTool.Run("import", directory.Write("one", "{\"stream\":\"x\",\"type\":\"T\",\"data\":1}\n"), "--journal", shorter).Expect(0);
        Verify(shorter, 1, "its tail was cut off");
        var refused = RefoldTool.Run("checkpoint", "--sign", key, "--journal", other).Expect(1);
        Assert.Contains("Nothing is signed", refused.Error, StringComparison.Ordinal);

        var altered = directory.Write("altered", File.ReadAllText(kept).Replace("\n302\n", "\n301\n", StringComparison.Ordinal));
        Assert.Contains(
            "is wrong", RefoldTool.Run("checkpoint", "verify", altered, "--key", key + ".vkey", "--journal", uri).Expect(1).Output,
            StringComparison.Ordinal);
        RefoldTool.Run("checkpoint", "verify", directory.File("none"), "--key", key + ".vkey", "--journal", uri).Expect(3);
        RefoldTool.Run("checkpoint", "verify", kept, "--journal", uri).Expect(2);
        RefoldTool.Run("keygen", "example.com/orders", "--out", key).Expect(2);
        RefoldTool.Run("keygen", "a b", "--out", directory.File("k2")).Expect(2);
        Assert.Equal(3, RefoldTool.Run("prove", "100", "--text", kept, "--journal", uri).Expect(0).Output.Split("\n\n").Length);
        RefoldTool.Run("prove", "100", "--text", kept, "--journal", other).Expect(1);

        // A beginning that goes leaves growth from the checkpoint provable where it is named.
        RefoldTool.Run("compact", "--retain-from", "605", "--checkpoint", kept, "--journal", uri).Expect(0);
        Verify(uri, 0, "the journal goes on from the checkpoint");
        RefoldTool.Run("compact", "--merge", "--checkpoint", kept, "--journal", uri).Expect(2);

        void Verify(string journal, int code, string says) => Assert.Contains(
            says, RefoldTool.Run("checkpoint", "verify", kept, "--key", key + ".vkey", "--journal", journal).Expect(code).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void APrivateKeyInTheJournalsDirectory_IsRefused()
    {
        using var directory = new TemporaryDirectory();
        Record(directory.Journal(), "1");
        var inside = Path.Combine(directory.File("journal"), "key");
        RefoldTool.Run("keygen", "x", "--out", inside, "--journal", directory.Journal()).Expect(2);
        Assert.False(File.Exists(inside));
    }

    [Fact]
    public void Evidence_IsTheSameInEveryStore_ProcessAndCulture_AndAChangeIsNamed()
    {
        using var directory = new TemporaryDirectory();
        var (uri, lite) = (directory.Journal(), "litedb:" + directory.File("j.db"));
        Record(uri, "1");
        var made = directory.Write("report", RefoldTool.Run("evidence", "make", "--json", "--journal", uri).Expect(0).Output);
        RefoldTool.Run("copy", uri, lite).Expect(0);
        foreach (var (journal, culture) in new[] { (uri, "tr_TR.UTF-8"), (lite, "sv_SE.UTF-8"), (lite, "ar_SA.UTF-8") })
        {
            var other = RefoldProcess.RunWith(new() { ["LC_ALL"] = culture }, "evidence", "make", "--json", "--journal", journal).Expect(0);
            Assert.Equal(Body(File.ReadAllText(made)), Body(other.Output));
            RefoldTool.Run("evidence", "verify", made, "--journal", journal).Expect(0);
        }

        Grow(uri);
        // As of its own place it is still true.
        RefoldTool.Run("evidence", "verify", made, "--journal", uri).Expect(0);
        var changed = directory.Write("changed", File.ReadAllText(made).Replace("\"302\"", "\"303\"", StringComparison.Ordinal));
        Assert.Contains(
            "contradict", RefoldTool.Run("evidence", "verify", changed, "--journal", uri).Expect(1).Error, StringComparison.Ordinal);
        var other2 = directory.Journal("other");
        Record(other2, "2");
        Assert.Contains(
            "/head", RefoldTool.Run("evidence", "verify", made, "--journal", other2).Expect(1).Output, StringComparison.Ordinal);
        RefoldTool.Run("evidence", "verify", directory.File("none"), "--journal", uri).Expect(3);
        RefoldTool.Run("evidence", "make", "--projection", "none", "--journal", uri).Expect(2);
        RefoldTool.Run("project", "activity-counts", "--at", "9999", "--journal", uri).Expect(2);

        // What was deleted cannot be folded: the run fails, and says so in its report.
        RefoldTool.Run("compact", "--delete-stream", "dispatch", "--journal", uri).Expect(0);
        var failed = RefoldTool.Run("evidence", "make", "--json", "--journal", uri).Expect(1);
        Assert.Contains("history-dropped", failed.Error, StringComparison.Ordinal);
        Assert.Contains("ProjectionFailed", Body(failed.Output), StringComparison.Ordinal);

        static string Body(string json)
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.GetProperty("bodyHash").GetString() + document.RootElement.GetProperty("body").GetRawText();
        }
    }

    [Fact]
    public void Explain_ShowsCausesAndConsequences_AndSaysWhereThereIsNoEntry()
    {
        using var directory = new TemporaryDirectory();
        var uri = directory.Journal();
        Record(uri, "1");
        var command = RefoldTool.Run("explain", "6", "--json", "--journal", uri).Expect(0).Json;
        var consequence = command.GetProperty("consequences").GetProperty("entries")[0].GetProperty("entry");
        Assert.Equal("Dispatched", consequence.GetProperty("type").GetString());
        var caused = RefoldTool.Run(
            "explain", consequence.GetProperty("position").GetRawText(), "--json", "--journal", uri).Expect(0).Json;
        Assert.Equal(6, caused.GetProperty("causes").GetProperty("entries")[0].GetProperty("entry").GetProperty("position").GetInt64());
        Assert.Equal("whole", caused.GetProperty("causes").GetProperty("end").GetString());
        Assert.Equal(6, command.GetProperty("proof").GetProperty("position").GetInt64());
        RefoldTool.Run("explain", "6", "--journal", uri).Expect(0);
        RefoldTool.Run("explain", "603", "--journal", uri).Expect(2);
        RefoldTool.Run("explain", "0", "--journal", uri).Expect(2);
    }

    [Fact]
    public void Prove_SaysWhatIsNotInTheJournal()
    {
        using var directory = new TemporaryDirectory();
        var uri = directory.Journal();
        Record(uri, "1");
        string[][] refused =
        [
            ["prove", "603"], ["prove", "0"], ["prove", "5", "--size", "1"], ["prove", "5", "--size", "303"], ["prove", "--from", "303"],
            ["prove", "--from", "7", "--to", "3"], ["prove"], ["prove", "5", "--from", "3"], ["prove", "5", "--to", "3"],
            ["export", "--records", "--raw"],
        ];
        Assert.All(refused, arguments => RefoldTool.Run([.. arguments, "--journal", uri]).Expect(2));
        var proof = RefoldTool.Run("prove", "5", "--positions", "--size", "100", "--json", "--journal", uri).Expect(0).Output;
        Assert.Null(InclusionProof.Parse(proof).FindFault(InclusionProof.Parse(proof).Tree));
        RefoldTool.Run("prove", "5", "--journal", uri).Expect(0);
        RefoldTool.Run("prove", "--from", "5", "--journal", uri).Expect(0);
    }

    private static void Record(string uri, string seed) => RefoldTool.Run(
        "record", "--scenario", "dispatch", "--input", Vectors.PathOf("access.log"), "--seed", seed, "--journal", uri).Expect(0);

    private static void Grow(string uri)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(
            file, string.Concat(Enumerable.Range(0, 5).Select(number => $"{{\"stream\":\"x\",\"type\":\"T\",\"data\":{number}}}\n")));
        RefoldTool.Run("import", file, "--batch", "1", "--journal", uri).Expect(0);
        File.Delete(file);
    }
}
