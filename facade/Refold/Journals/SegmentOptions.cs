// How a journal in segment files keeps them: what no other store understands.
// Given as JournalOptions.Segments; used by SegmentJournal and all below it.
namespace Refold.Segments;

/// <summary>How <see cref="SegmentJournal"/> keeps a journal in its files. Given as <see cref="JournalOptions.Segments"/>. Opening refuses
/// a value that is out of its range with an <see cref="ArgumentOutOfRangeException"/>.</summary>
/// <example><code>
/// await using var journal = Journal.Open("segments:data", new JournalOptions { Segments = new() { SegmentBytes = 1024 * 1024 } });
/// </code></example>
public sealed record SegmentOptions
{
    /// <summary>The size of a segment file in bytes; a batch larger than it gets a segment of its own. Files
    /// that are there keep theirs.</summary>
    /// <value>Default: null, <see cref="SegmentJournal.DefaultSegmentBytes"/>. From <see cref="SegmentJournal.MinSegmentBytes"/>.</value>
    public int? SegmentBytes { get; init; }

    /// <summary>After how many bytes of frames, flushed in the segment that is written (and no less than an eighth of what the last one
    /// covers), the rows of their index are written to a checkpoint, from which the next opening takes them instead of scanning the frames.
    /// One is also written when the journal is closed, unless less than this and less than
    /// <see cref="SegmentJournal.CheckpointAtCloseBytes"/> came since the last. It is written beside appends; one that fails is logged
    /// (<see cref="RefoldEventIds.CheckpointFailed"/>) and fails nothing else.</summary>
    /// <value>Default: <see cref="SegmentJournal.DefaultCheckpointBytes"/>. 0: none is written. Not negative.</value>
    public int CheckpointBytes { get; init; } = SegmentJournal.DefaultCheckpointBytes;

    /// <summary>When an append is answered, and what that relies on.</summary>
    /// <value>Default: <see cref="Durability.Flushed"/>, after a flush.</value>
    public Durability Durability { get; init; } = Durability.Flushed;

    /// <summary>How many segment files stay open at most, besides the one that is written and those that are just being read. Others are
    /// opened when they are read.</summary>
    /// <value>Default: 64. From 1.</value>
    public int OpenFiles { get; init; } = 64;

    /// <summary>How sealed segment files are read.</summary>
    /// <value>Default: <see cref="Reads.Mapped"/>.</value>
    public Reads Reads { get; init; } = Reads.Mapped;

    /// <summary>How many bytes of the indexes of sealed segments stay in memory at most, once they were read and checked. Look-ups and
    /// reads of streams need them; a million entries have some 30 MB.</summary>
    /// <value>Default: 64 MiB. From <see cref="SegmentJournal.MinIndexCacheBytes"/>.</value>
    public int IndexCacheBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Hands every append to another thread at once, for a caller that does not wait for each answer: more of its appends share a
    /// flush. Otherwise a caller that finds the writer idle commits on its own thread, which is faster for those who wait.</summary>
    /// <value>Default: false.</value>
    public bool Pipelined { get; init; }

    /// <summary>Where work is done that no append waits for: making the next segment ahead, and writing checkpoints. A scheduler that runs
    /// it at once on the calling thread makes the order of operations repeatable.</summary>
    /// <value>Default: null, <see cref="TaskScheduler.Default"/>.</value>
    public TaskScheduler? Background { get; init; }

    /// <summary>Whether entries of a journal that is begun are found by id, by what brought them about, and by run, without reading all of
    /// them. It costs some 40 bytes an entry on disk. A journal that is there stays as it was begun.</summary>
    /// <value>Default: true.</value>
    public bool IndexIds { get; init; } = true;

    /// <summary>The ways of opening that may be taken.</summary>
    /// <value>Default: all.</value>
    public OpeningWays Opening { get; init; } = new();

    /// <summary>Refuses what is out of its range.</summary>
    /// <param name="parameter">The parameter in which it was given.</param>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    internal void RequireRanges(string parameter)
    {
        var segments = parameter + "." + nameof(JournalOptions.Segments) + ".";
        ArgumentOutOfRangeException.ThrowIfLessThan(
            SegmentBytes ?? SegmentJournal.DefaultSegmentBytes, SegmentJournal.MinSegmentBytes, segments + nameof(SegmentBytes));
        if (!Enum.IsDefined(Durability)) throw new ArgumentOutOfRangeException(parameter, Durability, "This is no durability mode.");
        if (!Enum.IsDefined(Reads)) throw new ArgumentOutOfRangeException(parameter, Reads, "This is no way to read.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(OpenFiles, segments + nameof(OpenFiles));
        ArgumentOutOfRangeException.ThrowIfLessThan(IndexCacheBytes, SegmentJournal.MinIndexCacheBytes, segments + nameof(IndexCacheBytes));
        ArgumentOutOfRangeException.ThrowIfNegative(CheckpointBytes, segments + nameof(CheckpointBytes));
        ArgumentNullException.ThrowIfNull(Opening, segments + nameof(Opening));
    }
}
