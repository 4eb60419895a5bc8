// Footers, COMMIT and spares that check and are wrong all the same: each table with one bit flipped and the page's checksum made right.
// Run by `dotnet test`.
using System.Buffers.Binary;
using System.Globalization;
using Xunit;

namespace Refold.Segments.Tests;

public class FooterDamageTests
{
    private static readonly JournalOptions Options =
        new() { Segments = new() { SegmentBytes = 64 * 1024, CheckpointBytes = 0 } };

    [Fact]
    public async Task ABitInAnyTable_WithAChecksumThatIsRight_IsFoundByFileAndTable()
    {
        var device = await CompactedAsync();
        Assert.Null(SegmentJournal.Verify(device).First);
        var found = new SortedSet<int>();
        foreach (var (name, page, table) in Pages(device))
        {
            // In a row, in the middle, and in what is zero behind the rows.
            foreach (var at in new[] { 25, 24 + 16, 600, 4090 })
            {
                var damaged = Flipped(device, name, page, at, 1);
                var verified = SegmentJournal.Verify(damaged);
                Assert.False(verified.Ok || verified.Torn, $"{name}, table {table}, byte {at}");
                Assert.Equal(name, verified.First!.File);
                if (table > 0) Assert.StartsWith($"table {table} of a footer", verified.First.What, StringComparison.Ordinal);
                found.Add(table);
                if (at > 600) continue;
                // Read all the same it gives entries or named errors, and nothing else.
                await ReadAsync(damaged);
            }
        }

        Assert.Superset(new SortedSet<int> { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14 }, found);
    }

