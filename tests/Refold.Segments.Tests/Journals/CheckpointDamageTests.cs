// Checkpoints of a store that are damaged, stale or ahead: as if they were not there, but where acknowledged entries are missing.
// Run by `dotnet test`; a random test prints its seed.
using Xunit;
using Xunit.Abstractions;
using static Refold.Segments.Tests.CheckpointTests;

namespace Refold.Segments.Tests;

public class CheckpointDamageTests(ITestOutputHelper output)
{
    [Fact]
    public async Task AnyByteOfIt_ThatIsWrong_MakesTheFramesBeScanned_AndIsReported_AndHealed()
    {
        var (device, expected) = await KilledAsync();
        var name = Assert.Single(Checkpoints(device));
        var bytes = device.Content(name);
        for (var offset = 0; offset < bytes.Length; offset += offset < 160 ? 3 : 211)
        {
            byte[] wrong = [.. bytes];
            wrong[offset] ^= 16;
            var damaged = device.With(name, wrong);
            Assert.True(
                SegmentJournal.Verify(damaged) is { Ok: false, Torn: true, First.File: var file } && file == name, $"offset {offset}");
            await using (var journal = SegmentJournal.Open(damaged, Samples.ReadOnly))
            {
                Assert.Equal(OpeningPath.Scan, journal.Opened.Path);
                Assert.StartsWith(name + ": ", Assert.Single(journal.Opened.Ignored), StringComparison.Ordinal);
                Assert.Equal(expected, journal.Everything());
            }

            if (offset % 10 != 0) continue;
            await using (var journal = SegmentJournal.Open(damaged, Large)) Assert.Equal(expected, journal.Everything());
            Assert.True(SegmentJournal.Verify(damaged).Ok);
        }

        foreach (var length in (int[])[0, 100, 4096, bytes.Length - 1])
        {
            await using var journal = SegmentJournal.Open(device.With(name, bytes[..length]), Samples.ReadOnly);
            Assert.Equal(OpeningPath.Scan, journal.Opened.Path);
            Assert.Equal(expected, journal.Everything());
        }
    }

    [Fact]
    public async Task WhateverLiesUnderItsName_NothingElseIsOpened()
    {
        var older = await KilledAsync(Large.With(s => s with { CheckpointBytes = 3000 }));
        await using (var journal = SegmentJournal.Open(older.Device, Large)) await AppendAsync(journal, 12);
        var left = Assert.Single(Checkpoints(older.Device));
        var (device, expected) = (older.Device.Copy(), new List<string>());
        await using (var journal = SegmentJournal.Open(older.Device, Large))
        {
            for (var number = 13; number <= 17; number++) await AppendAsync(journal, number);
            expected = journal.Everything();
        }

        var name = Assert.Single(Checkpoints(older.Device));
        Assert.NotEqual(left, name);
        var (before, bytes) = (device.Content(left), older.Device.Content(name));
        var seed = BitConverter.ToUInt32(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4));
        output.WriteLine($"seed {seed}");
        var rng = SeededRng.FromSeed(seed);
        var taken = 0;
        for (var count = 0; count < 150; count++)
        {
            await using var journal = SegmentJournal.Open(older.Device.With(name, Changed(rng, bytes, before)), Samples.ReadOnly);
            Assert.Equal(expected, journal.Everything());
            if (journal.Opened.Path == OpeningPath.Checkpoint) taken++;
            else Assert.StartsWith(name + ": ", Assert.Single(journal.Opened.Ignored), StringComparison.Ordinal);
        }

