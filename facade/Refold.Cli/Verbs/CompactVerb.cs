// `refold compact`: replaces sealed segments of a journal by smaller ones; interrupted at any moment, it loses nothing.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Segments;
using Refold.Transfers;

namespace Refold.Cli.Verbs;

internal static class CompactVerb
{
    private static readonly Option<bool> Merge = Options.Flag("--merge", "Join sealed segments; nothing goes");
    private static readonly Option<long?> RetainFrom = Options.Number(
        "--retain-from", "POSITION", "Drop the batches that end before this position; the last batch stays", 1, long.MaxValue);
    private static readonly Option<string?> DeleteStream = Options.Text(
        "--delete-stream", "STREAM", "Delete a stream as far as it goes, and drop its bytes");
    private static readonly Option<long?> ForgetKeysBefore = Options.Number(
        "--forget-keys-before", "POSITION", "Forget the idempotency keys of batches that begin before this position", 1, long.MaxValue);

    private static readonly Option<string[]> LoseOutbox = new("--lose-outbox")
    {
        Description = "Let this outbox lose messages that are not settled, or its log; may be given more than once",
        HelpName = "NAME",
    };

    private static readonly Option<string[]> Checkpoints = new("--checkpoint")
    {
        Description = "With --retain-from: growth from this checkpoint stays provable; may be given more than once",
        HelpName = "FILE",
    };

