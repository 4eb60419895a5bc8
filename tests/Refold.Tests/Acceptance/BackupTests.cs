// Backups from outside: of a journal that is being written, killed half way, into places that are taken.
// Run by `dotnet test`; prints its seed.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Acceptance;

public class BackupTests(ITestOutputHelper output)
{
    [Fact]
    public async Task BesideAnImport_IsAPrefixThatVerifies_WithEverythingAcknowledgedBefore()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", string.Concat(Enumerable.Range(1, 20_000).Select(Line)));
        using var import = RefoldProcess.Start([], "import", file, "--ack", "--journal", directory.Journal());
        var backups = new List<(string Uri, long Acknowledged)>();
        for (int number = 0; number < 3; number++)
        {
            long acknowledged = 0;
            for (int left = 1000; left > 0 && await import.StandardOutput.ReadLineAsync() is { } line; left--)
                acknowledged = long.Parse(line["ack ".Length..], CultureInfo.InvariantCulture);
            string name = $"backup{number}";
            RefoldTool.Run("backup", directory.File(name), "--journal", directory.Journal()).Expect(0);
            backups.Add((directory.Journal(name), acknowledged));
        }

        RefoldProcess.Finish(import).Expect(0);
        using var whole = new Opened(directory.Journal());
        var entries = whole.Value.ReadAll().ToList();
        foreach (var (uri, acknowledged) in backups)
        {
            RefoldTool.Run("verify", "--journal", uri).Expect(0);
            using var backup = new Opened(uri);
            var head = backup.Value.Head;
            Assert.InRange(head.Position, acknowledged, entries.Count);
            Assert.Equal(whole.Value.HeadAt(head.Position), head);
            Assert.Equal(entries.Take((int)head.Position), backup.Value.ReadAll());
        }
    }

    [Fact]
    public async Task BetweenWriteAndFlush_HoldsWhatIsFlushed()
    {
        using var directory = new TemporaryDirectory();
        using var device = new HeldDevice(new DirectoryDevice(directory.File("journal")));
        await using var writer = SegmentJournal.Open(device, new JournalOptions { Segments = new() { Pipelined = true } });
        await writer.Append(Samples.Entry("s", "1"));
        device.Hold();
        var append = writer.Append(Samples.Entry("s", "2"));
        device.WaitUntilHeld();
        try
        {
            var backup = RefoldTool.Run("backup", directory.File("backup"), "--journal", directory.Journal(), "--json").Expect(0);
            Assert.Equal(1, backup.Json.GetProperty("entries").GetInt32());
            Assert.Contains("1 entries or deletions at the end are unconfirmed", backup.Error, StringComparison.Ordinal);
            Assert.Equal(
                1,
                RefoldTool.Run("copy", directory.Journal(), directory.Journal("copy"), "--json")
                    .Expect(0).Json.GetProperty("entries")
                    .GetInt32());
            Assert.False(append.IsCompleted);
        }
        finally
        {
            device.Release();
        }

        await append;
        RefoldTool.Run("backup", directory.File("later"), "--journal", directory.Journal()).Expect(0);
        foreach (var (name, entries) in new[] { ("backup", 1), ("copy", 1), ("later", 2) })
        {
            RefoldTool.Run("verify", "--journal", directory.Journal(name)).Expect(0);
            using var made = new Opened(directory.Journal(name));
            Assert.Equal(writer.ReadAll().Take(entries), made.Value.ReadAll());
            Assert.Equal(writer.HeadAt(entries), made.Value.Head);
        }
    }

    [Fact]
    public async Task KeepsKeysBatchesAndFloors_AndGoesOnAsTheJournalWould()
    {
        using var directory = new TemporaryDirectory();
        await using (var journal = SegmentJournal.Open(directory.File("journal"), Samples.Small))
        {
            for (int number = 0; number < 40; number++)
            {
                string key = number.ToString(CultureInfo.InvariantCulture);
                (await journal.TryAppendAsync(
                    new AppendRequest(Samples.Entry("a", key, "a"), Samples.Entry($"s{number % 3}", key)) { IdempotencyKey = key }))
                    .ReceiptOrThrow();
            }

            await journal.DeleteToAsync(StreamId.Create("s1"), 5);
            await journal.Append(Samples.Entry("a", "last"));
            await journal.DeleteToAsync(StreamId.Create("s2"), 100);
            Assert.True(journal.Segments.Count > 3);
        }

        var json = RefoldTool.Run("backup", directory.File("backup"), "--journal", directory.Journal(), "--json").Expect(0).Json;
        Assert.Equal(81 - 5 - 13, json.GetProperty("entries").GetInt32());
        RefoldTool.Run(
            "verify", "--journal", directory.Journal("backup"), "--head",
            json.GetProperty("head").GetProperty("hash").GetString()!).Expect(0);
        await using var original = SegmentJournal.Open(directory.File("journal"));
        await using var backup = SegmentJournal.Open(directory.File("backup"));
        Assert.Equal(original.Everything(), backup.Everything());
        foreach (var key in (string[])["0", "17", "39", "never"]) Assert.Equal(original.FindByKey(key), backup.FindByKey(key));
        var next = new AppendRequest(Samples.Entry("s1", "next"));
        Assert.Equal((await original.TryAppendAsync(next)).ReceiptOrThrow(), (await backup.TryAppendAsync(next)).ReceiptOrThrow());
    }

    [Fact]
    public async Task Killed_IsNeverTakenForOne_AndTheNextGoesThrough()
    {
        ulong seed = (ulong)Stopwatch.GetTimestamp();
        output.WriteLine($"Seed: {seed.ToString(CultureInfo.InvariantCulture)}");
        var random = SeededRng.FromSeed(seed);
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", string.Concat(Enumerable.Range(1, 20_000).Select(Line)));
        RefoldTool.Run("import", file, "--batch", "100", "--journal", directory.Journal()).Expect(0);
        for (int kill = 0; kill < 8; kill++)
        {
            using (var backup = RefoldProcess.Start([], "backup", directory.File("backup"), "--journal", directory.Journal()))
            {
                // Half of them once it has begun to write, the others at any moment.
                for (int wait = 0; kill % 2 == 0 && wait < 2000 && !backup.HasExited && !HasPartial(directory); wait++)
                    await Task.Delay(1);
                await Task.Delay(random.Between(0, kill % 2 == 0 ? 150 : 500));
                backup.Kill();
                await backup.WaitForExitAsync();
            }

            // Killed after its last step, it is one.
            if (!Directory.Exists(directory.File("backup"))) continue;
            RefoldTool.Run("diff", directory.Journal(), directory.Journal("backup")).Expect(0);
            RefoldTool.Run("verify", "--journal", directory.Journal("backup")).Expect(0);
            Directory.Delete(directory.File("backup"), recursive: true);
        }

        RefoldTool.Run("backup", directory.File("backup"), "--journal", directory.Journal()).Expect(0);
        RefoldTool.Run("diff", directory.Journal(), directory.Journal("backup")).Expect(0);
    }

    [Fact]
    public void PlacesThatCannotBe_AreRefused_AndNothingIsWritten()
    {
        using var directory = new TemporaryDirectory();
        RefoldTool.Run("import", directory.Write("in.ndjson", Line(1)), "--journal", directory.Journal()).Expect(0);
        Directory.CreateDirectory(directory.File("taken"));
        string kept = directory.Write("taken/note", "mine");
        string[] before = Everything();

        Refused(3, "backup", directory.File("taken"), "--journal", directory.Journal());
        Refused(3, "backup", directory.File("journal"), "--journal", directory.Journal());
        Refused(3, "backup", kept, "--journal", directory.Journal());
        Assert.Contains(
            "is a file", RefoldTool.Run("backup", kept, "--journal", directory.Journal()).ExpectError(3), StringComparison.Ordinal);
        Refused(3, "backup", directory.File("new"), "--journal", directory.Journal("nowhere"));
        Refused(2, "backup", directory.File("new"), "--journal", "memory:");

        Directory.CreateDirectory(directory.File("empty"));
        RefoldTool.Run("backup", directory.File("empty"), "--journal", directory.Journal()).Expect(0);
        RefoldTool.Run("verify", "--journal", directory.Journal("empty")).Expect(0);

        void Refused(int exitCode, params string[] arguments)
        {
            RefoldTool.Run(arguments).ExpectError(exitCode);
            Assert.Equal(before, Everything());
        }

        string[] Everything() =>
            [.. Directory.EnumerateFileSystemEntries(directory.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void OfADamagedJournal_IsRefused_AndNothingIsWritten()
    {
        using var directory = new TemporaryDirectory();
        RefoldTool.Run("import", directory.Write("in.ndjson", Line(1) + Line(2) + Line(3)), "--journal", directory.Journal()).Expect(0);
        string segment = Directory.EnumerateFiles(directory.File("journal"), "*.seg").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[200] ^= 1;
        File.WriteAllBytes(segment, bytes);

        foreach (string[] verb in (string[][])[["backup", directory.File("backup")], ["inspect"], ["import", directory.File("in.ndjson")]])
            Assert.Contains(
                "Restore a backup; of segment files, export --salvage",
                RefoldTool.Run([.. verb, "--journal", directory.Journal()]).ExpectError(3), StringComparison.Ordinal);
        Assert.Equal(
            ["in.ndjson", "journal"],
            Directory.EnumerateFileSystemEntries(directory.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static bool HasPartial(TemporaryDirectory directory) =>
        Directory.EnumerateDirectories(directory.Root, "backup.partial-*").Any();

    private static string Line(int number) => $$"""{"stream":"s{{number % 7}}","type":"t","data":{{number}}}""" + "\n";
}
