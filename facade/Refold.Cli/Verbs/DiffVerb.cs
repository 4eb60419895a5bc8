// `refold diff`: where two journals differ first.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class DiffVerb
{
    private static readonly Argument<string> Expected = new("A") { Description = "The URI of one journal" };
    private static readonly Argument<string> Actual = new("B") { Description = "The URI of the other" };

    public static Command Create()
    {
        var command = new Command("diff", "Name the first difference between two journals: entry, field, both values") { Expected, Actual };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var expected = await Journals.OpenForReadingAsync(arguments.GetRequiredValue(Expected), cancellationToken);
        await using var actual = await Journals.OpenForReadingAsync(arguments.GetRequiredValue(Actual), cancellationToken);
        var (entry, difference) = First(expected, actual, cancellationToken);
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["same"] = difference is null,
                ["difference"] = difference is null ? null : new JsonObject
                {
                    ["position"] = entry?.Position,
                    ["stream"] = entry?.Stream.Value,
                    ["version"] = entry?.Version,
                    ["path"] = difference.Path,
                    ["expected"] = difference.Expected,
                    ["actual"] = difference.Actual,
                },
            });
        }
        else if (difference is null)
        {
            Output.Line(string.Create(CultureInfo.InvariantCulture, $"identical: {expected.Head}"));
        }
        else
        {
            Facts.Print(
                ("differs at", entry?.ToString() ?? "the head"),
                ("path", difference.Path == "" ? "the entry" : difference.Path),
                ("expected", difference.Expected),
                ("actual", difference.Actual));
        }

        return difference is null ? ExitCode.Done : ExitCode.Negative;
    }

    private static (JournalEntry? Entry, LineDifference? Difference) First(
        ILocalJournal expected, ILocalJournal actual, CancellationToken cancellationToken)
    {
        using var progress = Progress.Start("comparing", "positions", expected.Head.Position);
        using var left = expected.ReadAll().GetEnumerator();
        using var right = actual.ReadAll().GetEnumerator();
        while (true)
        {
            var one = left.MoveNext() ? left.Current : null;
            var other = right.MoveNext() ? right.Current : null;
            if (one is null && other is null)
                break;
            cancellationToken.ThrowIfCancellationRequested();
            progress.Tell((one ?? other)!.Position);
            if (Lines.Difference(one, other) is { } difference)
                return (one is null || other?.Position < one.Position ? other : one, difference);
        }

        // The same entries can still have another past: what was deleted is in the head.
        return expected.Head == actual.Head
            ? (null, null)
            : (null, new LineDifference("", expected.Head.ToString(), actual.Head.ToString()));
    }
}
