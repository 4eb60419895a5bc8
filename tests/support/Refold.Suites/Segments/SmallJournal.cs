// A journal of two small segments, as its process may have left it: what every byte of is damaged.
// Made by DamagedBytes and by the tests of damage.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

/// <summary>How COMMIT was left.</summary>
public enum CommitLeft
{
    /// <summary>As a power cut may leave it: it names nothing that was appended.</summary>
    Lags,

    /// <summary>The process was killed: it names the last frame.</summary>
    Killed,

    /// <summary>The journal was closed.</summary>
    Closed,
}

/// <summary>Two segments: in the second, two batches and a deletion between them.</summary>
/// <param name="Device">What was left.</param>
/// <param name="States">What it read as before and after each step.</param>
internal sealed record SmallJournal(MemoryDevice Device, IReadOnlyList<List<string>> States)
{
    public static async Task<SmallJournal> MakeAsync(CommitLeft commit = CommitLeft.Lags)
    {
        var device = new MemoryDevice();
        var states = new List<List<string>>();
        await using var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 720 } });
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
        var left = commit switch
        {
            CommitLeft.Lags => device.With("COMMIT", begun),
            CommitLeft.Killed => killed,
            _ => device.Copy(),
        };
        return new SmallJournal(left, states);
    }

    /// <summary>The segments of a device, in order.</summary>
    public static List<string> Segments(MemoryDevice device) =>
        [.. device.List().Where(name => Format.FileName.trySegment(name) is not null)];

    /// <summary>Where the zeros at the end of a file begin.</summary>
    public static int End(byte[] bytes) => bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
}