    private static readonly Option<string[]> Memories = new("--memory")
    {
        Description = "With --retain-from: growth from what was signed last stays provable; the memory beside the key; may be given more "
            + "than once",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command("compact", "Give room back: join segments, drop the beginning or a stream; positions and the head stay")
        {
            Merge, RetainFrom, DeleteStream, ForgetKeysBefore, LoseOutbox, Checkpoints, Memories, ReportFile.To, ReportFile.Sign,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var request = Request(arguments);
        using var writer = ReportWriter.Of(arguments);
        Journals.RequireStore(Journals.Uri(arguments));
        if (StoreFiles.Of(Journals.Uri(arguments)) is var (files, path))
            return await CompactFileAsync(arguments, request, files, path, writer, cancellationToken);
        string directory = Journals.RequireSegments(arguments);
        var device = new DirectoryDevice(directory);
        // Opening for writing would make a journal where none is.
        if (!FileNames.HasSegments(device))
            throw SegmentFaults.NoJournal(device);
        await using var journal = (SegmentJournal)await Journals.OpenForWritingAsync(arguments, cancellationToken);
        CheckPosition("--retain-from", (request as CompactionRequest.RetainFrom)?.Position, journal.Head);
        CheckPosition("--forget-keys-before", (request as CompactionRequest.ForgetKeysBefore)?.Position, journal.Head);
        CheckStream(request, journal);
        CheckOutboxes(request, journal);
        CheckKept(arguments, journal);
        CompactionReport report;
        EvidenceReport? evidence = null;
        using (var progress = new Shown())
        {
            try
            {
                if (writer is null) report = await journal.CompactAsync(request, progress, cancellationToken);
                else (report, evidence) = await journal.CompactWithEvidenceAsync(request, progress, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw Interruption.At(
                    "every entry is as it was, and what was compacted by then stays so", CommandText.Again());
            }
        }

        Print(arguments, journal, report);
        if (evidence is not null) await writer!.WriteAsync(evidence);
        return ExitCode.Done;
    }

    /// <summary>A journal in one file is written anew, without what was deleted.</summary>
    private static async Task<int> CompactFileAsync(
        ParseResult arguments, CompactionRequest request, IStoreFiles files, string path, ReportWriter? writer,
        CancellationToken cancellationToken)
    {
        if (request is CompactionRequest.RetainFrom)
            throw new ToolException(
                ExitCode.Usage,
                "--retain-from works on segment files; copy the journal to segments:DIRECTORY first, or use --delete-stream.");
        if (!File.Exists(path))
            throw new ToolException(ExitCode.Unreadable, $"There is no journal in {path}; name another by --journal.");
        long forgetKeysBefore = (request as CompactionRequest.ForgetKeysBefore)?.Position ?? 0;
        if (forgetKeysBefore > 0)
        {
            await using var journal = Journals.OpenForReading(arguments);
            CheckPosition("--forget-keys-before", forgetKeysBefore, journal.Head);
        }

        CompactionEvidence? evidence = null;
        if (writer is not null)
        {
            await using var journal = Journals.OpenForReading(arguments);
            evidence = CompactionEvidence.Before(journal);
        }

        if (request is CompactionRequest.DeleteStream { Stream: var stream })
        {
            await using var journal = Journals.OpenForWriting(arguments);
            CheckStream(request, journal);
            CheckOutboxes(request, journal);
            await new OutboxRetention(journal, request.MayLose, cancellationToken).RequireAsync(stream);
            await journal.DeleteToAsync(stream, long.MaxValue, cancellationToken);
        }

        // The new file takes the old one's place only when it is whole.
        var (compacted, before, after) = await Interruption.LeaveAsync(() => files.Compact(path, forgetKeysBefore), cancellationToken);
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject
            {
                ["bytesBefore"] = before,
                ["bytesAfter"] = after,
                ["entries"] = compacted.Entries,
                ["head"] = Facts.Json(compacted.Head)
            });
        else
            Facts.Print(
                ("replaced", FormattableString.Invariant($"{before} bytes")), ("by", FormattableString.Invariant($"{after} bytes")),
                ("head", compacted.Head.ToString()));
        if (evidence is not null)
        {
            await using var journal = Journals.OpenForReading(arguments);
            string[] beside = [FormattableString.Invariant($"{before} bytes before, {after} after")];
            await writer!.WriteAsync(evidence.After(journal, request, beside));
        }

        return ExitCode.Done;
    }

    private static CompactionRequest Request(ParseResult arguments)
    {
        List<CompactionRequest> requests = [];
        if (arguments.GetValue(Merge)) requests.Add(new CompactionRequest.Merge());
        var kept = Kept(arguments);
        if (arguments.GetValue(RetainFrom) is { } position)
            requests.Add(new CompactionRequest.RetainFrom(position)
            {
                ProvableSizes = [.. kept.Select(one => one.Tree.Size).Where(size => size > 0)],
            });
        else if (kept.Count > 0)
            throw new ToolException(ExitCode.Usage, "--checkpoint and --memory go with --retain-from. See: refold compact --help");
        if (arguments.GetValue(DeleteStream) is { } stream) requests.Add(new CompactionRequest.DeleteStream(Arguments.Stream(stream)));
        if (arguments.GetValue(ForgetKeysBefore) is { } before) requests.Add(new CompactionRequest.ForgetKeysBefore(before));
        string[] mayLose = arguments.GetValue(LoseOutbox) ?? [];
        if (mayLose.Length > 0 && requests is [not (CompactionRequest.RetainFrom or CompactionRequest.DeleteStream)])
            throw new ToolException(ExitCode.Usage, "--lose-outbox goes with --retain-from or --delete-stream. See: refold compact --help");
        return requests is [var request]
            ? request with { MayLose = mayLose }
            : throw new ToolException(
                ExitCode.Usage,
                "Say what to do by exactly one of --merge, --retain-from, --delete-stream, --forget-keys-before. "
                + "See: refold compact --help");
    }

    /// <summary>A name that is written wrongly must not pass for a stream that is gone.</summary>
    private static void CheckStream(CompactionRequest request, ILocalJournal journal)
    {
        if (request is CompactionRequest.DeleteStream { Stream: var stream } && journal.HighestVersion(stream) == 0)
            throw Journals.NoStream(stream);
    }

    /// <summary>What somebody keeps: in checkpoints, and in the memories of signers.</summary>
    private static List<(string File, TreeHead Tree)> Kept(ParseResult arguments) =>
    [
        .. (arguments.GetValue(Checkpoints) ?? []).Select(file => (file, SigningFiles.Checkpoint(file).Checkpoint.Tree)),
        .. (arguments.GetValue(Memories) ?? []).Select(file => (file, SigningFiles.Remembered(file))),
    ];

    /// <summary>A checkpoint of another history must not pass for one of this journal: what goes does not come back.</summary>
    private static void CheckKept(ParseResult arguments, SegmentJournal journal)
    {
        foreach (var (file, tree) in Kept(arguments))
        {
            if (SigningFiles.FindFault(journal, tree) is { } fault)
                throw new ToolException(ExitCode.Negative, $"{file}: {fault}. Nothing was compacted.");
        }
    }

    /// <summary>Nor for an outbox that may lose something.</summary>
    private static void CheckOutboxes(CompactionRequest request, ILocalJournal journal)
    {
        foreach (string name in request.MayLose) OutboxVerb.Require(journal, name);
    }

    private static void CheckPosition(string option, long? position, Head head)
    {
        if (position > head.Position + 1)
            throw new ToolException(
                ExitCode.Usage, FormattableString.Invariant($"{option} is {position}, the head is at {head.Position}."));
    }

    private static void Print(ParseResult arguments, SegmentJournal journal, CompactionReport report)
    {
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["replaced"] = report.Replaced,
                ["made"] = report.Made,
                ["bytesBefore"] = report.BytesBefore,
                ["bytesAfter"] = report.BytesAfter,
                ["begin"] = Facts.Json(journal.Begin),
                ["provableFrom"] = journal.TreeSize(journal.Begin.Position),
                ["provable"] = new JsonArray([.. journal.ProvableSizes.Select(size => (JsonNode)size)]),
                ["keysForgottenBefore"] = journal.KeysForgottenBefore,
                ["head"] = Facts.Json(journal.Head),
            });
            return;
        }

        Facts.Print(
            ("replaced", FormattableString.Invariant($"{report.Replaced} segments, {report.BytesBefore} bytes")),
            ("by", FormattableString.Invariant($"{report.Made} segments, {report.BytesAfter} bytes")),
            ("begins behind", Facts.Begin(journal)),
            ("proofs hold", ProofsHold(journal)),
            ("keys forgotten", Facts.ForgottenKeys(journal)),
            ("head", journal.Head.ToString()));
    }

    private static string ProofsHold(SegmentJournal journal)
    {
        string from = FormattableString.Invariant($"from size {journal.TreeSize(journal.Begin.Position)} on");
        return journal.ProvableSizes is { Count: > 0 } sizes
            ? from + ", and from " + string.Join(", ", sizes.Select(size => size.ToString(CultureInfo.InvariantCulture)))
            : from;
    }

    /// <summary>Progress as it comes, from another thread: a bar for each phase.</summary>
    private sealed class Shown : IProgress<CompactionProgress>, IDisposable
    {
        private readonly Progress planning = Progress.Start("planning", "segments read");
        private readonly Progress replacing = Progress.Start("compacting", "new segments");

        public void Report(CompactionProgress value) =>
            (value.Phase == CompactionPhase.Planning ? planning : replacing).Tell(value.Done, value.Total);

        public void Dispose()
        {
            planning.Dispose();
            replacing.Dispose();
        }
    }
}
