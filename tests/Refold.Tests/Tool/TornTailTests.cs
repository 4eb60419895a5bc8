// A journal whose end is damaged: every verb that looks says so, gives what lies before, and changes nothing.
// Run by `dotnet test`.
using System.Text.Json;
using Xunit;

namespace Refold.Tests.Tool;

public class TornTailTests
{
    [Theory]
    [InlineData("export", 0)]
    [InlineData("read --stream s", 0)]
    [InlineData("streams", 0)]
    [InlineData("runs", 0)]
    [InlineData("inspect", 0)]
    [InlineData("verify", 1)]
    public void DamageInTheLastBatch_IsNamedByEveryVerbThatLooks(string verb, int exitCode)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", """
            {"stream":"s","type":"t","data":1}
            {"stream":"s","type":"t","data":2}

            """);
        RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
        Assert.Equal("", RefoldTool.Run([.. verb.Split(' '), "--journal", directory.Journal()]).Expect(0).Error);
        // As a journal written before there was a COMMIT: with it, what was closed cannot be torn.
        File.Delete(Path.Combine(directory.File("journal"), "COMMIT"));
        string segment = Directory.EnumerateFiles(directory.File("journal"), "*.seg").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - 40] ^= 1;
        File.WriteAllBytes(segment, bytes);

        var looked = RefoldTool.Run([.. verb.Split(' '), "--journal", directory.Journal()]).Expect(exitCode);
        string told = exitCode == 0 ? Assert.Single(looked.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)) : looked.Output;
        Assert.Contains(Path.GetFileName(segment), told, StringComparison.Ordinal);
        Assert.Contains("torn tail", told, StringComparison.Ordinal);
        if (verb == "verify")
        {
            Assert.DoesNotContain("tampered", told, StringComparison.Ordinal);
            using var json = JsonDocument.Parse(RefoldTool.Run("verify", "--json", "--journal", directory.Journal()).Expect(1).Output);
            Assert.True(json.RootElement.GetProperty("torn").GetBoolean());
        }

        if (verb != "verify" && verb != "inspect")
            Assert.DoesNotContain("\"data\":2", looked.Output, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(segment));
    }

    [Theory]
    [InlineData("export", 3)]
    [InlineData("import in.ndjson", 3)]
    [InlineData("inspect", 3)]
    [InlineData("verify", 1)]
    public void DamageInTheLastBatchOfAClosedJournal_IsRefused(string verb, int exitCode)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", "{\"stream\":\"s\",\"type\":\"t\",\"data\":1}\n");
        RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
        string segment = Directory.EnumerateFiles(directory.File("journal"), "*.seg").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - 40] ^= 1;
        File.WriteAllBytes(segment, bytes);

        var looked = RefoldTool.Run(
            [.. verb.Replace("in.ndjson", file, StringComparison.Ordinal).Split(' '), "--journal", directory.Journal()]).Expect(exitCode);
        string told = exitCode == 1 ? looked.Output : Assert.Single(looked.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(Path.GetFileName(segment), told, StringComparison.Ordinal);
        Assert.DoesNotContain("torn", told, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(segment));
    }
}
