// `refold explain`: an entry, what brought it about, what it brought about, and its proof.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ExplainVerb
{
    private static readonly Argument<long> Position = new("POSITION") { Description = "The entry's position" };
    private static readonly Option<int?> Limit = Options.Number(
        "--limit", "N", "At most this many causes, and as many consequences. Default: 100", 1, int.MaxValue);

    public static Command Create()
    {
        var command = new Command("explain", "Show an entry, its causes, its consequences and its proof") { Position, Limit };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        long position = arguments.GetValue(Position);
        int limit = arguments.GetValue(Limit) ?? 100;
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        if (position < 1 || !journal.ReadAll(position, 1).Any(entry => entry.Position == position))
            throw new ToolException(ExitCode.Usage, string.Create(
                CultureInfo.InvariantCulture,
                $"There is no entry at position {position}: the head is at {journal.Head.Position}, and what was deleted is not there."));
        var (causes, consequences) = (journal.Causes(position, limit), journal.Consequences(position, limit));
        var (proof, fault) = Prove(journal, position);
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject
            {
                ["entry"] = Lines.Json(causes.Entries[0].Entry),
                ["causes"] = ToJson(causes),
                ["consequences"] = ToJson(consequences),
                ["proof"] = proof is null ? null : Proofs.ToJson(proof),
                ["unproved"] = fault,
            });
        else
            Print(causes, consequences, proof, fault);
        return ExitCode.Done;
    }

    private static (InclusionProof? Proof, string? Fault) Prove(ILocalJournal journal, long position)
    {
        try
        {
            return (journal.InclusionProof(position), null);
        }
        catch (ProofException gone)
        {
            return (null, gone.Message);
        }
    }

    private static JsonObject ToJson(CausalWalk walk) => new()
    {
        ["entries"] = new JsonArray([.. walk.Entries.Skip(1).Select(item => new JsonObject
        {
            ["distance"] = item.Distance,
            ["entry"] = Lines.Json(item.Entry),
        })]),
        ["end"] = Named(walk.End),
        ["at"] = walk.At?.ToString(),
    };

    private static void Print(CausalWalk causes, CausalWalk consequences, InclusionProof? proof, string? fault)
    {
        var entry = causes.Entries[0].Entry;
        Facts.Print(
            ("entry", Text(entry)),
            ("id", entry.Id.ToString()),
            ("time", entry.Time?.ToString("O", CultureInfo.InvariantCulture)),
            ("correlation", entry.CorrelationId.ToString()),
            ("causes", Ended(causes)),
            ("consequences", Ended(consequences)),
            ("proof", proof is null ? fault : string.Create(
                CultureInfo.InvariantCulture, $"batch {proof.Ordinal} of {proof.Tree.Size}, root {proof.Tree.Root}")));
        Column[] columns = [new("what"), new("steps") { IsNumber = true }, new("position") { IsNumber = true }, new("entry")];
        Table.Print(columns, Rows("cause", causes).Concat(Rows("consequence", consequences)), "--json");
    }

    private static IEnumerable<string[]> Rows(string what, CausalWalk walk) => walk.Entries.Skip(1).Select(item => new[]
    {
        what,
        item.Distance.ToString(CultureInfo.InvariantCulture),
        item.Entry.Position.ToString(CultureInfo.InvariantCulture),
        Text(item.Entry),
    });

    private static string Text(JournalEntry entry) =>
        string.Create(CultureInfo.InvariantCulture, $"{entry.Stream} {entry.Version} {entry.Type}");

    private static string Ended(CausalWalk walk) => string.Create(
        CultureInfo.InvariantCulture, $"{walk.Entries.Count - 1}, {Named(walk.End)}{(walk.At is { } at ? " " + at : "")}");

    private static string Named(CausalEnd end) => end switch
    {
        CausalEnd.Whole => "whole",
        CausalEnd.Limit => "limit",
        CausalEnd.MissingCause => "missing-cause",
        _ => "cycle",
    };
}
