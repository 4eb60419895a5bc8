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
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        string target = arguments.GetRequiredValue(Directory);
        if (target.Length == 0)
            throw new ToolException(ExitCode.Usage, "DIR is empty; name the directory of the backup.");
        var backup = Make(arguments, target);
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject { ["entries"] = backup.Entries, ["head"] = Facts.Json(backup.Head), ["backup"] = target });
        else
            Facts.Print(
                ("entries", backup.Entries.ToString(CultureInfo.InvariantCulture)), ("head", backup.Head.ToString()), ("backup", target));
        return ExitCode.Done;
    }

    private static TransferResult Make(ParseResult arguments, string target)
    {
        Journals.RequireStore(Journals.Uri(arguments));
        if (StoreFiles.Of(Journals.Uri(arguments)) is var (files, path))
            return files.Write(target, files.Read(path));
        var source = new DirectoryDevice(Journals.RequireSegments(arguments));
        using var directory = new NewDirectory(target);
        var backup = JournalBackup.Make(source, directory.Partial);
        directory.Finish();
        Journals.Tell(backup.Torn);
        Journals.TellUnconfirmed(backup.Unconfirmed);
        return new TransferResult(backup.Entries, backup.Head);
    }
}
