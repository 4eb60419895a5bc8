// `refold compact` from outside: what it does and prints, and what it refuses.
// Run by `dotnet test`.
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class CompactTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private async Task WriteAsync()
    {
        await using var journal = SegmentJournal.Open(directory.File("journal"), Samples.Small);
        for (var number = 0; number < 20; number++)
            await journal.AppendAsync(new AppendRequest(Samples.Entry("a", new string('x', 100)), Samples.Entry("b"))
            {
                IdempotencyKey = "key " + number
            });
    }

    private ToolResult Compact(params string[] arguments) => RefoldTool.Run(["compact", "--journal", directory.Journal(), .. arguments]);

    private ToolResult Export() => RefoldTool.Run("export", "--raw", "--journal", directory.Journal()).Expect(0);

    [Fact]
    public async Task Merging_ThenRetaining_ThenDeletingAStream_KeepsWhatIsLeft()
    {
        await WriteAsync();
        var before = Export();
        var merged = Compact("--merge", "--json").Expect(0).Json;
        Assert.True(merged.GetProperty("replaced").GetInt32() > merged.GetProperty("made").GetInt32());
        Assert.Equal(before.Output, Export().Output);
        var retained = Compact("--retain-from", "21", "--json").Expect(0).Json;
        Assert.Equal(20, retained.GetProperty("begin").GetProperty("position").GetInt64());
        Assert.Equal(40, retained.GetProperty("head").GetProperty("position").GetInt64());
        Assert.Equal(before.Lines.Skip(20), Export().Lines);
        var text = Compact("--delete-stream", "b").Expect(0);
        Assert.Matches("begins behind +20:", text.Output);
        Assert.Equal("", text.Error);
        Assert.Equal(before.Lines.Skip(20).Where((_, item) => item % 2 == 0), Export().Lines);
        Assert.Matches(
            "keys forgotten +of batches that begin before position 31\n", Compact("--forget-keys-before", "31").Expect(0).Output);
        var inspected = RefoldTool.Run("inspect", "--json", "--journal", directory.Journal()).Expect(0).Json;
        Assert.Equal(31, inspected.GetProperty("keysForgottenBefore").GetInt64());
        Assert.Equal(20, inspected.GetProperty("begin").GetProperty("position").GetInt64());
        RefoldTool.Run("verify", "--journal", directory.Journal()).Expect(0);
        Assert.Equal(0, Compact("--delete-stream", "b", "--json").Expect(0).Json.GetProperty("replaced").GetInt32());
    }

    [Fact]
    public async Task WhatWasSignedLast_StaysProvable_BehindADroppedBeginning()
    {
        var (key, kept) = (directory.File("key"), directory.File("kept"));
        RefoldTool.Run("keygen", "example.com/a", "--out", key).Expect(0);
        await using (var journal = SegmentJournal.Open(directory.File("journal"), Samples.Small))
        {
            for (var number = 0; number < 5; number++) await journal.Append(Samples.Entry("a"), Samples.Entry("b"));
        }

        File.WriteAllText(kept, RefoldTool.Run("checkpoint", "--sign", key, "--journal", directory.Journal()).Expect(0).Output);
        await WriteAsync();
        // Dropped without a word of what was signed, nothing leads from there.
        RefoldTool.Run("backup", directory.File("other"), "--journal", directory.Journal()).Expect(0);
        var without = RefoldTool.Run("compact", "--retain-from", "31", "--journal", directory.Journal("other")).Expect(0);
        Assert.Matches("proofs hold +from size 15 on\n", without.Output);
        Verify("other", 1);

        // Another process may sign meanwhile.
        using (Signing.FileSignerMemory.Open(key + ".memory"))
        {
            var retained = Compact("--retain-from", "31", "--memory", key + ".memory").Expect(0);
            Assert.Matches("proofs hold +from size 15 on, and from 5\n", retained.Output);
        }

        Verify("journal", 0);
        var json = Compact("--retain-from", "41", "--memory", key + ".memory", "--checkpoint", kept, "--json").Expect(0).Json;
        Assert.Equal(20, json.GetProperty("provableFrom").GetInt64());
        Assert.Equal(5, Assert.Single(json.GetProperty("provable").EnumerateArray()).GetInt64());
        Verify("journal", 0);

        void Verify(string name, int code) => RefoldTool.Run(
            "checkpoint", "verify", kept, "--key", key + ".vkey", "--journal", directory.Journal(name)).Expect(code);
    }

    [Fact]
    public async Task AMemoryThatIsNone_OrOfAnotherHistory_CompactsNothing()
    {
        await WriteAsync();
        var (key, before) = (directory.File("key"), Export().Output);
        RefoldTool.Run("keygen", "example.com/a", "--out", key).Expect(0);
        Assert.Contains(
            "does not exist; name the memory that keygen made",
            Compact("--retain-from", "21", "--memory", directory.File("none")).ExpectError(3), StringComparison.Ordinal);
        Compact("--retain-from", "21", "--memory", directory.Write("bent", "no memory")).ExpectError(3);
        Assert.Contains("go with --retain-from", Compact("--merge", "--memory", key + ".memory").ExpectError(2), StringComparison.Ordinal);
        var other = directory.Journal("other");
        RefoldTool.Run("import", directory.Write("one", "{\"stream\":\"x\",\"type\":\"T\",\"data\":1}\n"), "--journal", other).Expect(0);
        RefoldTool.Run("checkpoint", "--sign", key, "--journal", other).Expect(0);
        Assert.Contains(
            "the history was rewritten. Nothing was compacted",
            Compact("--retain-from", "21", "--memory", key + ".memory").ExpectError(1), StringComparison.Ordinal);
        Assert.Equal(before, Export().Output);
        // Nothing was signed yet: there is nothing to keep.
        RefoldTool.Run("keygen", "example.com/b", "--out", directory.File("fresh")).Expect(0);
        var fresh = Compact("--retain-from", "21", "--memory", directory.File("fresh.memory"), "--json").Expect(0).Json;
        Assert.Equal(0, fresh.GetProperty("provable").GetArrayLength());
    }

    [Fact]
    public async Task WhatCannotBeDone_IsOneLineAndAnExitCode()
    {
        Compact("--merge").ExpectError(3);
        Assert.False(Directory.Exists(directory.File("journal")));
        await WriteAsync();
        var files = Directory.GetFiles(directory.File("journal")).Order().ToList();
        Compact().ExpectError(2);
        Compact("--merge", "--retain-from", "3").ExpectError(2);
        Compact("--retain-from", "0").ExpectError(2);
        Compact("--retain-from", "42").ExpectError(2);
        Compact("--forget-keys-before", "42").ExpectError(2);
        Compact("--delete-stream", "").ExpectError(2);
        Assert.Contains("no stream 'A'", Compact("--delete-stream", "A").ExpectError(3), StringComparison.Ordinal);
        RefoldTool.Run("compact", "--merge", "--journal", "memory:").ExpectError(2);
        await using (SegmentJournal.Open(directory.File("journal")))
            Compact("--merge").ExpectError(4);
        Assert.Equal(files, Directory.GetFiles(directory.File("journal")).Order());
    }
}
