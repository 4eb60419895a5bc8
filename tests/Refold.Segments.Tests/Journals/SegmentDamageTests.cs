// Damage at every byte: torn tails are healed, flipped bits are found, and no read ever gives a wrong entry.
// Run by `dotnet test`.
using System.Globalization;
using Xunit;

namespace Refold.Segments.Tests;

public class SegmentDamageTests
{
    // Two segments: in the second, two batches and a deletion between them. COMMIT is as a power cut may leave it, or as a process that was
    // killed, or as a journal that was closed.
    private static async Task<(MemoryDevice Device, List<List<string>> States)> SmallJournal(Commit commit = Commit.Lags)
    {
        var device = new MemoryDevice();
        var states = new List<List<string>>();
        await using var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 640 } });
        var begun = device.Content("COMMIT");
        async Task Step(Func<Task> step)
        {
            await step();
            states.Add(journal.Lines());
        }

        states.Add(journal.Lines());
        await Step(() => journal.Append(Samples.Entry("a", "one"), Samples.Entry("b", "two")));
        await Step(() => journal.Append(Samples.Entry("a", "three")));
        await Step(() => journal.Append(Samples.Entry("c", "four")));
        await Step(() => journal.DeleteToAsync("a", 1).AsTask());
        await Step(() => journal.Append(Samples.Entry("a", "five"), Samples.Entry("a", "six")));
        Assert.Equal(2, journal.Segments.Count);
        var killed = device.Copy();
        await journal.DisposeAsync();
        return (commit switch { Commit.Lags => device.With("COMMIT", begun), Commit.Killed => killed, _ => device.Copy() }, states);
    }

    public enum Commit
    {
        Lags,
        Killed,
        Closed,
    }

    public static TheoryData<Commit> Commits => [.. Enum.GetValues<Commit>()];

    private static List<string> Segments(MemoryDevice device) =>
        [.. device.List().Where(name => Format.FileName.trySegment(name) is not null)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ATailTornAtAnyByte_IsHealed(bool keepsLength)
    {
        var (whole, states) = await SmallJournal();
        var name = Segments(whole)[^1];
        var bytes = whole.Content(name);
        for (var length = 0; length < bytes.Length; length++)
        {
            byte[] torn = [.. bytes[..length], .. new byte[keepsLength ? bytes.Length - length : 0]];
            var device = whole.With(name, torn);
            await using (var reader = SegmentJournal.Open(device.Copy(), Samples.ReadOnly))
            {
                Assert.Contains(reader.Lines(), states);
                Assert.True(keepsLength || reader.TornTail is not null, $"cut at {length}");
                Assert.Equal(reader.TornTail is not null, !SegmentVerification.Of(device).Ok);
            }

            await HealAndGoOn(device, states, $"cut at {length}");
        }
    }

    private static async Task HealAndGoOn(MemoryDevice device, List<List<string>> states, string place)
    {
        List<string> after;
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            Assert.Contains(journal.Lines(), states);
            Assert.Null(journal.TornTail);
            await journal.Append(Samples.Entry("d", "after"));
            after = journal.Everything();
        }

        // What was healed and appended is durable, and nothing of the torn tail is left.
        Assert.True(SegmentVerification.Of(device.AfterPowerCut()) is { Ok: true }, place);
        await using var again = SegmentJournal.Open(device.AfterPowerCut(), Samples.Small);
        Assert.Equal(after, again.Everything());
    }

    [Fact]
    public async Task Leftovers_AreKept()
    {
        var (whole, _) = await SmallJournal();
        var name = Segments(whole)[^1];
        var bytes = whole.Content(name);
        // Into the checksum of the last frame.
        var torn = bytes[..(End(bytes) - 2)];
        var device = whole.With(name, torn);
        var verified = SegmentVerification.Of(device);
        await using (SegmentJournal.Open(device, Samples.Small))
        {
        }

        var cut = Assert.Single(device.List(), file => file.StartsWith("cut.", StringComparison.Ordinal));
        var batch = int.Parse(cut.Split('.')[3], CultureInfo.InvariantCulture);
        Assert.True(verified.Torn);
        Assert.InRange(verified.First!.Offset, batch, torn.Length);
        Assert.Equal(torn[batch..End(torn)], device.Content(cut));
        Assert.Equal(batch, End(device.Content(name)));
    }

    /// <summary>Every byte of header, frames and trailer; of a footer and the zeros before it, one in 61.</summary>
    private static IEnumerable<int> Offsets(byte[] bytes, int from) =>
        Enumerable.Range(from, bytes.Length - from).Where(offset => offset < 1024 || offset >= bytes.Length - 128 || offset % 61 == 0);

    private static int End(byte[] bytes) => bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    [Theory]
    [InlineData(Commit.Killed)]
    [InlineData(Commit.Closed)]
    public async Task WhatCommitSaysWasFlushed_IsCorruptWhereItIsCut_AndNothingIsChanged(Commit commit)
    {
        var (whole, states) = await SmallJournal(commit);
        var name = Segments(whole)[^1];
        var bytes = whole.Content(name);
        for (var length = 0; length < End(bytes); length++)
        {
            byte[] cut = [.. bytes[..length], .. new byte[bytes.Length - length]];
            var device = whole.With(name, cut);
            var verified = SegmentVerification.Of(device);
            Assert.Equal((false, false), (verified.Ok, verified.Torn));
            Assert.Equal(name, verified.First!.File);
            await OpenDamaged(device, states, $"cut at {length}", mustRefuse: true);
            Assert.Equal(cut, device.Content(name));
        }
    }

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task AJournalWithoutCommit_OpensAsBefore_AndGetsOne(Commit commit)
    {
        var (device, states) = await SmallJournal(commit);
        device.Delete("COMMIT");
        Assert.True(SegmentVerification.Of(device).Ok);
        await HealAndGoOn(device, states, "without COMMIT");
        Assert.Contains("COMMIT", device.AfterPowerCut().List());
    }

    [Theory]
    [InlineData(Commit.Killed)]
    [InlineData(Commit.Closed)]
    public async Task AMissingLastSegment_IsRefused(Commit commit)
    {
        var (device, states) = await SmallJournal(commit);
        device.Delete(Segments(device)[^1]);
        var verified = SegmentVerification.Of(device);
        Assert.Equal(("COMMIT", false), (verified.First!.File, verified.Torn));
        await OpenDamaged(device, states, "without the last segment", mustRefuse: true);
    }

    [Fact]
    public async Task EveryFlippedBitOfCommit_IsNamed_AndHidesNothing()
    {
        var (whole, states) = await SmallJournal(Commit.Closed);
        var bytes = whole.Content("COMMIT");
        for (var offset = 0; offset < bytes.Length; offset++)
        {
            var flipped = (byte[])bytes.Clone();
            flipped[offset] ^= (byte)(1 << (offset % 8));
            var device = whole.With("COMMIT", flipped);
            var verified = SegmentVerification.Of(device);
            Assert.Equal("COMMIT", verified.First?.File);
            await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
            Assert.Equal(states[^1], reader.Lines());
        }
    }

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task AFlippedBitInAnyByte_IsNeverACleanAnswer_NorAWrongEntry(Commit commit)
    {
        var (whole, states) = await SmallJournal(commit);
        foreach (var name in Segments(whole))
        {
            var bytes = whole.Content(name);
            foreach (var offset in Offsets(bytes, 0))
            {
                var flipped = (byte[])bytes.Clone();
                flipped[offset] ^= (byte)(1 << (offset % 8));
                var device = whole.With(name, flipped);
                var verified = SegmentVerification.Of(device);
                Assert.False(verified.Ok, $"{name}, byte {offset}");
                Assert.Equal(name, verified.First!.File);
                Assert.True(verified.First.Offset <= offset, $"{name}, byte {offset}: {verified.First}");
                var isFlushed = name == Segments(whole)[0] || commit == Commit.Closed || (commit == Commit.Killed && offset < End(bytes));
                await OpenDamaged(device, states, $"{name}, byte {offset}", mustRefuse: isFlushed);
                Assert.Equal(flipped, device.Content(name));
            }
        }
    }

    private static async Task OpenDamaged(MemoryDevice device, List<List<string>> states, string place, bool mustRefuse)
    {
        try
        {
            await using (var footers = SegmentJournal.Open(device, Samples.ReadOnly))
            {
                // Frames behind a footer are checked when they are read.
                if (footers.Opened.Path == OpeningPath.Footers && footers.TornTail is null)
                    Assert.Equal(states[footers.Unconfirmed == 0 ? ^1 : ^2], footers.Lines());
            }

            var scanning = Samples.ReadOnly.With(s => s with { Opening = new() { Footers = false } });
            await using var reader = SegmentJournal.Open(device, scanning);
            Assert.False(mustRefuse, place);
            Assert.NotNull(reader.TornTail);
            Assert.Contains(reader.Lines(), states);
        }
        catch (JournalCorruptedException refused)
        {
            Assert.Equal("corrupt", refused.Code);
            var before = device.List().ToDictionary(name => name, device.Content);
            Assert.Throws<JournalCorruptedException>(() =>
                SegmentJournal.Open(device, Samples.Small.With(s => s with { Opening = new() { Footers = false } })));
            Assert.Equal(before, device.List().ToDictionary(name => name, device.Content));
        }
    }

    [Fact]
    public async Task ABitThatFlipsWhileTheJournalIsOpen_IsFoundByTheRead()
    {
        var (device, states) = await SmallJournal(Commit.Killed);
        var expected = states[^1];
        await using var journal = SegmentJournal.Open(device, Samples.ReadOnly);
        foreach (var name in Segments(device))
        {
            var bytes = device.Content(name);
            using var file = device.Open(name, writable: true);
            foreach (var offset in Offsets(bytes, 128))
            {
                file.Write([(byte)(bytes[offset] ^ 0x10)], offset);
                try
                {
                    // Frames that no entry lies in, and zeros, are not read.
                    Assert.Equal(expected, journal.Lines());
                }
                catch (JournalCorruptedException corrupted)
                {
                    Assert.Equal(name, corrupted.File);
                    Assert.InRange(corrupted.Offset, 128, offset);
                }

                file.Write([bytes[offset]], offset);
            }
        }
    }

    [Fact]
    public async Task AMissingOrRenamedSegment_IsRefused()
    {
        var (device, _) = await SmallJournal();
        var names = Segments(device);
        var without = device.Copy();
        without.Delete(names[0]);
        Assert.Throws<JournalCorruptedException>(() => SegmentJournal.Open(without, Samples.Small));
        var renamed = device.Copy();
        renamed.Rename(names[1], "0000000000000009.0.seg");
        Assert.Throws<JournalCorruptedException>(() => SegmentJournal.Open(renamed, Samples.Small));
        Assert.False(SegmentVerification.Of(renamed).Ok);
    }
}
