// `refold prove`: that an entry is in the journal, or that the journal at one size goes on to a larger one.
// Called from the command line.
using System.CommandLine;
using System.Globalization;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class ProveVerb
{
    private static readonly Argument<long?> Position = new("POSITION")
    {
        Description = "The entry's position",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<long?> Size = Options.Number(
        "--size", "SIZE", "Prove the entry at this number of batches. Default: all", 0, long.MaxValue);
    private static readonly Option<long?> From = Options.Number(
        "--from", "SIZE", "Prove that the journal at this number of batches goes on to --to", 0, long.MaxValue);
    private static readonly Option<long?> To = Options.Number(
        "--to", "SIZE", "The larger number of batches. Default: all", 0, long.MaxValue);
    private static readonly Option<string?> Checkpoint = Options.Text(
        "--text", "FILE", "Print the proof of the entry's batch as a text (C2SP tlog-proof) under this signed checkpoint");
    private static readonly Option<bool> Positions = Options.Flag(
        "--positions", "--size, --from and --to are positions: the batches up to and with theirs are meant");

    public static Command Create()
    {
        var command = new Command("prove", "Prove an entry, or that a journal goes on from an earlier size of it")
        {
            Position, Size, From, To, Positions, Checkpoint,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        long? position = arguments.GetValue(Position);
        long? from = arguments.GetValue(From);
        if (position is null == from is null || (position is not null && arguments.GetValue(To) is not null)
            || (arguments.GetValue(Checkpoint) is not null && (position is null || arguments.GetValue(Size) is not null))
            || (from is not null && arguments.GetValue(Size) is not null))
            throw new ToolException(
                ExitCode.Usage, "prove takes POSITION, with --size or --text where asked, or --from, with --to where asked.");
        if (arguments.GetValue(To) < from)
            throw new ToolException(ExitCode.Usage, "--from is above --to: a proof goes from the smaller size.");
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        try
        {
            if (position is { } proved && arguments.GetValue(Checkpoint) is { } file)
                PrintText(journal, proved, file);
            else if (position is { } at)
                Print(arguments, journal.InclusionProof(at, SizeOf(journal, arguments, Size)));
            else
                Print(arguments, journal.ConsistencyProof(SizeOf(journal, arguments, From)!.Value, SizeOf(journal, arguments, To)));
            return ExitCode.Done;
        }
        catch (ArgumentOutOfRangeException outside)
        {
            var tree = journal.RootAt();
            throw new ToolException(ExitCode.Usage, string.Create(
                CultureInfo.InvariantCulture,
                $"{outside.ActualValue} is not in the journal, or not at that size: it has {tree.Size} batches, "
                + $"up to position {journal.Head.Position}."));
        }
    }

    private static void PrintText(ILocalJournal journal, long position, string file)
    {
        var checkpoint = SigningFiles.Checkpoint(file);
        var tree = checkpoint.Checkpoint.Tree;
        if (tree.Size > journal.RootAt().Size)
            throw new ToolException(ExitCode.Negative, $"{file}: {SigningFiles.FindFault(journal, tree)}.");
        var proof = journal.InclusionProof(position, tree.Size);
        if (proof.Tree != tree)
            throw new ToolException(
                ExitCode.Negative, $"{file} is not of this journal: the root at its size is {proof.Tree.Root}, not {tree.Root}.");
        Output.Line(new Refold.Signing.TlogProof(proof.Ordinal, proof.Path, checkpoint).ToString().TrimEnd('\n'));
    }

    private static long? SizeOf(ILocalJournal journal, ParseResult arguments, Option<long?> option)
    {
        if (arguments.GetValue(option) is not { } asked) return null;
        return arguments.GetValue(Positions)
            ? journal.TreeSize(asked) ?? throw new ToolException(ExitCode.Usage, string.Create(
                CultureInfo.InvariantCulture, $"{option.Name} is {asked}, and no batch of the journal holds that position."))
            : asked;
    }

    private static void Print(ParseResult arguments, InclusionProof proof)
    {
        if (arguments.GetValue(Options.Json))
        {
            Output.Line(proof.ToJson());
            return;
        }

        Facts.Print(
            ("entry", Text(proof.Position)),
            ("stream", proof.TryReadEntry()?.Stream.Value),
            ("version", Text(proof.Version)),
            ("batch", Text(proof.Ordinal)),
            ("size", Text(proof.Tree.Size)),
            ("root", proof.Tree.Root.ToString()),
            ("path", Text(proof.Path.Count) + " hashes; --json prints the proof"));
    }

    private static void Print(ParseResult arguments, ConsistencyProof proof)
    {
        if (arguments.GetValue(Options.Json))
        {
            Output.Json(Proofs.ToJson(proof));
            return;
        }

        Facts.Print(
            ("from", Text(proof.From)),
            ("to", Text(proof.To.Size)),
            ("root", proof.To.Root.ToString()),
            ("via", proof.Via?.ToString()),
            ("path", Text(proof.Path.Count + proof.PathToVia.Count) + " hashes; --json prints the proof"));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
