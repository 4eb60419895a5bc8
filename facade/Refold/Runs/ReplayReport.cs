// The result of verifying a run. The core's ReplayReport, mirrored.
// Answered by VerifyAsync.
using Refold.Interop;

namespace Refold;

/// <summary>Where a stream stood right after the run's last step in it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">Its version.</param>
/// <param name="StateHash">The state hash there, 64 hexadecimal digits; null where the aggregate has no state codec.</param>
public sealed record ReplayedStream(StreamId Stream, long Version, string? StateHash);

/// <summary>Entries of which something could not be compared with anything.</summary>
/// <param name="Members">The members that were not compared, in words.</param>
/// <param name="Entries">How many entries.</param>
/// <param name="Ranges">First and last position of each range of them, rising.</param>
public sealed record UncomparedEntries(string Members, long Entries, IReadOnlyList<(long First, long Last)> Ranges)
{
    /// <summary>One sentence without a full stop.</summary>
    /// <returns>What, how many, and the first positions.</returns>
    public override string ToString() => ReplayTranslation.Sentence(this);
}

/// <summary>The result of verifying a run. Immutable.</summary>
public sealed class ReplayReport
{
    private readonly Core.ReplayReport value;

    internal ReplayReport(Core.ReplayReport value, Head head)
    {
        Head = head;
        this.value = value;
        Verdict = value.Verdict;
        Streams = [.. value.Streams.Select(
            stream => new ReplayedStream(stream.Stream, stream.Version, stream.StateHash.ToNullable()?.ToString()))];
        Divergence = value.Divergence.ToReference() is { } divergence ? new Divergence(divergence) : null;
        Uncompared = [.. value.Uncompared.Select(ReplayTranslation.Uncompared)];
        Findings = [.. value.Findings.Where(finding => !finding.IsNotCompared).Select(finding => finding.ToString())];
    }

    internal Core.ReplayReport Value => value;

    /// <summary>The run.</summary>
    public RunId Run => value.Run;

    /// <summary>The head of the journal that was read: everything was read as of it.</summary>
    public Head Head { get; }

    /// <summary>The verdict.</summary>
    public ReplayVerdict Verdict { get; }

    /// <summary>Whether every entry matches.</summary>
    public bool Matched => Verdict == ReplayVerdict.Matched;

    /// <summary>Entries of the run that were read up to the verdict, control entries not counted.</summary>
    public long Entries => value.Entries;

    /// <summary>Those of them that were fed back as recorded: commands, facts, and what operations got from outside.</summary>
    public long External => value.External;

    /// <summary>Commands of the run that were decided again.</summary>
    public long Decided => value.Decided;

    /// <summary>Those of them that were made again and compared.</summary>
    public long Derived => value.Derived;

    /// <summary>The state hash over the run's streams, 64 hexadecimal digits; null unless everything matches and every aggregate has a
    /// state codec.</summary>
    public string? StateHash => value.StateHash.ToNullable()?.ToString();

    /// <summary>The streams that commands of the run were for, by UTF-8 bytes.</summary>
    public IReadOnlyList<ReplayedStream> Streams { get; }

    /// <summary>The first difference; null where there is none.</summary>
    public Divergence? Divergence { get; }

    /// <summary>Further findings, a sentence each: an ignored pin, upcasts, foreign entries folded, a missing state codec, a run
    /// that has not ended, a snapshot that a step stood on, an end that says less than it could, operations that
    /// were not replayed.</summary>
    public IReadOnlyList<string> Findings { get; }

    /// <summary>Members and entries without a counterpart to compare: inputs of a run that has not ended, entries of other writers in
    /// its streams. Everything else that names the run was made again and compared, or is a divergence or a finding.</summary>
    public IReadOnlyList<UncomparedEntries> Uncompared { get; }

    /// <summary>How many commands are redacted (<see cref="Codec{T}.WithRedaction"/>) and were not decided again: what was recorded of them
    /// was folded, and compared with all but a decision. <see cref="Uncompared"/> says where they are. Where there is one, the verdict is
    /// at best <see cref="ReplayVerdict.Incomplete"/>.</summary>
    public long NotRedecidable => value.NotRedecidable;

    /// <summary>A divergence in three lines (entry, path, expected and actual); any other verdict in one, with the numbers of
    /// <see cref="Findings"/> and of <see cref="Uncompared"/>.</summary>
    /// <returns>The lines, separated by LF.</returns>
    public override string ToString() => value.ToString();
}

/// <summary>The progress of a verification. It first reads the journal for entries of the run, then compares them.</summary>
/// <param name="Position">The last position read.</param>
/// <param name="Last">The last position of the journal.</param>
/// <param name="Compared">How many entries of the run and its streams were reached by deciding again; 0 while the journal is
/// read.</param>
/// <param name="Entries">How many there are; 0 while the journal is read.</param>
public readonly record struct VerifyProgress(long Position, long Last, long Compared = 0, long Entries = 0);

/// <summary>How a run is verified.</summary>
public sealed record VerifyOptions
{
    /// <summary>The pin of the verifying program. A difference from the recorded pin is the divergence.</summary>
    /// <value>Default: null, not compared.</value>
    public RunPin? Pin { get; init; }

    /// <summary>Compares the entries even if the pins differ, and reports the difference of pins as a finding.</summary>
    /// <value>Default: false.</value>
    public bool IgnorePin { get; init; }

    /// <summary>Snapshots to start from instead of the beginning, of each stream the newest that may be used. Commands before them are
    /// not verified, and the report says so.</summary>
    /// <value>Default: none; every command is verified.</value>
    public IReadOnlyList<Snapshot> StartFrom { get; init; } = [];

    /// <summary>The position up to which entries count: the batch that holds it counts whole. A report is made again as of its
    /// head.</summary>
    /// <value>Default: null, for the head.</value>
    public long? UpTo { get; init; }

    /// <summary>Receives the progress: about once in 4,096 entries while the journal is read, and about a thousand times while entries are
    /// compared. Called on the verifying thread.</summary>
    /// <value>Default: null.</value>
    public IProgress<VerifyProgress>? Progress { get; init; }
}