    [Fact]
    public async Task AFrameOffsetBeyondTheFrames_IsDamage()
    {
        var device = await CompactedAsync();
        var (name, page, _) = Pages(device).First(item => item.Table == 1);
        var damaged = Flipped(device, name, page, 24 + 16 + 7, 0x40);
        await using var journal = SegmentJournal.Open(damaged, Options with { ReadOnly = true });
        Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.ReadAll().Count()).File);
    }

    [Fact]
    public async Task ABatchThatClaimsOthersEntries_IsDamage_AndTheyAreNotRead()
    {
        var device = await CompactedAsync();
        var (name, page, _) = Pages(device).First(item => item.Table == 2);
        var changed = device.Content(name);
        // The first entry of the eleventh batch.
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(page + 24 + 10 * 96 + 12), 0);
        var damaged = device.With(name, Checked(changed, page));
        await using var journal = SegmentJournal.Open(damaged, Options with { ReadOnly = true });
        Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.FindByKey("key 10")).File);
        Assert.NotNull(journal.FindByKey("key 12"));
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(4097)]
    [InlineData(4095)]
    [InlineData(2176)]
    public async Task CommitWithBytesAddedOrCutOff_IsFound(int length)
    {
        var device = await CompactedAsync();
        var commit = device.Content("COMMIT");
        Array.Resize(ref commit, length);
        var verified = SegmentJournal.Verify(device.With("COMMIT", commit));
        Assert.Equal(("COMMIT", false), (verified.First?.File, verified.Torn));
        Assert.Contains("the length of COMMIT", verified.First!.What, StringComparison.Ordinal);
        if (length > 4096) return;
        var healed = device.With("COMMIT", commit);
        await SegmentJournal.Open(healed, Options).DisposeAsync();
        Assert.Null(SegmentJournal.Verify(healed).First);
    }

    [Fact]
    public async Task ASpareThatHoldsAHeaderAndZeros_IsInOrder_AndNothingElseIs()
    {
        var device = await CompactedAsync();
        var last = device.Content(Segments(device)[^1]);
        var spare = new byte[last.Length];
        last.AsSpan(0, Format.SegmentHeaderModule.bytes).CopyTo(spare);
        Assert.Null(SegmentJournal.Verify(device.With("spare", spare)).First);
        Assert.Null(SegmentJournal.Verify(device.With("spare", new byte[4096])).First);
        foreach (var at in new[] { 0, 60, 127, 128, 4000 })
        {
            byte[] wrong = [.. spare];
            wrong[at] ^= 1;
            var verified = SegmentJournal.Verify(device.With("spare", wrong));
            Assert.Equal(("spare", true), (verified.First?.File, verified.Torn));
        }

        // A segment of another journal was not made by a writer of this one.
        var other = (await CompactedAsync()).Content(Segments(device)[^1]);
        other.AsSpan(Format.SegmentHeaderModule.bytes).Clear();
        Assert.Equal("spare", SegmentJournal.Verify(device.With("spare", other)).First?.File);
    }

    [Fact]
    public async Task AMergeWithNothingToJoin_ReadsNoSegment()
    {
        var memory = new MemoryDevice();
        var read = 0L;
        await using var journal = SegmentJournal.Open(
            new WatchedDevice(memory, (_, _, length) => Interlocked.Add(ref read, length)), Options);
        for (var number = 0; number < 90; number++) await journal.Append(Samples.Entry("s", new string('x', 3000)));
        Assert.InRange(journal.Segments.Count, 4, 10);
        Interlocked.Exchange(ref read, 0);
        Assert.Equal(0, (await journal.CompactAsync(new CompactionRequest.Merge())).Replaced);
        Assert.InRange(Interlocked.Read(ref read), 0, 20_000);
        Assert.InRange((await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 200_000 })).Replaced, 2, 10);
    }

    /// <summary>Sealed segments with every table: keys of batches that lost entries, deletions, and names enough for a filter.</summary>
    private static async Task<MemoryDevice> CompactedAsync()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Options))
        {
            for (var number = 0; number < 60; number++)
            {
                var text = number.ToString(CultureInfo.InvariantCulture);
                var first = Samples.Entry("s " + text, text, "tag " + text) with { CausationId = new Guid(number + 1, 0, 0, new byte[8]) };
                // Later batches lose an entry, earlier ones stay whole.
                EntryData[] entries = number < 20
                    ? [first, Samples.Entry("common", text)]
                    : [first, Samples.Entry("gone", text), Samples.Entry("common", text)];
                await journal.AppendAsync(new AppendRequest(entries) { IdempotencyKey = "key " + text });
                if (number == 30) await journal.DeleteToAsync("common", 10);
            }

            await journal.CompactAsync(new CompactionRequest.DeleteStream("gone"));
            for (var number = 0; number < 3; number++) await journal.Append(Samples.Entry("s", "{}"));
        }

        return device.Copy();
    }

    private static List<string> Segments(MemoryDevice device) => FileNames.Segments(device).ConvertAll(name => name.ToString());

    /// <summary>The first page of each table: file, offset, table.</summary>
    private static List<(string Name, int Page, int Table)> Pages(MemoryDevice device)
    {
        var pages = new List<(string, int, int)>();
        foreach (var name in Segments(device))
        {
            var bytes = device.Content(name);
            var header = Format.SegmentHeaderModule.decode(bytes).ResultValue;
            var last = bytes.AsMemory(bytes.Length - Format.SegmentTrailerModule.bytes);
            if (Interop.FollowTranslation.Trailer(header, bytes.Length, last) is not { } trailer) continue;
            for (var number = 0; number < trailer.Pages; number++)
            {
                var page = (int)trailer.FooterOffset + number * Format.PageModule.bytes;
                if (!pages.Contains((name, page, bytes[page + 4])) && BitConverter.ToInt32(bytes, page + 8) == 0)
                    pages.Add((name, page, bytes[page + 4]));
            }
        }

        return pages;
    }

    private static MemoryDevice Flipped(MemoryDevice device, string name, int page, int at, byte bits)
    {
        var bytes = device.Content(name);
        bytes[page + at] ^= bits;
        return device.With(name, Checked(bytes, page));
    }

    /// <summary>The bytes with a page's checksum made right.</summary>
    private static byte[] Checked(byte[] bytes, int page)
    {
        var seed = Core.Checksum.seed(Format.SegmentHeaderModule.decode(bytes).ResultValue.JournalId);
        var checksum = Core.Checksum.seeded(seed, bytes.AsSpan(page + 4, Format.PageModule.bytes - 4));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(page), checksum);
        return bytes;
    }

    private static async Task ReadAsync(MemoryDevice device)
    {
        try
        {
            await using var journal = SegmentJournal.Open(device, Options with { ReadOnly = true });
            foreach (var question in new Action<SegmentJournal>[]
            {
                asked => asked.Lines(),
                asked => asked.Streams(),
                asked => asked.ReadStream("common", 11).Count(),
                asked => asked.ReadStream("s 3").Count(),
                asked => asked.Query(Query.WithTags("tag 7")),
                asked => asked.Query(Query.OfTypes("Happened")),
                asked => Enumerable.Range(0, 60).Select(number => asked.FindByKey($"key {number}")).Count(),
            })
            {
                try
                {
                    question(journal);
                }
                catch (JournalException)
                {
                    // Named.
                }
            }
        }
        catch (JournalException)
        {
            // Refused.
        }
    }
}
