// `refold outbox`: where outboxes stand; confirms a message, or has a dead letter handed over again.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using DeliveryTranslation = Refold.Interop.DeliveryTranslation;

namespace Refold.Cli.Verbs;

internal static class OutboxVerb
{
    private static readonly Argument<string?> Name = new("NAME")
    {
        Description = "The outbox. Default: all",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<long?> Requeue = Options.Number(
        "--requeue", "N", "Have the dead letter with this number handed over again", 1, long.MaxValue);
    private static readonly Option<long?> Confirm = Options.Number(
        "--confirm", "N", "Confirm the message with this number: it is not handed over again", 1, long.MaxValue);

    private static readonly Option<int?> Max = Options.Number(
        "--max", "N", "Of each outbox, list at most this many messages that wait, and dead letters. Default: 100", 1, int.MaxValue);

    public static Command Create()
    {
        var command = new Command("outbox", "List outboxes with what waits in them; confirm a message, or requeue a dead letter")
        {
            Name, Requeue, Confirm, Max,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var (name, requeue, confirm) = (arguments.GetValue(Name), arguments.GetValue(Requeue), arguments.GetValue(Confirm));
        if (requeue is null && confirm is null)
        {
            await using var reading = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
            await PrintAsync(arguments, reading, name, cancellationToken);
            return ExitCode.Done;
        }

        if (name is null || (requeue is not null && confirm is not null))
            throw new ToolException(ExitCode.Usage, "Name one outbox, and give one of --requeue and --confirm. See: refold outbox --help");
        // Opening for writing would make a journal where none is.
        await using (var reading = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken))
            Require(reading, name);
        await using var journal = await Journals.OpenForWritingAsync(arguments, cancellationToken);
        if (requeue is { } dead && !await journal.RequeueMessageAsync(name, dead, cancellationToken))
            throw new ToolException(
                ExitCode.Conflict,
                FormattableString.Invariant($"Message {dead} of the outbox '{name}' is no dead letter; nothing was changed. ")
                + $"'refold outbox {name}' lists those.");
        if (confirm is { } number && !await journal.ConfirmMessageAsync(name, number, cancellationToken))
            throw new ToolException(
                ExitCode.Conflict,
                FormattableString.Invariant($"The outbox '{name}' has no message {number} that is not confirmed; nothing was changed. ")
                + $"'refold outbox {name}' lists those that wait.");
        await PrintAsync(arguments, journal, name, cancellationToken);
        return ExitCode.Done;
    }

    /// <summary>Refuses the name of an outbox that the journal does not have, as that of a stream: one that is written wrongly must not
    /// pass for one that is empty.</summary>
    public static void Require(ILocalJournal journal, string name)
    {
        if (!NamesOf(journal).Contains(name))
            throw new ToolException(ExitCode.Unreadable, $"The journal has no outbox '{name}'; 'refold outbox' lists them.");
    }

    private static List<string> NamesOf(ILocalJournal journal) =>
    [
        .. journal.Streams("$outbox").Select(info => info.Stream).Where(DeliveryTranslation.IsOfOutbox)
            .Select(stream => stream.Value[(stream.Value.IndexOf('/', StringComparison.Ordinal) + 1)..]).Distinct(),
    ];

    private static async Task PrintAsync(
        ParseResult arguments, ILocalJournal journal, string? name, CancellationToken cancellationToken)
    {
        var names = NamesOf(journal);
        if (name is not null) Require(journal, name);
        int max = arguments.GetValue(Max) ?? 100;
        List<(string Name, OutboxStatus Status)> found = [];
        foreach (var outbox in name is null ? names : [name])
            found.Add((outbox, await journal.OutboxStatusAsync(outbox, cancellationToken)));
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(new JsonObject
            {
                ["outboxes"] = new JsonArray([.. found.Select(one => new JsonObject
                {
                    ["outbox"] = one.Name,
                    ["sent"] = one.Status.Sent,
                    ["settledTo"] = one.Status.SettledTo,
                    ["unconfirmed"] = Numbers(one.Status.Unconfirmed, max),
                    ["moreUnconfirmed"] = More(one.Status.Unconfirmed, max),
                    ["deadLetters"] = Numbers(one.Status.DeadLetters, max),
                    ["moreDeadLetters"] = More(one.Status.DeadLetters, max),
                    ["dispatcher"] = one.Status.Dispatcher,
                })]),
            });
            return;
        }

        Column[] columns =
        [
            new("outbox"), new("sent") { IsNumber = true }, new("settled to") { IsNumber = true },
            new("unconfirmed") { IsCut = true, GoesAt = 1 }, new("dead letters") { IsCut = true }, new("dispatcher") { GoesAt = 2 },
        ];
        Table.Print(columns, found.Select(one => new[]
        {
            one.Name,
            one.Status.Sent.ToString(CultureInfo.InvariantCulture),
            one.Status.SettledTo.ToString(CultureInfo.InvariantCulture),
            Text(one.Status.Unconfirmed, max),
            Text(one.Status.DeadLetters, max),
            one.Status.Dispatcher ?? "",
        }), "--json");
    }

    private static JsonArray Numbers(IReadOnlyList<long> numbers, int max) =>
        new([.. numbers.Take(max).Select(number => (JsonNode)number)]);

    private static int More(IReadOnlyList<long> numbers, int max) => Math.Max(0, numbers.Count - max);

    private static string Text(IReadOnlyList<long> numbers, int max)
    {
        string listed = string.Join(' ', numbers.Take(max).Select(number => number.ToString(CultureInfo.InvariantCulture)));
        return More(numbers, max) is > 0 and var more ? FormattableString.Invariant($"{listed} and {more} more") : listed;
    }
}
