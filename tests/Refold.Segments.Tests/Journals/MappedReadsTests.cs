// Sealed segments that are read where the system has mapped them: the same entries and the same refusals as of copies, and no map is kept.
// Run by `dotnet test`. The other tests of reads use devices in memory, which copy.
using System.Globalization;
using Xunit;
using static Refold.Segments.Tests.ScanTests;

namespace Refold.Segments.Tests;

public class MappedReadsTests
{
    private static readonly bool HasMaps = OperatingSystem.IsLinux();

    /// <summary>Each byte of two segments is changed in turn; what is handed out, and what is said then, is compared.</summary>
    [Fact]
    public async Task WhateverByteIsChanged_MappedAndCopiedReadsSayTheSame()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        var (files, refused) = (Segments(directory), 0);
        foreach (var file in new[] { files[1], files[3] })
        {
            var whole = await File.ReadAllBytesAsync(file);
            for (var place = 0; place < whole.Length; place += 193)
            {
                var damaged = whole.ToArray();
                damaged[place] ^= (byte)(1 << place % 8);
                await File.WriteAllBytesAsync(file, damaged);
                var (copied, mapped) = (await ReadAsync(directory, Reads.Copied), await ReadAsync(directory, Reads.Mapped));
                Assert.Equal(copied, mapped);
                if (copied.Contains("JournalCorruptedException", StringComparison.Ordinal)) refused++;
            }

            await File.WriteAllBytesAsync(file, whole);
        }

