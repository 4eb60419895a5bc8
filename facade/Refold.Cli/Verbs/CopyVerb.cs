// `refold copy`: a journal from one store to another as it is: positions, versions, ids, payload bytes and head stay.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Segments;
using Refold.Transfers;

namespace Refold.Cli.Verbs;

internal static class CopyVerb
{
    private static readonly Argument<string> From = new("FROM")
    {
        Description = "The journal: segments:DIR or litedb:FILE; nothing is changed there"
    };
    private static readonly Argument<string> To = new("TO") { Description = "The copy: segments:DIR or litedb:FILE, where nothing is yet" };

    private static readonly Option<string?> IndexIds = Options.YesOrNo(
        "--index-ids", "Whether entries of a copy in segment files are found by id: some 40 bytes an entry. Default: as in FROM, else yes");

    public static Command Create()
    {
        var command = new Command(
            "copy", "Copy a journal that nobody writes into another store: positions, versions, ids, bytes and head stay")
        {
            From, To, IndexIds,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string from = arguments.GetRequiredValue(From);
        string to = arguments.GetRequiredValue(To);
        bool? asked = Options.IsYes(arguments.GetValue(IndexIds));
        TransferResult copied;
        try
        {
            var items = TransferSource.Read(from, "FROM");
            if (asked is not null && Journals.SegmentDirectory(to) is null)
                throw new ToolException(ExitCode.Usage, $"--index-ids is for a copy in segment files; TO is '{to}'.");
            bool indexIds = asked ?? IndexesIds(from) ?? true;
            long? head = Progress.IsShown ? await HeadAsync(from, cancellationToken) : null;
            copied = await Interruption.LeaveAsync(() => Copy(items, head, to, indexIds, cancellationToken), CancellationToken.None);
        }
        // Between reading and writing it comes out as a failure of the device.
        catch (Exception exception) when (
            exception is OperationCanceledException or JournalException && cancellationToken.IsCancellationRequested)
        {
            throw Interruption.At($"nothing was left at {to}", CommandText.Again());
        }

        // The copy is there: an interruption that comes now would deny it.
        await using var source = await Journals.OpenForReadingAsync(from, CancellationToken.None);
        if (source.Head != copied.Head)
            throw new ToolException(
                ExitCode.Conflict, $"{from} was written to meanwhile: the copy ends at head {copied.Head}. Copy again, to another place.");
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject { ["entries"] = copied.Entries, ["head"] = Facts.Json(copied.Head), ["copy"] = to });
        else
            Facts.Print(("entries", copied.Entries.ToString(CultureInfo.InvariantCulture)), ("head", copied.Head.ToString()), ("copy", to));
        return ExitCode.Done;
    }

    private static bool? IndexesIds(string uri) =>
        Journals.SegmentDirectory(uri) is { } directory ? SegmentTransfer.IndexesIds(new DirectoryDevice(directory)) : null;

    private static async Task<long?> HeadAsync(string uri, CancellationToken cancellationToken)
    {
        await using var journal = await Journals.OpenForReadingAsync(uri, cancellationToken);
        return journal.Head.Position;
    }

    private static TransferResult Copy(
        IEnumerable<TransferItem> items, long? head, string to, bool indexIds, CancellationToken cancellationToken)
    {
        using var progress = Progress.Start("copying", "positions", head);
        return Write(to, Interruption.Until(items, cancellationToken).Select(item =>
        {
            if (item is TransferItem.Batch { Stored.Batch: var batch }) progress.Tell(batch.FirstPosition);
            return item;
        }), indexIds);
    }

    private static TransferResult Write(string uri, IEnumerable<TransferItem> items, bool indexIds)
    {
        Journals.RequireStore(uri);
        if (Journals.SegmentDirectory(uri) is not { } target)
            return StoreFiles.Of(uri) is var (files, path) && path.Length > 0 ? files.Write(path, items)
                : throw TransferSource.NotStored("TO", uri);
        using var directory = new NewDirectory(target);
        var written = SegmentTransfer.Write(directory.Partial, items, indexIds);
        if (SegmentJournal.Verify(directory.Partial) is { First: { } fault })
            throw new ToolException(ExitCode.Unreadable, $"The copy does not verify: {fault.What}. Try again, or another device.");
        directory.Finish();
        return written;
    }
}
