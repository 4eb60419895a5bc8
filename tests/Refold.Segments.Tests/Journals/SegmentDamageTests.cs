// Damage in every field: torn tails are healed, flipped bits are found, and no read ever gives a wrong entry.
// Run by `dotnet test` in the short form; Soak comes by every byte.
using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class SegmentDamageTests(ITestOutputHelper output)
{
    public static TheoryData<CommitLeft> Commits => [.. DamagedBytes.Commits];

    public static TheoryData<CommitLeft> Flushed => [.. DamagedBytes.Flushed];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task ATailTornInAnyField_IsHealed(bool keepsLength) =>
        SegmentSuites.TornTails.HoldsAsync(output, DamagedBytes.Lengths, keepsLength);

    [Fact]
    public async Task Leftovers_AreKept()
    {
        var (whole, _) = await SmallJournal.MakeAsync();
        var name = SmallJournal.Segments(whole)[^1];
        var bytes = whole.Content(name);
        // Into the last frame.
        var torn = bytes[..(SmallJournal.End(bytes) - 2)];
        var device = whole.With(name, torn);
        var verified = SegmentVerification.Of(device);
        await using (SegmentJournal.Open(device, Samples.Small))
        {
        }

        var cut = Assert.Single(device.List(), file => file.StartsWith("cut.", StringComparison.Ordinal));
        var batch = int.Parse(cut.Split('.')[3], CultureInfo.InvariantCulture);
        Assert.True(verified.Torn);
        Assert.InRange(verified.First!.Offset, batch, torn.Length);
        Assert.Equal(torn[batch..SmallJournal.End(torn)], device.Content(cut));
        var healed = device.Content(name);
        Assert.Equal(bytes[..batch], healed[..batch]);
        Assert.Equal(-1, healed.AsSpan(batch).IndexOfAnyExcept((byte)0));
    }

    /// <summary>Every byte of header, frames and trailer; of a footer and the zeros before it, one in 61.</summary>
    private static IEnumerable<int> Offsets(byte[] bytes, int from) =>
        Enumerable.Range(from, bytes.Length - from).Where(offset => offset < 1024 || offset >= bytes.Length - 128 || offset % 61 == 0);

    [Theory]
    [MemberData(nameof(Flushed))]
    public Task WhatCommitSaysWasFlushed_IsCorruptWhereItIsCut_AndNothingIsChanged(CommitLeft commit) =>
        SegmentSuites.FlushedCuts.HoldsAsync(output, DamagedBytes.Flushed, commit);

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task AJournalWithoutCommit_OpensAsBefore_AndGetsOne(CommitLeft commit)
    {
        var (device, states) = await SmallJournal.MakeAsync(commit);
        device.Delete("COMMIT");
        Assert.True(SegmentVerification.Of(device).Ok);
        await DamagedBytes.HealAndGoOnAsync(device, states, "without COMMIT");
        Assert.Contains("COMMIT", device.AfterPowerCut().List());
    }

    [Theory]
    [MemberData(nameof(Flushed))]
    public async Task AMissingLastSegment_IsRefused(CommitLeft commit)
    {
        var (device, states) = await SmallJournal.MakeAsync(commit);
        device.Delete(SmallJournal.Segments(device)[^1]);
        var verified = SegmentVerification.Of(device);
        Assert.Equal(("COMMIT", false), (verified.First!.File, verified.Torn));
        await DamagedBytes.OpenAsync(device, states, "without the last segment", mustRefuse: true);
    }

    [Fact]
    public Task AFlippedBitOfCommit_IsNamed_AndHidesNothing() => SegmentSuites.CommitBits.HoldsAsync(output);

    [Theory]
    [MemberData(nameof(Commits))]
    public Task AFlippedBitInAnyField_IsNeverACleanAnswer_NorAWrongEntry(CommitLeft commit) =>
        SegmentSuites.FlippedBits.HoldsAsync(output, DamagedBytes.Commits, commit);

    [Fact]
    public async Task ABitThatFlipsWhileTheJournalIsOpen_IsFoundByTheRead()
    {
        var (device, states) = await SmallJournal.MakeAsync(CommitLeft.Killed);
        var expected = states[^1];
        await using var journal = SegmentJournal.Open(device, Samples.ReadOnly);
        foreach (var name in SmallJournal.Segments(device))
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
        var (device, _) = await SmallJournal.MakeAsync();
        var names = SmallJournal.Segments(device);
        var without = device.Copy();
        without.Delete(names[0]);
        Assert.Throws<JournalCorruptedException>(() => SegmentJournal.Open(without, Samples.Small));
        var renamed = device.Copy();
        renamed.Rename(names[1], "0000000000000009.0.seg");
        Assert.Throws<JournalCorruptedException>(() => SegmentJournal.Open(renamed, Samples.Small));
        Assert.False(SegmentVerification.Of(renamed).Ok);
    }
}