        Assert.InRange(refused, 25, int.MaxValue);
        Assert.Equal(await ReadAsync(directory, Reads.Copied), await ReadAsync(directory, Reads.Mapped));
    }

    [Fact]
    public async Task AFileThatWasCutBeforeItWasRead_IsRefusedByName()
    {
        foreach (var reads in new[] { Reads.Mapped, Reads.Copied })
        {
            using var directory = new TemporaryDirectory();
            await MakeAsync(directory);
            await using var journal = Open(directory, reads);
            var file = Segments(directory)[1];
            using (var cut = new FileStream(file, FileMode.Open)) cut.SetLength(300);
            Assert.Equal(
                Path.GetFileName(file),
                Assert.Throws<JournalCorruptedException>(() => journal.ScanAll((in EntryView _) => true)).File);
        }
    }

    [Fact]
    public async Task AMapIsKept_AsLongAsTheJournalIsOpen_AndNotByReadersOrCopies()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        await using (var journal = Open(directory, Reads.Mapped))
        {
            Assert.Empty(Maps(directory));
            Assert.Equal(journal.ReadAll(), Scanned(visitor => journal.ScanAll(visitor)));
            // All but the one that is written.
            Assert.Equal(HasMaps ? Segments(directory)[..^1] : [], Maps(directory));
            await using var reader = SegmentJournal.Open(directory.Root, Samples.ReadOnly);
            Assert.Equal(journal.ReadAll(), reader.ReadAll());
        }

        Assert.Empty(Maps(directory));
        await using (var journal = Open(directory, Reads.Copied)) Assert.NotEmpty(Scanned(visitor => journal.ScanAll(visitor)));
        await using (var reader = SegmentJournal.Open(directory.Root, Samples.ReadOnly))
        {
            Assert.NotEmpty(Scanned(visitor => reader.ScanAll(visitor)));
            Assert.Empty(Maps(directory));
        }
    }

    [Fact]
    public async Task FilesThatCompactionReplaced_AreLetGo_OnceNobodyReadsInThem()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        await using var journal = Open(directory, Reads.Mapped);
        var expected = journal.ReadAll().ToList();
        using (var entries = journal.ReadAll().GetEnumerator())
        {
            Assert.True(entries.MoveNext());
            await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 1 << 20 });
            // Read on in the file that is gone.
            Assert.True(entries.MoveNext());
            Assert.Equal(expected[1], entries.Current);
            var found = expected.Take(2).ToList();
            while (entries.MoveNext()) found.Add(entries.Current);
            Assert.Equal(expected, found);
        }

        Assert.Equal(expected, journal.ReadAll());
        Assert.DoesNotContain(Maps(directory), file => file.EndsWith("(deleted)", StringComparison.Ordinal));
    }

    /// <summary>Closed under a visitor, by another thread: what it was given stays until it has ended, and then the map goes.</summary>
    [Fact]
    public async Task AJournalThatIsClosedWhileAVisitorReads_LeavesHimHisEntry()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        var journal = Open(directory, Reads.Mapped);
        var expected = journal.ReadAll().First();
        JournalEntry? found = null;
        Assert.Throws<ObjectDisposedException>(() => journal.ScanAll((in EntryView entry) =>
        {
            Task.Run(async () => await journal.DisposeAsync()).GetAwaiter().GetResult();
            found = entry.ToEntry();
            return true;
        }));
        Assert.Equal(expected, found);
        Assert.Empty(Maps(directory));
    }

    [Fact]
    public async Task AReaderThatNobodyDisposedOf_KeepsItsMapUntilItIsCollected()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        await using (var journal = Open(directory, Reads.Mapped)) Begin(journal);
        for (var round = 0; round < 10 && Maps(directory).Count > 0; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Empty(Maps(directory));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Begin(SegmentJournal journal) => Assert.True(journal.ReadAll().GetEnumerator().MoveNext());
    }

    /// <summary>Also of files that compaction replaced meanwhile, while the journal stays open.</summary>
    [Fact]
    public async Task FilesThatAReaderWasAbandonedIn_AreLetGoWithIt()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        await using var journal = Open(directory, Reads.Mapped);
        var expected = journal.ReadAll().ToList();
        Begin(journal);
        await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 1 << 20 });
        bool AreThere() => Maps(directory).Exists(file => file.EndsWith("(deleted)", StringComparison.Ordinal));
        for (var round = 0; round < 100 && AreThere(); round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        Assert.False(AreThere());
        Assert.Equal(expected, journal.ReadAll());

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Begin(SegmentJournal journal) => Assert.True(journal.ReadAll().GetEnumerator().MoveNext());
    }

    /// <summary>A process that has no maps left is ended by its runtime.</summary>
    [Fact]
    public async Task FilesBeyondTheMostThatAreMapped_AreCopied()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        var most = MappedFile.Most;
        try
        {
            MappedFile.Most = 0;
            await using var journal = Open(directory, Reads.Mapped);
            Assert.Equal(journal.ReadAll(), Scanned(visitor => journal.ScanAll(visitor)));
            Assert.Empty(Maps(directory));
            // What had no room is mapped when there is some again.
            MappedFile.Most = most;
            Assert.Equal(journal.ReadAll(), Scanned(visitor => journal.ScanAll(visitor)));
            Assert.Equal(HasMaps, Maps(directory).Count > 0);
        }
        finally
        {
            MappedFile.Most = most;
        }

    }

    [Fact]
    public void ValuesOutOfRange_AreRefused()
    {
        using var directory = new TemporaryDirectory();
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(directory, (Reads)2));
        Assert.Throws<ArgumentOutOfRangeException>(() => SegmentJournal.Open(
            directory.Root, Samples.Small.With(s => s with { IndexCacheBytes = SegmentJournal.MinIndexCacheBytes - 1 })));
    }

    private static async Task MakeAsync(TemporaryDirectory directory)
    {
        await using var journal = Open(directory, Reads.Copied);
        for (var round = 0; round < 3; round++) await FillAsync(journal);
        await journal.DeleteToAsync("b", 2);
        await FillAsync(journal);
    }

    private static SegmentJournal Open(TemporaryDirectory directory, Reads reads) =>
        SegmentJournal.Open(directory.Root, Options(Durability.Flushed).With(s => s with { Reads = reads }));

    private static List<string> Segments(TemporaryDirectory directory) =>
        [.. Directory.GetFiles(directory.Root, "*.seg").Order(StringComparer.Ordinal)];

    /// <summary>What is mapped of a directory, as the system has it.</summary>
    private static List<string> Maps(TemporaryDirectory directory) => HasMaps
        ? [
            .. File.ReadLines("/proc/self/maps")
                .Where(line => line.Contains(directory.Root, StringComparison.Ordinal))
                .Select(line => line[line.IndexOf(directory.Root, StringComparison.Ordinal)..])
                .Order(StringComparer.Ordinal),
        ]
        : [];

    /// <summary>Everything that reads hand out and say.</summary>
    private static async Task<string> ReadAsync(TemporaryDirectory directory, Reads reads)
    {
        var text = new System.Text.StringBuilder();
        try
        {
            // Without healing, so that each opening finds the same.
            await using var journal = Open(directory, reads);
            Say(() => journal.ScanAll((in EntryView entry) => Add(entry.ToEntry())));
            foreach (var stream in Streams) Say(() => journal.ScanStream(stream, (in EntryView entry) => Add(entry.ToEntry()), 3));
            Say(() => journal.ReadAll().All(Add));
        }
        catch (JournalException exception)
        {
            text.AppendLine(exception.ToString().Split('\n')[0]);
        }

        return text.ToString();

        bool Add(JournalEntry entry)
        {
            var payload = Convert.ToHexString(entry.Payload.Span);
            text.AppendLine(CultureInfo.InvariantCulture, $"{entry.Position} {entry.Stream} {entry.Version} {payload}");
            return true;
        }

        void Say(Action read)
        {
            try
            {
                read();
            }
            catch (JournalException exception)
            {
                text.AppendLine(exception.GetType().Name + ": " + exception.Message);
            }
        }
    }
}
