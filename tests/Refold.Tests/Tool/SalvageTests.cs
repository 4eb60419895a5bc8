// `export --salvage` from outside: what checks comes out, the holes are named, no byte is changed.
// Run by `dotnet test`.
using System.Text.Json;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class SalvageTests : IDisposable
{
    private const int Entries = 30;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task UndamagedJournal_IsExportedAsEver_AndHasNoHoles()
    {
        await MakeAsync();
        var salvaged = Salvage(0);
        Assert.Equal(Lines(), salvaged.Lines);
        var summary = Summary(salvaged);
        Assert.Equal((Entries, 0), (summary.GetProperty("entries").GetInt32(), summary.GetProperty("holes").GetArrayLength()));
        Assert.Equal(Lines("--stream", "s1", "--raw", "--from", "5"), Salvage(0, "--stream", "s1", "--raw", "--from", "5").Lines);
    }

    [Fact]
    public async Task DamagedFrame_CostsItsEntry_AndTheBatchIsNamed()
    {
        await MakeAsync();
        string[] whole = Lines();
        string damaged = Segments()[1];
        byte[] bytes = Flip(damaged, 128 + 80);
        RefoldTool.Run("export", "--journal", directory.Journal()).Expect(3);

        var salvaged = Salvage(1);
        string lost = Assert.Single(whole.Except(salvaged.Lines));
        Assert.Equal(whole.Where(line => line != lost), salvaged.Lines);
        using var entry = JsonDocument.Parse(lost);
        long position = entry.RootElement.GetProperty("position").GetInt64();
        var holes = Summary(salvaged).GetProperty("holes").EnumerateArray().ToList();
        var skipped = Assert.Single(holes, hole => hole.GetProperty("file").GetString() == Path.GetFileName(damaged));
        Assert.InRange(128 + 80, skipped.GetProperty("from").GetInt64(), skipped.GetProperty("to").GetInt64() - 1);
        Assert.Contains(holes, hole =>
            hole.GetProperty("what").GetString()!.Contains("were not found", StringComparison.Ordinal)
                && hole.GetProperty("firstPosition").GetInt64() == position);
        Assert.Contains(holes, hole => hole.GetProperty("what").GetString()!.Contains("is incomplete", StringComparison.Ordinal));
        Assert.Equal(bytes, File.ReadAllBytes(damaged));

        // The same for people, a hole a line.
        var told = RefoldTool.Run("export", "--salvage", "--journal", directory.Journal()).Expect(1);
        Assert.Equal(salvaged.Output, told.Output);
        Assert.Equal(holes.Count + 1, told.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains(Path.GetFileName(damaged), told.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamagedHeaders_CostNoEntry()
    {
        await MakeAsync();
        string[] whole = Lines();
        Flip(Segments()[0], 20);
        Assert.Equal(whole, Salvage(1).Lines);
        foreach (string segment in Segments().Skip(1)) Flip(segment, 0);
        Assert.Equal(whole, Salvage(1).Lines);
    }

    [Fact]
    public async Task LostSegment_IsAHole_AndDeletedEntriesStayDeleted()
    {
        await MakeAsync();
        await using (var journal = SegmentJournal.Open(directory.File("journal")))
            await journal.DeleteToAsync(StreamId.Create("s0"), 1);
        string[] whole = Lines();
        File.Delete(Segments()[2]);
        var salvaged = Salvage(1);
        Assert.Subset(whole.ToHashSet(), salvaged.Lines.ToHashSet());
        Assert.InRange(salvaged.Lines.Length, 1, whole.Length - 1);
        Assert.Equal(1, Summary(salvaged).GetProperty("deleted").GetInt32());
        Assert.Equal(
            1,
            Summary(salvaged)
                .GetProperty("holes")
                .EnumerateArray()
                .Count(hole => hole.GetProperty("what").GetString()!.Contains("were not found", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task LostLastSegment_IsAHole_UpToWhatCommitNames()
    {
        await MakeAsync();
        string[] whole = Lines();
        File.Delete(Segments()[^1]);
        var salvaged = Salvage(1);
        Assert.Equal(whole[..salvaged.Lines.Length], salvaged.Lines);
        var hole = Assert.Single(Summary(salvaged).GetProperty("holes").EnumerateArray());
        Assert.Equal(
            (salvaged.Lines.Length + 1, Entries),
            (hole.GetProperty("firstPosition").GetInt32(), hole.GetProperty("lastPosition").GetInt32()));

        foreach (string segment in Segments()) File.Delete(segment);
        hole = Assert.Single(Summary(Salvage(1)).GetProperty("holes").EnumerateArray());
        Assert.Equal((1, Entries), (hole.GetProperty("firstPosition").GetInt32(), hole.GetProperty("lastPosition").GetInt32()));
    }

    [Fact]
    public async Task WithoutAnyHeader_CommitNamesTheJournal()
    {
        await MakeAsync();
        string[] whole = Lines();
        // The frames of another journal beside them would leave the journal in doubt.
        await using (var other = SegmentJournal.Open(directory.File("other"), Samples.Small))
            await other.Append(Samples.Entry("s", "1"));
        string stranger = Path.Combine(directory.File("journal"), "0000000000000900.0.seg");
        File.Copy(Path.Combine(directory.File("other"), "0000000000000001.0.seg"), stranger);
        foreach (string segment in Segments()) Flip(segment, 0);
        var salvaged = Salvage(1);
        Assert.Equal(whole, salvaged.Lines);
        Assert.Contains(Summary(salvaged).GetProperty("holes").EnumerateArray(), hole =>
            hole.GetProperty("file").GetString() == Path.GetFileName(stranger));
    }

    [Fact]
    public async Task WhatWasSalvagedWithGaps_IsNotRestored_ButCanBeRenumbered()
    {
        await MakeAsync();
        Flip(Segments()[3], 128 + 80);
        var salvaged = Salvage(1);
        string file = directory.File("salvaged.ndjson");
        await File.WriteAllTextAsync(file, salvaged.Output);
        string error = RefoldTool.Run("import", file, "--journal", directory.Journal("new")).ExpectError(3);
        Assert.Contains("version is ", error, StringComparison.Ordinal);
        Assert.Contains("import with --renumber", error, StringComparison.Ordinal);
        RefoldTool.Run("import", file, "--renumber", "--journal", directory.Journal("new")).Expect(0);
        string[] again = RefoldTool.Run("export", "--journal", directory.Journal("new")).Expect(0).Lines;
        Assert.Equal(salvaged.Lines.Select(Payload), again.Select(Payload));
        Assert.Equal(Enumerable.Range(1, again.Length), again.Select(Position));
    }

    private static string Payload(string line) => Member(line, "stream").ToString() + Member(line, "data");

    private static int Position(string line) => Member(line, "position").GetInt32();

    private static JsonElement Member(string line, string name)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty(name).Clone();
    }

    [Fact]
    public void FilesOfAnEarlierVersion_AreNotCalledDamaged()
    {
        string place = Path.Combine(directory.Root, "old");
        Directory.CreateDirectory(place);
        foreach (string file in Directory.EnumerateFiles(SourceTree.PathOf("tests/Refold.Segments.Tests/golden/version-1/compacted")))
            File.Copy(file, Path.Combine(place, Path.GetFileName(file)));
        string error = RefoldTool.Run("export", "--salvage", "--journal", "segments:" + place).ExpectError(3);
        Assert.Contains("format version 1", error, StringComparison.Ordinal);
        Assert.Contains("with the version of Refold that wrote it", error, StringComparison.Ordinal);
        Assert.DoesNotContain("backup", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingToRead_IsAnErrorOfOneLine()
    {
        RefoldTool.Run("export", "--salvage", "--journal", directory.Journal("nowhere")).ExpectError(3);
        RefoldTool.Run("export", "--salvage", "--journal", "memory:").ExpectError(2);
        await MakeAsync();
        var random = SeededRng.FromSeed(7);
        foreach (string segment in Segments())
        {
            byte[] garbage = new byte[new FileInfo(segment).Length];
            for (int index = 0; index < garbage.Length; index++) garbage[index] = (byte)random.Between(0, 255);
            await File.WriteAllBytesAsync(segment, garbage);
        }

        // COMMIT still tells what is lost; without it there is no journal.
        Assert.Contains(
            $"(positions 1 to {Entries})", RefoldTool.Run("export", "--salvage", "--journal", directory.Journal()).Expect(1).Error,
            StringComparison.Ordinal);
        File.Delete(Path.Combine(directory.File("journal"), "COMMIT"));
        RefoldTool.Run("export", "--salvage", "--journal", directory.Journal()).ExpectError(3);
    }

    /// <summary>Batches of two entries over several small segments.</summary>
    private async Task MakeAsync()
    {
        await using var journal = SegmentJournal.Open(directory.File("journal"), Samples.Small);
        for (int number = 0; number < Entries / 2; number++)
            await journal.Append(Samples.Entry($"s{number % 3}", $$"""{"n":{{number}}}""", "a"), Samples.Entry("all", $"{number}"));
    }

    private string[] Segments() => [.. Directory.EnumerateFiles(directory.File("journal"), "*.seg").Order(StringComparer.Ordinal)];

    private string[] Lines(params string[] more) =>
        RefoldTool.Run(["export", "--journal", directory.Journal(), .. more]).Expect(0).Lines;

    private ToolResult Salvage(int exitCode, params string[] more) =>
        RefoldTool.Run(["export", "--salvage", "--json", "--journal", directory.Journal(), .. more]).Expect(exitCode);

    private static JsonElement Summary(ToolResult salvaged)
    {
        using var document = JsonDocument.Parse(salvaged.Error);
        return document.RootElement.Clone();
    }

    private static byte[] Flip(string file, int offset)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[offset] ^= 1;
        File.WriteAllBytes(file, bytes);
        return bytes;
    }
}
