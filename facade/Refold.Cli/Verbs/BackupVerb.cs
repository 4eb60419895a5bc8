// `refold backup`: a journal, open elsewhere or not, into a directory of its own.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Segments;
using Refold.Transfers;

namespace Refold.Cli.Verbs;

internal static class BackupVerb
{
    private static readonly Argument<string> Directory = new("DIR")
    {
        Description = "The directory of the backup: empty, or not there; of a journal in LiteDB the file, "
            + "and nobody may have that journal open. A killed backup leaves only DIR.partial-*, to be removed"
    };

    public static Command Create()
    {
        var command = new Command("backup", "Copy a journal, also while it is written, into a new directory, closed and verified")
        {
            Directory,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string target = arguments.GetRequiredValue(Directory);
        if (target.Length == 0)
            throw new ToolException(ExitCode.Usage, "DIR is empty; name the directory of the backup.");
        TransferResult backup;
        try
        {
            backup = await Interruption.LeaveAsync(() => Make(arguments, target, cancellationToken), CancellationToken.None);
        }
        // Between reading and writing it comes out as a failure of the device.
        catch (Exception exception) when (
            exception is OperationCanceledException or JournalException && cancellationToken.IsCancellationRequested)
        {
            throw Interruption.At($"nothing was left in {target}", CommandText.Again());
        }

        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject { ["entries"] = backup.Entries, ["head"] = Facts.Json(backup.Head), ["backup"] = target });
        else
            Facts.Print(
                ("entries", backup.Entries.ToString(CultureInfo.InvariantCulture)), ("head", backup.Head.ToString()), ("backup", target));
        return ExitCode.Done;
    }

    private static TransferResult Make(ParseResult arguments, string target, CancellationToken cancellationToken)
    {
        Journals.RequireStore(Journals.Uri(arguments));
        if (StoreFiles.Of(Journals.Uri(arguments)) is var (files, path))
            return files.Write(target, Interruption.Until(files.Read(path), cancellationToken));
        string source = Journals.RequireSegments(arguments);
        // Read once, and the copy once more.
        using var progress = Progress.Start("copying and checking", "bytes", 2 * WatchedDevice.SegmentBytes(source));
        using var directory = new NewDirectory(target);
        var backup = JournalBackup.Make(
            progress.Watching(new DirectoryDevice(source), cancellationToken),
            progress.Watching(directory.Partial, cancellationToken));
        directory.Finish();
        Journals.Tell(backup.Torn);
        Journals.TellUnconfirmed(backup.Unconfirmed);
        return new TransferResult(backup.Entries, backup.Head);
    }
}
