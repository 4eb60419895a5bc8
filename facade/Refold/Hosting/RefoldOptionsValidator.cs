// What must be right about RefoldOptions before a journal is opened; each message has its remedy.
// Called by the options package when a host starts, or when the journal is first asked for.
using Microsoft.Extensions.Options;
using Refold.Segments;

namespace Refold;

internal sealed class RefoldOptionsValidator : IValidateOptions<RefoldOptions>
{
    public ValidateOptionsResult Validate(string? name, RefoldOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Refusal(options) is { } refusal ? ValidateOptionsResult.Fail(refusal) : ValidateOptionsResult.Success;
    }

    private static string? Refusal(RefoldOptions options)
    {
        switch (options.Chosen)
        {
            case []:
                return "No journal is chosen; call UseSegmentFiles(path), UseInMemory() or UseJournal(uri) in AddRefold or behind it.";
            case [var uri]:
                if (options.RecoveryCapacity < 1)
                    return Refused("RefoldOptions.RecoveryCapacity", options.RecoveryCapacity, "; set 1 or more");
                return Refusal(uri, options.Journal) ?? RefusalOfSnapshots(options) ?? RefusalOfOpening(options);
            default:
                return $"More than one journal is chosen ({string.Join(", ", options.Chosen)}); "
                    + "keep one, or give the others a name with AddKeyedRefold.";
        }
    }

    private static string? Refusal(string uri, JournalOptions? journal)
    {
        if (journal is null)
            return "RefoldOptions.Journal is null; leave it as it is, or set JournalOptions.";
        if (string.IsNullOrWhiteSpace(uri))
            return "The journal's URI is empty; write it as segments:DIR, litedb:FILE or memory:.";
        if (uri.StartsWith("segments:", StringComparison.Ordinal) && string.IsNullOrWhiteSpace(uri["segments:".Length..]))
            return "The directory of the segment files is empty; give UseSegmentFiles a path.";
        if (journal.SnapshotInterval < 0)
            return Refused("JournalOptions.SnapshotInterval", journal.SnapshotInterval, "; set 0 for no snapshots, or 1 or more");
        return RefusalOfSegments(journal.Segments) ?? MessageOf(() => Journal.Check(uri));
    }

    private static string? RefusalOfSegments(SegmentOptions? segments) => segments switch
    {
        null => "JournalOptions.Segments is null; leave it as it is, or set SegmentOptions.",
        { SegmentBytes: < SegmentJournal.MinSegmentBytes } => Refused(
            "SegmentOptions.SegmentBytes",
            segments.SegmentBytes.Value,
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"; set {SegmentJournal.MinSegmentBytes} or more, or leave it null")),
        { CheckpointBytes: < 0 } => Refused(
            "SegmentOptions.CheckpointBytes", segments.CheckpointBytes, "; set 0 for no checkpoints, or more"),
        { OpenFiles: < 1 } => Refused("SegmentOptions.OpenFiles", segments.OpenFiles, "; set 1 or more"),
        { IndexCacheBytes: < SegmentJournal.MinIndexCacheBytes } => Refused(
            "SegmentOptions.IndexCacheBytes",
            segments.IndexCacheBytes,
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"; set {SegmentJournal.MinIndexCacheBytes} or more")),
        { Opening: null } => "SegmentOptions.Opening is null; leave it as it is, or set OpeningWays.",
        _ when !Enum.IsDefined(segments.Durability) => Refused(
            "SegmentOptions.Durability",
            (int)segments.Durability,
            ", which is no mode; set one of " + string.Join(", ", Enum.GetNames<Durability>())),
        _ when !Enum.IsDefined(segments.Reads) => Refused(
            "SegmentOptions.Reads",
            (int)segments.Reads,
            ", which is no way to read; set one of " + string.Join(", ", Enum.GetNames<Reads>())),
        _ => null,
    };

    private static string Refused(string option, long value, string remedy) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{option} is {value}{remedy}.");

    private static string? RefusalOfSnapshots(RefoldOptions options)
    {
        if (options.Snapshots is null)
            return "RefoldOptions.Snapshots is null; leave it as it is, or set SnapshotOptions.";
        if (options.Snapshots.Retention < 1)
            return string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"SnapshotOptions.Retention is {options.Snapshots.Retention}; set 1 or more.");
        return options.ChosenSnapshots switch
        {
            [] => null,
            [null or ""] => "The URI of the snapshots is empty; write it as segments:DIR, litedb:FILE or memory:.",
            [var uri] => MessageOf(() => Snapshots.Check(uri)),
            var several => $"More than one snapshot store is chosen ({string.Join(", ", several)}); keep one.",
        };
    }

    private static string? RefusalOfOpening(RefoldOptions options)
    {
        if (options.OpenAtStart) return null;
        const string remedy = "is opened asynchronously, when the host starts; leave RefoldOptions.OpenAtStart true.";
        if (!Journal.Check(options.Chosen[0])) return $"The journal '{options.Chosen[0]}' {remedy}";
        return options.ChosenSnapshots is [var uri] && !Snapshots.Check(uri) ? $"The snapshot store '{uri}' {remedy}" : null;
    }

    private static string? MessageOf(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message;
        }
    }
}
