// The fold, in place where a store has entries so, against the slow one: the same state, counts, divergence to the last letter, and hash.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class SlowFoldTests
{
    private static readonly StreamId Stream = "sum/a";

    public static TheoryData<string> AllStores => Stores.All;

    [Theory]
    [MemberData(nameof(AllStores))]
    public async Task AnyJournal_IsFoldedAsByTheSlowFold(string store)
    {
        var (whole, diverged, proved) = (0, 0, 0);
        for (var seed = 1UL; seed <= 25; seed++)
        {
            var rng = SeededRng.FromSeed(seed);
            await using var journal = Stores.Open(store, Samples.Small.With(s => s with { SegmentBytes = 2048 }));
            // Every third has nothing in it that ends a fold, so that the whole of it is folded.
            await FillAsync(journal, rng, seed % 3 == 0 ? int.MaxValue : rng.Between(1, 12));
            var calls = new List<string>();
            foreach (var (name, codec) in FoldSamples.Codecs(calls))
            {
                var toVersion = rng.Chance(0.3) ? rng.Between(0, 40) : long.MaxValue;
                calls.Clear();
                var expected = SlowFold.Over(FoldSamples.Of(codec), journal.ReadStream(Stream, 1, toVersion));
                List<string> slowly = [.. calls];
                calls.Clear();
                var report = await journal.FoldAsync(Stream, FoldSamples.Of(codec), toVersion);
                Same(expected, report, name);
                Assert.Equal(slowly, calls);
                if (report.Matched) whole++;
                else diverged++;
                if (report.Applied > 20) proved++;
            }
        }

        Assert.True(whole > 50 && diverged > 50 && proved > 50, $"{whole}, {diverged}, {proved}");
    }

    /// <summary>What a codec proves by reading is what it reads and writes; and it does prove what is written as ever.</summary>
    [Fact]
    public void WhatReadingProves_IsWhatEncodingGives()
    {
        var proved = new List<string>();
        foreach (var (name, codec) in FoldSamples.Codecs([]))
        {
            if (codec.Value.Encode is not Core.SettlingEncode<Happened> settling) continue;
            foreach (var (type, version, payload) in FoldSamples.All)
            {
                if (!settling.TryRead(type, version, payload, out var value)) continue;
                proved.Add(name);
                Assert.Equal(codec.Decode(new Encoded(type, version, payload)).ToString(), value.ToString());
                Assert.Equal(new Encoded(type, version, payload), codec.Encode(value));
            }
        }

        // Escapes and numbers with fractions are proved too; a part that is not shown never.
        Assert.InRange(proved.Count(name => name == "union"), 8, 15);
        Assert.InRange(proved.Count(name => name == "raised"), 4, 14);
        Assert.Equal(
            ["keeps less", "raised", "raised without a way", "taken as it is", "union"], proved.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(AllStores))]
    public async Task ADeletedBeginning_IsNoFold(string store)
    {
        await using var journal = Stores.Open(store, Samples.Small);
        await FillAsync(journal, SeededRng.FromSeed(3), int.MaxValue);
        await journal.DeleteToAsync(Stream, 5);
        var union = FoldSamples.Of(FoldSamples.Codecs([]).First().Codec);
        Assert.Equal(5, (await Assert.ThrowsAsync<HistoryDroppedException>(() => journal.FoldAsync(Stream, union))).UpTo);
        Assert.Equal(0, (await journal.FoldAsync("sum/none", union)).Version);
    }

    /// <summary>A type whose JSON does not show all of it: the second value that is read is another one, which only a comparison of all
    /// parts finds.</summary>
    [Fact]
    public async Task APartThatTheJsonDoesNotShow_IsFound()
    {
        var (_, codec) = FoldSamples.Codecs([]).Single(sample => sample.Name == "hidden part");
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Samples.Small);
        for (var number = 0; number < 3; number++)
            await journal.AppendAsync(
                new AppendRequest(new EntryData(Stream, "moved", """{"Amount":5}"""u8.ToArray()) { Role = EntryRole.Event }));
        var report = await journal.FoldAsync(Stream, FoldSamples.Of(codec));
        Assert.Equal((3, DivergenceCause.CodecNotFaithful, 1), (report.Applied, report.Divergence!.Cause, report.Divergence.Version));
        Assert.Contains("number", report.Divergence.Actual, StringComparison.Ordinal);
    }

    /// <summary>Bytes changed under a journal, at many places: the same refusal in the same words, or the same report.</summary>
    [Fact]
    public async Task ADamagedFile_IsFoldedOrRefusedAsByTheSlowFold()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Samples.Small.With(s => s with { SegmentBytes = 2048 }));
        await FillAsync(journal, SeededRng.FromSeed(6), int.MaxValue);
        var union = FoldSamples.Of(FoldSamples.Codecs([]).First().Codec);
        var refused = 0;
        foreach (var name in SmallJournal.Segments(device))
        {
            var bytes = device.Content(name);
            using var file = device.Open(name, writable: true);
            for (var offset = 128; offset < SmallJournal.End(bytes); offset += 13)
            {
                file.Write([(byte)(bytes[offset] ^ (1 << (offset % 8)))], offset);
                refused += await SameOrRefusedAsync(union, journal) ? 1 : 0;
                file.Write([bytes[offset]], offset);
            }
        }

        Assert.True(refused > 100, $"{refused}");
    }

    /// <summary>An entry whose checksums are right and whose type is no text: refused by the journal's own words, and nothing behind it is
    /// taken for the end.</summary>
    [Fact]
    public async Task AnEntryThatIsNone_IsRefusedAsByTheSlowFold()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Samples.Small.With(s => s with { SegmentBytes = 8192 }));
        for (var number = 0; number < 3; number++)
            await journal.AppendAsync(
                new AppendRequest(new EntryData(Stream, "moved", """{"Amount":1,"IsLast":null,"Note":"a"}"""u8.ToArray())));
        var name = SmallJournal.Segments(device)[0];
        var bytes = device.Content(name);
        var second = 128 + BitConverter.ToInt32(bytes, 128);
        var frame = bytes.AsSpan(second, BitConverter.ToInt32(bytes, second)).ToArray();
        var header = frame[5] == 0 ? FrameHeader.Bytes : FrameHeader.BytesWithHead;
        var body = frame.AsSpan(header, FrameHeader.BodyBytes(frame));
        body[FrameHeader.TypeOffset(frame)] = 0xFF;
        var seed = Core.Checksum.seed(Format.SegmentHeaderModule.decode(bytes).ResultValue.JournalId);
        BitConverter.TryWriteBytes(frame.AsSpan(76), Core.Checksum.seeded(seed, body));
        BitConverter.TryWriteBytes(frame.AsSpan(header - 4), Core.Checksum.seeded(seed, frame.AsSpan(0, header - 4)));
        using var file = device.Open(name, writable: true);
        file.Write(frame, second);
        Assert.True(await SameOrRefusedAsync(FoldSamples.Of(FoldSamples.Codecs([]).First().Codec), journal));
    }

    private static async Task<bool> SameOrRefusedAsync(Aggregate<string, string, Happened, string> aggregate, SegmentJournal journal)
    {
        FoldReport<string>? expected = null;
        JournalCorruptedException? refusal = null;
        try
        {
            expected = SlowFold.Over(aggregate, journal.ReadStream(Stream));
        }
        catch (JournalCorruptedException corrupted)
        {
            refusal = corrupted;
        }

        if (refusal is null)
        {
            Same(expected!, await journal.FoldAsync(Stream, aggregate), "damaged");
            return false;
        }

        var found = await Assert.ThrowsAsync<JournalCorruptedException>(() => journal.FoldAsync(Stream, aggregate));
        Assert.Equal(refusal.Message, found.Message);
        return true;
    }

    private static async Task FillAsync(ILocalJournal journal, SeededRng rng, int calm)
    {
        for (var batch = 0; batch < 12; batch++)
        {
            List<EntryData> entries = [.. Enumerable.Range(0, rng.Between(1, 6)).Select(_ => FoldSamples.Entry(rng, calm))];
            if (rng.NextBoolean()) entries.Insert(rng.Between(0, entries.Count), new EntryData("other", "moved", new byte[] { 1 }));
            await journal.AppendAsync(new AppendRequest(entries) { IdempotencyKey = rng.Chance(0.2) ? $"key {batch}" : null });
        }
    }

    // A divergence has no equality: its lines say all of it, but for the cause's own fields.
    private static void Same(FoldReport<string> expected, FoldReport<string> actual, string codec)
    {
        // What is said of a part that counts up is another thing each time.
        var isCounting = codec == "hidden part" && expected.Divergence is { Cause: DivergenceCause.CodecNotFaithful };
        Assert.Equal((codec, expected with { Divergence = null }), (codec, actual with { Divergence = null }));
        if (isCounting)
            Assert.Equal(
                (expected.Divergence!.Version, expected.Divergence.Cause), (actual.Divergence!.Version, actual.Divergence.Cause));
        else
            Assert.Equal((codec, expected.Divergence?.ToString()), (codec, actual.Divergence?.ToString()));
    }
}