        // What a change left as it was, or put back.
        Assert.InRange(taken, 0, 60);
    }

    /// <summary>The bytes with one of the things that happen to files.</summary>
    private static byte[] Changed(SeededRng rng, byte[] bytes, byte[] before)
    {
        byte[] changed = [.. bytes];
        var (page, other) = (
            rng.Between(1, bytes.Length / 4096 - 1) * 4096, rng.Between(1, Math.Min(bytes.Length, before.Length) / 4096 - 1) * 4096);
        switch (rng.Between(0, 6))
        {
            case 0:
                rng.Fill(changed.AsSpan(rng.Between(0, bytes.Length - 1)));
                break;
            case 1:
                changed.AsSpan(rng.Between(0, bytes.Length / 512 - 1) * 512, 512).Clear();
                break;
            case 2:
                Array.Resize(ref changed, rng.Between(0, bytes.Length + 5000));
                break;
            case 3:
                bytes.AsSpan(page, 4096).CopyTo(changed.AsSpan(other));
                break;
            case 4:
                // A block that was written for an earlier one, as a file that was removed may leave it.
                before.AsSpan(other, 4096).CopyTo(changed.AsSpan(other));
                break;
            case 5:
                before.AsSpan(0, 4096).CopyTo(changed);
                break;
            default:
                changed[rng.Between(0, bytes.Length - 1)] ^= (byte)(1 << rng.Between(0, 7));
                break;
        }

        return changed;
    }

    [Fact]
    public async Task DamageInWhatItCovers_IsNamedWhenItIsRead_AndNothingWrongOrMissingIsHandedOut()
    {
        var (device, _) = await KilledAsync();
        var segment = Assert.Single(device.List(), name => name.EndsWith(".seg", StringComparison.Ordinal));
        byte[] wrong = [.. device.Content(segment)];
        wrong[1000] ^= 1;
        var damaged = device.With(segment, wrong);
        await using var journal = SegmentJournal.Open(damaged, Samples.ReadOnly);
        Assert.Equal(OpeningPath.Checkpoint, journal.Opened.Path);
        Assert.Equal(segment, Assert.Throws<JournalCorruptedException>(() => journal.ReadAll().Count()).File);
        Assert.Equal(
            segment,
            Assert.Throws<JournalCorruptedException>(() =>
                SegmentJournal.Open(damaged, Samples.ReadOnly.With(s => s with { Opening = new() { Checkpoint = false } }))).File);
        Assert.Equal(segment, SegmentJournal.Verify(damaged).First!.File);
    }

    [Fact]
    public async Task RowsThatAreNotThoseOfTheFrames_AreFoundByVerify()
    {
        var (device, _) = await KilledAsync();
        var name = Assert.Single(Checkpoints(device));
        var root = CheckpointLoading.ReadRoot(device, name).ResultValue;
        var header = Format.SegmentHeaderModule.decode(device.Content(root.Watermark.ToString())).ResultValue;
        var empty = Format.Checkpoint.make(
            new Format.CheckpointPlace(0, Interop.Lists.ToFSharpList([root.Watermark]), header, root.Offset, root.LastFrame, root.Head, 1),
            Format.SegmentRows.Empty(true, Core.TreePlaceModule.none), 0);
        Assert.Equal(name, empty.Name);
        var found = SegmentJournal.Verify(device.With(name, [.. empty.Root.ToArray(), .. empty.Pages.ToArray()]));
        Assert.Equal((name, false), (found.First!.File, found.Torn));
    }

    [Fact]
    public async Task StaleOnes_AreIgnoredWithTheReason_AndRemovedByAWriter_ButForThoseOfOthers()
    {
        var (device, expected) = await KilledAsync();
        var name = Assert.Single(Checkpoints(device));
        var (other, _) = await KilledAsync();
        await CheckAsync(other.Content(name), "it belongs to the journal", isLeft: true);
        byte[] newer = [.. device.Content(name)];
        newer[8] = 3;
        BitConverter.TryWriteBytes(newer.AsSpan(4092), Core.Checksum.plain(newer.AsSpan(0, 4092)));
        await CheckAsync(newer, "it has format version 3", isLeft: true);
        var over = device.Content(name);
        // The segment it is over is not the last any more.
        await using (var journal = SegmentJournal.Open(device, Large.With(s => s with { CheckpointBytes = 0 })))
        {
            await journal.Append(Samples.Entry("large", new string('x', 16000)));
            expected = journal.Everything();
        }

        Assert.Empty(Checkpoints(device));
        await CheckAsync(over, "it was written over other segments", isLeft: false);

        async Task CheckAsync(byte[] content, string reason, bool isLeft)
        {
            var stale = device.With(name, content);
            await using (var reader = SegmentJournal.Open(stale, Samples.ReadOnly))
            {
                Assert.NotEqual(OpeningPath.Checkpoint, reader.Opened.Path);
                Assert.Contains(reason, Assert.Single(reader.Opened.Ignored), StringComparison.Ordinal);
                Assert.Equal(expected, reader.Everything());
            }

            Assert.True(SegmentJournal.Verify(stale).Ok);
            await using var writer = SegmentJournal.Open(stale, Large.With(s => s with { CheckpointBytes = 0 }));
            Assert.Equal(isLeft ? [name] : [], Checkpoints(stale));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OneThatSpeaksOfASegmentThatIsNotThere_IsRefused_ChangingNoByte(bool isClosed)
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Samples.Checkpointed);
        for (var number = 1; number <= 7; number++) await AppendAsync(journal, number);
        if (isClosed) await journal.DisposeAsync();
        var left = device.Copy();
        var name = Assert.Single(Checkpoints(left));
        left.Delete("COMMIT");
        left.Delete(left.List().Last(file => file.EndsWith(".seg", StringComparison.Ordinal)));
        var before = left.List().ToDictionary(file => file, left.Content);
        foreach (var options in (JournalOptions[])[
            Samples.Checkpointed, Samples.ReadOnly, Samples.ReadOnly.With(s => s with { Opening = new() { Checkpoint = false } })])
            Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => SegmentJournal.Open(left, options)).File);
        Assert.Equal(name, SegmentJournal.Verify(left).First!.File);
        Assert.Equal(before, left.List().ToDictionary(file => file, left.Content));
    }
}
