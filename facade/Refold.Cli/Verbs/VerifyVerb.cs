// `refold verify`: checks a whole journal, and a head that was kept elsewhere.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class VerifyVerb
{
    private static readonly Option<string?> Head = Options.Text(
        "--head", "HASH", "The head that the journal must have, or POSITION:HASH for one that was kept earlier");

    public static Command Create()
    {
        var command = new Command("verify", "Check every byte and hash; changes nothing") { Head };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        (long? Position, string Hash)? head = arguments.GetValue(Head) is { } text ? Arguments.Head(text) : null;
        var check = await JournalCheck.RunAsync(Journals.Uri(arguments), head, cancellationToken);
        if (arguments.GetValue(Options.Json))
            Output.Json(ToJson(check));
        else
            Print(check);
        return check.First is null ? ExitCode.Done : ExitCode.Negative;
    }

    private static JsonObject ToJson(JournalCheck check) => new()
    {
        ["ok"] = check.First is null,
        ["entries"] = check.Entries,
        ["head"] = Facts.Json(check.Head),
        ["unconfirmed"] = check.Unconfirmed,
        ["torn"] = check.Torn,
        ["first"] = check.First is not { } fault ? null : new JsonObject
        {
            ["position"] = fault.Position,
            ["what"] = fault.What,
            ["file"] = fault.File,
            ["offset"] = fault.Offset,
        },
    };

    private static void Print(JournalCheck check) => Facts.Print(
        (check.First is null ? "in order" : check.Torn ? "torn" : "tampered or damaged",
            check.First?.What ?? check.Entries.ToString(CultureInfo.InvariantCulture) + " entries"),
        ("file", check.First?.File),
        ("offset", check.First?.Offset?.ToString(CultureInfo.InvariantCulture)),
        ("head", check.Head.ToString()),
        ("unconfirmed",
            check.Unconfirmed == 0 ? null : FormattableString.Invariant($"{check.Unconfirmed} entries or deletions behind it")));
}
