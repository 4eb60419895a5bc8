// Scans and reads of segment files that are damaged, forged or cannot be read: never an entry that is changed, moved or missing.
// Run by `dotnet test`.
using System.Globalization;
using Xunit;
using static Refold.Segments.Tests.ScanTests;

namespace Refold.Segments.Tests;

public class ScanDamageTests
{
    /// <summary>Reading ahead must not make unreadable what lies before a sector that cannot be read.</summary>
    [Fact]
    public async Task ASectorThatCannotBeRead_KeepsNoEntryBeforeIt()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Options(Durability.Flushed));
        await FillAsync(journal);
        var expected = journal.ReadAll().ToList();
        var name = SmallJournal.Segments(device)[0];
        var bad = BytesBefore(device.Content(name), 3) + 20;
        device.ReadFails = (file, offset, count) =>
            file == name && offset <= bad && offset + count > bad ? new IOException("Input/output error (simulated).") : null;
        foreach (var scan in new[] { false, true })
        {
            var found = new List<JournalEntry>();
            Assert.Throws<JournalException>(() =>
            {
                if (scan)
                {
                    journal.ScanAll((in EntryView entry) => Kept(found, entry.ToEntry()));
                    return;
                }

                foreach (var entry in journal.ReadAll()) Kept(found, entry);
            });
            Assert.Equal(expected.Take(3), found);
        }
    }

    /// <summary>Frames that nobody wrote, whose checksums are right: refused in a sentence, whatever they say.</summary>
    [Theory]
    [InlineData(0, int.MinValue)]
    [InlineData(0, int.MinValue + 8)]
    [InlineData(0, -8)]
    [InlineData(0, 80)]
    [InlineData(0, int.MaxValue - 7)]
    [InlineData(12, int.MaxValue)]
    [InlineData(12, -1)]
    [InlineData(32, int.MaxValue)]
    [InlineData(40, 0)]
    [InlineData(48, int.MinValue)]
    [InlineData(60, int.MinValue)]
    [InlineData(60, int.MaxValue)]
    [InlineData(68, int.MaxValue)]
    [InlineData(80, 0)]
    public async Task AForgedHeader_IsRefused(int field, int value)
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Options(Durability.Flushed));
        await FillAsync(journal);
        await journal.DeleteToAsync("b", 1);
        var name = SmallJournal.Segments(device)[0];
        var bytes = device.Content(name);
        var header = bytes.AsSpan(128, bytes[128 + 5] == 0 ? 88 : 120).ToArray();
        BitConverter.TryWriteBytes(header.AsSpan(field), value);
        var seed = Core.Checksum.seed(Format.SegmentHeaderModule.decode(bytes).ResultValue.JournalId);
        BitConverter.TryWriteBytes(header.AsSpan(header.Length - 4), Core.Checksum.seeded(seed, header.AsSpan(0, header.Length - 4)));
        using var file = device.Open(name, writable: true);
        file.Write(header, 128);
        Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.ScanAll((in EntryView _) => true)).File);
        Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.ReadAll().Count()).File);
    }

    [Fact]
    public async Task ADamagedByte_IsNeverHandedOut()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Options(Durability.Flushed));
        await FillAsync(journal);
        var expected = journal.ReadAll().ToList();
        var found = 0;
        foreach (var name in SmallJournal.Segments(device))
        {
            var bytes = device.Content(name);
            using var file = device.Open(name, writable: true);
            // The header of a segment is read when it is opened; behind the frames lie zeros, or a footer.
            for (var offset = 128; offset < SmallJournal.End(bytes); offset += 7)
            {
                file.Write([(byte)(bytes[offset] ^ (1 << (offset % 8)))], offset);
                found += Refuses(expected, name, () => Scanned(visitor => journal.ScanAll(visitor))) ? 1 : 0;
                foreach (var stream in Streams)
                {
                    List<JournalEntry> ofStream = [.. expected.Where(entry => entry.Stream == stream)];
                    Refuses(ofStream, name, () => Scanned(visitor => journal.ScanStream(stream, visitor)));
                }

                file.Write([bytes[offset]], offset);
            }
        }

        Assert.True(found > 400, string.Create(CultureInfo.InvariantCulture, $"{found} were found"));
        Assert.Equal(expected, Scanned(visitor => journal.ScanAll(visitor)));
    }

    /// <summary>Whole frames, whose checksums are right, in another place: its number tells, or the place that it claims.</summary>
    [Fact]
    public async Task AFrameInThePlaceOfAnother_OrZerosInstead_AreFound()
    {
        var device = new SimulatedDevice(1);
        await using var journal = SegmentJournal.Open(device, Options(Durability.Flushed));
        for (var number = 0; number < 8; number++) await journal.AppendAsync(new AppendRequest(Samples.Entry("a", "same")));
        var expected = journal.ReadAll().ToList();
        var name = device.List().First(file => file.EndsWith(".seg", StringComparison.Ordinal));
        var size = BitConverter.ToInt32(device.Image()[name], 128);
        using var file = device.Open(name, writable: true);
        for (var at = 0; at < 3; at++)
        {
            var before = device.Image()[name];
            for (var from = 0; from < 4; from++)
            {
                if (from == at) continue;
                file.Write(before.AsSpan(128 + from * size, size), 128 + at * size);
                Assert.True(Refuses(expected, name, () => Scanned(visitor => journal.ScanAll(visitor))));
                Assert.True(Refuses(expected, name, () => Scanned(visitor => journal.ScanStream("a", visitor))));
                // Its number is not known where a scan begins with it.
                Assert.True(Refuses([expected[at]], name, () => Scanned(visitor => journal.ScanAll(visitor, at + 1, 1))));
            }

            file.Write(new byte[size], 128 + at * size);
            Assert.True(Refuses(expected, name, () => Scanned(visitor => journal.ScanAll(visitor))));
            file.Write(before.AsSpan(128 + at * size, size), 128 + at * size);
        }
    }

    /// <summary>What header and body say of each other, with either changed in any byte, against the layout read field by field.</summary>
    [Fact]
    public void AHeaderFitsABody_OnlyWhereItSaysWhereItsFieldsLie()
    {
        var random = SeededRng.FromSeed(5);
        var (fitting, others) = (0, 0);
        foreach (var entry in Various())
        {
            var (header, body) = (new byte[FrameHeader.Bytes], entry.ToCanonicalBytes());
            FrameHeader.Write(header, entry, body);
            Assert.True(FrameHeader.Fits(header, body));
            for (var change = 0; change < 400; change++)
            {
                var (otherHeader, otherBody) = (header.ToArray(), body.ToArray());
                var inHeader = random.NextBoolean();
                if (inHeader) otherHeader[random.Between(64, 83)] ^= (byte)(1 << random.Between(0, 7));
                else otherBody[random.Between(0, body.Length - 1)] ^= (byte)(1 << random.Between(0, 7));
                if (random.Chance(0.1)) otherHeader[random.Between(6, 7)] ^= (byte)(1 << random.Between(0, 7));
                if (random.Chance(0.1)) Array.Resize(ref otherBody, random.Between(0, body.Length + 8));
                var isOf = IsOf(otherHeader, otherBody);
                Assert.Equal(isOf, FrameHeader.Fits(otherHeader, otherBody));
                (fitting, others) = isOf ? (fitting + 1, others) : (fitting, others + 1);
            }
        }

        Assert.True(fitting > 100 && others > 100);
    }

    private static bool IsOf(byte[] header, byte[] body)
    {
        if (Core.CanonicalLayoutModule.tryRead(body) is not { IsSome: true, Value: var layout }) return false;
        return layout.Role == FrameHeader.Role(header)
            && layout.Fields == header[7]
            && layout.Stream == FrameHeader.StreamBytes(header)
            && layout.Type == FrameHeader.TypeBytes(header)
            && layout.SchemaVersion == FrameHeader.SchemaVersion(header)
            && layout.Payload == FrameHeader.PayloadBytes(header)
            && layout.Tags == FrameHeader.TagsBytes(header)
            && layout.Run == FrameHeader.RunBytes(header);
    }

    private static IEnumerable<JournalEntry> Various()
    {
        var id = new Guid("33333333-3333-3333-3333-333333333333");
        var plain = Samples.Entry("a", "payload", "x:1", "y:2");
        yield return new JournalEntry(1, 1, 1, plain);
        yield return new JournalEntry(1, 1, 1, Samples.Entry("a", ""));
        yield return new JournalEntry(1, 1, 1, plain with { Time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) }, "key");
        yield return new JournalEntry(7, 5, 3, plain with { Id = id, CorrelationId = id, CausationId = id, Run = RunId.Create("a run") });
        yield return new JournalEntry(7, 5, 3, plain with { Role = EntryRole.Command, Drawn = 7, SchemaVersion = 3 }, "key");
    }

    /// <returns>Whether it was refused by the name of the file; anything else has to be what was there.</returns>
    private static bool Refuses(List<JournalEntry> expected, string file, Func<List<JournalEntry>> scan)
    {
        try
        {
            Assert.Equal(expected, scan());
            return false;
        }
        catch (JournalCorruptedException refusal)
        {
            Assert.Equal(file, refusal.File);
            return true;
        }
    }

    private static bool Kept(List<JournalEntry> found, JournalEntry entry)
    {
        found.Add(entry);
        return true;
    }

    // Where the frame behind so many entries begins: the first segment has nothing but them.
    private static int BytesBefore(byte[] bytes, int entries)
    {
        var offset = 128;
        for (; entries > 0; entries--) offset += BitConverter.ToInt32(bytes, offset);
        return offset;
    }
}
