// Damage at a byte of a small journal: torn tails are healed, cuts and flipped bits are found, and no read ever gives a wrong entry.
// Run by SegmentSuites; the tests of damage use the judges too.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class DamagedBytes
{
    /// <summary>What a seed flips bits of by the remainder.</summary>
    public static IReadOnlyList<CommitLeft> Commits { get; } = Enum.GetValues<CommitLeft>();

    /// <summary>Where COMMIT says how far the journal is flushed: what a seed cuts by the remainder.</summary>
    public static IReadOnlyList<CommitLeft> Flushed { get; } = [CommitLeft.Killed, CommitLeft.Closed];

    /// <summary>Whether a torn file keeps its length, with zeros at the end: what a seed tears by the remainder.</summary>
    public static IReadOnlyList<bool> Lengths { get; } = [false, true];

    /// <summary>Flips a bit at places of both segments.</summary>
    /// <param name="tally">Counts them.</param>
    /// <param name="seed">Names the kind and the places.</param>
    /// <param name="isShort">One place in each field only; otherwise a part of all bytes too.</param>
    public static async Task FlipAsync(Tally tally, ulong seed, bool isShort)
    {
        var (commit, turn) = Kind(Commits, seed);
        var journal = await SmallJournal.MakeAsync(commit);
        foreach (var name in SmallJournal.Segments(journal.Device))
        {
            foreach (var offset in Places(journal.Device.Content(name), seed, turn, isShort))
            {
                await FlipAsync(journal, commit, name, offset, Bit(offset, turn));
                tally.Add("bits");
            }
        }
    }

    /// <summary>Flips a bit at places of COMMIT.</summary>
    public static async Task FlipCommitAsync(Tally tally, ulong seed, bool isShort)
    {
        var journal = await SmallJournal.MakeAsync(CommitLeft.Closed);
        var bytes = journal.Device.Content("COMMIT");
        IEnumerable<int> places = FilePlaces.DrawCommit(SeededRng.FromSeed(seed));
        if (!isShort) places = places.Union(FilePlaces.PartOf(bytes, seed));
        foreach (var offset in places)
        {
            var device = journal.Device.With("COMMIT", Flipped(bytes, offset, Bit(offset, seed)));
            var verified = SegmentVerification.Of(device);
            Assert.Equal("COMMIT", verified.First?.File);
            await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
            Assert.Equal(journal.States[^1], reader.Lines());
            tally.Add("bits");
        }
    }

    /// <summary>Tears the last segment at places of it.</summary>
    public static async Task TearAsync(Tally tally, ulong seed, bool isShort)
    {
        var (keepsLength, turn) = Kind(Lengths, seed);
        var journal = await SmallJournal.MakeAsync();
        var name = SmallJournal.Segments(journal.Device)[^1];
        var bytes = journal.Device.Content(name);
        foreach (var length in Places(bytes, seed, turn, isShort).Append(0).Distinct())
        {
            byte[] torn = [.. bytes[..length], .. new byte[keepsLength ? bytes.Length - length : 0]];
            var device = journal.Device.With(name, torn);
            await using (var reader = SegmentJournal.Open(device.Copy(), Samples.ReadOnly))
            {
                Assert.Contains(reader.Lines(), journal.States);
                Assert.True(keepsLength || reader.TornTail is not null, $"cut at {length}");
                Assert.Equal(reader.TornTail is not null, !SegmentVerification.Of(device).Ok);
            }

            await HealAndGoOnAsync(device, journal.States, $"cut at {length}");
            tally.Add("tears");
        }
    }

    /// <summary>Cuts the last segment off at places before the end of what COMMIT says was flushed.</summary>
    public static async Task CutAsync(Tally tally, ulong seed, bool isShort)
    {
        var (commit, turn) = Kind(Flushed, seed);
        var journal = await SmallJournal.MakeAsync(commit);
        var name = SmallJournal.Segments(journal.Device)[^1];
        var bytes = journal.Device.Content(name);
        var end = SmallJournal.End(bytes);
        foreach (var length in Places(bytes, seed, turn, isShort).Where(length => length < end).Append(0).Append(end - 1).Distinct())
        {
            byte[] cut = [.. bytes[..length], .. new byte[bytes.Length - length]];
            var device = journal.Device.With(name, cut);
            var verified = SegmentVerification.Of(device);
            Assert.Equal((false, false), (verified.Ok, verified.Torn));
            Assert.Equal(name, verified.First!.File);
            await OpenAsync(device, journal.States, $"cut at {length}", mustRefuse: true);
            Same(cut, device.Content(name), $"cut at {length}");
            tally.Add("cuts");
        }
    }

    /// <summary>Opened for writing it reads as it once did, goes on, and what was healed and appended is durable.</summary>
    public static async Task HealAndGoOnAsync(MemoryDevice device, IReadOnlyList<List<string>> states, string place)
    {
        List<string> after;
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            Assert.Contains(journal.Lines(), states);
            Assert.Null(journal.TornTail);
            await journal.Append(Samples.Entry("d", "after"));
            after = journal.Everything();
        }

        // Nothing of the torn tail is left.
        Assert.True(SegmentVerification.Of(device.AfterPowerCut()) is { Ok: true }, place);
        await using var again = SegmentJournal.Open(device.AfterPowerCut(), Samples.Small);
        Assert.Equal(after, again.Everything());
    }

    /// <summary>Opened damaged it is refused, and then nothing is changed, or reads as it once did, and says that a tail is torn.</summary>
    public static async Task OpenAsync(MemoryDevice device, IReadOnlyList<List<string>> states, string place, bool mustRefuse)
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
            var before = device.List().Select(name => (Name: name, Content: device.Content(name))).ToList();
            Assert.Throws<JournalCorruptedException>(() =>
                SegmentJournal.Open(device, Samples.Small.With(s => s with { Opening = new() { Footers = false } })));
            Assert.Equal(before.Select(file => file.Name), device.List());
            foreach (var (name, content) in before) Same(content, device.Content(name), $"{place}: {name}");
        }
    }

    private static async Task FlipAsync(SmallJournal journal, CommitLeft commit, string name, int offset, int bit)
    {
        var bytes = journal.Device.Content(name);
        var flipped = Flipped(bytes, offset, bit);
        var device = journal.Device.With(name, flipped);
        var (verified, place) = (SegmentVerification.Of(device), $"{name}, byte {offset}, bit {bit}");
        Assert.False(verified.Ok, place);
        Assert.Equal(name, verified.First!.File);
        Assert.True(verified.First.Offset <= offset, $"{place}: {verified.First}");
        var isFlushed = name == SmallJournal.Segments(journal.Device)[0] || commit == CommitLeft.Closed
            || (commit == CommitLeft.Killed && offset < SmallJournal.End(bytes));
        await OpenAsync(device, journal.States, place, mustRefuse: isFlushed);
        Same(flipped, device.Content(name), place);
    }

    private static IEnumerable<int> Places(byte[] bytes, ulong seed, ulong turn, bool isShort)
    {
        IEnumerable<int> drawn = FilePlaces.DrawSegment(bytes, SeededRng.FromSeed(seed));
        return isShort ? drawn : drawn.Union(FilePlaces.PartOf(bytes, turn));
    }

    /// <summary>The kind of a seed, and the number of its turn: every kind has each.</summary>
    private static (T Kind, ulong Turn) Kind<T>(IReadOnlyList<T> kinds, ulong seed) =>
        (kinds[(int)(seed % (ulong)kinds.Count)], seed / (ulong)kinds.Count);

    /// <summary>When every part had its turn, the next bit has.</summary>
    private static int Bit(int offset, ulong turn) => (int)(((ulong)offset + turn / FilePlaces.Parts) % 8);

    private static byte[] Flipped(byte[] bytes, int offset, int bit)
    {
        byte[] flipped = [.. bytes];
        flipped[offset] ^= (byte)(1 << bit);
        return flipped;
    }

    private static void Same(byte[] expected, byte[] found, string place) => Assert.True(expected.AsSpan().SequenceEqual(found), place);
}
