// Scans of segment files: the same as reads from every place, and never an entry that is damaged, moved or missing.
// Run by `dotnet test`. That they are equal after crashes and compactions is compared by the crash suites, for other stores by the kit.
using System.Globalization;
using Xunit;

namespace Refold.Segments.Tests;

public class ScanTests
{
    private static readonly StreamId[] Streams = ["a", "b", "c"];

    /// <summary>Durability is what decides whether blocks have gaps.</summary>
    [Theory]
    [InlineData(Durability.Flushed)]
    [InlineData(Durability.Padded)]
    public async Task AScan_HandsOutWhatAReadReads_FromEveryPlaceAndToEveryCount(Durability durability)
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(durability));
        await FillAsync(journal);
        await journal.DeleteToAsync("b", 4);
        for (var from = 0L; from <= journal.Head.Position + 1; from++)
        {
            foreach (var most in new[] { 0, 1, 3, long.MaxValue })
                Assert.Equal(journal.ReadAll(from, most), Scanned(visitor => journal.ScanAll(visitor, from, most)));
        }

        foreach (var stream in Streams)
        {
            var floor = stream == "b" ? 4 : 0;
            for (var from = floor + 1; from <= journal.HighestVersion(stream) + 1; from++)
            {
                var scanned = Scanned(visitor => journal.ScanStream(stream, visitor, from, from + 5, 4));
                Assert.Equal(journal.ReadStream(stream, from, from + 5, 4), scanned);
            }
        }

        Assert.Throws<EntriesDroppedException>(() => journal.ScanStream("b", (in EntryView _) => true, 4));
        Assert.Equal(0, journal.ScanStream("none", (in EntryView _) => true));
    }

    [Fact]
    public async Task AVisitorThatHasEnough_IsGivenNoMore_AndWhatItThrowsIsThrown()
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(Durability.Flushed));
        await FillAsync(journal);
        var given = 0;
        Assert.Equal(7, journal.ScanAll((in EntryView _) => ++given < 7));
        Assert.Equal(2, journal.ScanStream("a", (in EntryView entry) => entry.Version < 2));
        Assert.Equal(7, given);
        Assert.Throws<NotSupportedException>(() => journal.ScanAll((in EntryView _) => throw new NotSupportedException()));
        Assert.Throws<NotSupportedException>(() => journal.ScanStream("a", (in EntryView _) => throw new NotSupportedException()));
        await journal.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => journal.ScanAll((in EntryView _) => true));
    }

    /// <summary>Appended, merged and dropped while a visitor is at work: it is given what was there at the call, once.</summary>
    [Fact]
    public async Task AScan_GoesOnInWhatReplacedItsFiles_ToTheHeadOfItsCall()
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(Durability.Flushed));
        await FillAsync(journal);
        var expected = journal.ReadAll().ToList();
        var found = new List<JournalEntry>();
        journal.ScanAll((in EntryView entry) =>
        {
            found.Add(entry.ToEntry());
            if (found.Count % 10 != 1) return true;
            Task.Run(async () =>
            {
                await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 1 << 20 });
                await journal.AppendAsync(new AppendRequest(Samples.Entry("a", "later")));
            }).GetAwaiter().GetResult();
            return true;
        });
        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task AScan_EndsWithTheHeadOfItsCall_AlsoWhereThatIsDroppedMeanwhile()
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(Durability.Flushed));
        await FillAsync(journal);
        var head = journal.Head.Position;
        var found = new List<long>();
        journal.ScanAll((in EntryView entry) =>
        {
            found.Add(entry.Position);
            if (found.Count > 1) return true;
            Task.Run(async () =>
            {
                await FillAsync(journal);
                await journal.CompactAsync(new CompactionRequest.RetainFrom(head + 10));
            }).GetAwaiter().GetResult();
            return true;
        });
        Assert.All(found, position => Assert.InRange(position, 1, head));
        Assert.Equal(found.Order().Distinct(), found);
    }

    [Fact]
    public async Task ASegmentThatHasOnlyADeletion_IsPassed_ByItsFramesAndByItsFooter()
    {
        var device = new MemoryDevice();
        var options = Options(Durability.Flushed);
        List<JournalEntry> expected;
        await using (var journal = SegmentJournal.Open(device, options))
        {
            await FillAsync(journal);
            var before = SmallJournal.Segments(device).Count;
            var version = 0L;
            // Up to a deletion with which a segment begins, and a batch that does not fit behind it.
            while (SmallJournal.Segments(device).Count < before + 1 || version < 4) await journal.DeleteToAsync("b", ++version);
            await journal.AppendAsync(new AppendRequest(Samples.Entry("a", new string('x', 4000))));
            await journal.AppendAsync(new AppendRequest(Samples.Entry("c")));
            expected = [.. journal.ReadAll()];
            Assert.Equal(expected, Scanned(visitor => journal.ScanAll(visitor)));
        }

        foreach (var footers in new[] { true, false })
        {
            await using var journal = SegmentJournal.Open(
                device, options.With(s => s with { Opening = new() { Footers = footers, Checkpoint = footers } }));
            Assert.Equal(expected, Scanned(visitor => journal.ScanAll(visitor)));
        }
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

    private static List<JournalEntry> Scanned(Func<EntryVisitor, long> scan)
    {
        var found = new List<JournalEntry>();
        var count = scan((in EntryView entry) =>
        {
            found.Add(entry.ToEntry());
            return true;
        });
        Assert.Equal(found.Count, count);
        return found;
    }

    private static JournalOptions Options(Durability durability) => Samples.Small.With(s => s with
    {
        Durability = durability,
        SegmentBytes = durability == Durability.Padded ? 6 * 4096 : 2048,
    });

    private static async Task FillAsync(SegmentJournal journal)
    {
        for (var batch = 0; batch < 12; batch++)
        {
            var entries = Enumerable.Range(0, batch % 4 + 1).Select(number =>
                Samples.Entry(Streams[(batch + number) % 3].Value, new string('x', 10 * number), "tag:" + number));
            await journal.AppendAsync(new AppendRequest([.. entries]));
        }
    }
}
