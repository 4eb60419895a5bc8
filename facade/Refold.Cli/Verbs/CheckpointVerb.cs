// `refold checkpoint`: the size and root of a journal as a note, signed where asked; and whether a journal goes on from such a note.
// Called from the command line. The form is C2SP's tlog-checkpoint.
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Signing;

namespace Refold.Cli.Verbs;

internal static class CheckpointVerb
{
    private static readonly Option<string?> Sign = Options.Text(
        "--sign", "KEY", "Sign with this private key, which keygen made; its memory beside it never lets it sign two histories");
    private static readonly Option<string?> Origin = Options.Text(
        "--origin", "NAME", "Without --sign: whose history it is. Default: refold");
    private static readonly Argument<string> File = new("FILE") { Description = "A checkpoint that was kept" };
    private static readonly Option<string?> Key = Options.Text("--key", "VKEY", "The verifier key of who signed it, or a file with it");

    public static Command Create()
    {
        var verify = new Command("verify", "Check the signature, and that the journal goes on from the checkpoint") { File, Key };
        verify.SetAction(VerifyAsync);
        var command = new Command("checkpoint", "Print the journal's size and root as a note; keep it elsewhere") { Sign, Origin, verify };
        command.SetAction(MakeAsync);
        return command;
    }

    private static async Task<int> MakeAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string uri = Journals.Uri(arguments);
        await using var journal = await Journals.OpenForReadingAsync(uri, cancellationToken);
        string note;
        if (arguments.GetValue(Sign) is { } path)
        {
            SigningFiles.RequireOutside(uri, path);
            note = (await SignAsync(journal, path, cancellationToken)).ToString();
        }
        else
        {
            note = new Checkpoint(arguments.GetValue(Origin) ?? "refold", journal.RootAt()).ToString();
        }

        if (arguments.GetValue(Options.Json))
        {
            var tree = journal.RootAt();
            Output.Json(new JsonObject { ["size"] = tree.Size, ["root"] = tree.Root.ToString(), ["checkpoint"] = note });
        }
        else
        {
            Output.Line(Encoding.UTF8.GetBytes(note.TrimEnd('\n')));
        }

        return ExitCode.Done;
    }

    private static async Task<SignedCheckpoint> SignAsync(ILocalJournal journal, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var key = SigningFiles.Load(path);
            using var memory = FileSignerMemory.Open(SigningFiles.Beside(path).Memory);
            return await new CheckpointSigner(key, memory).SignAsync(
                journal.RootAt(),
                (from, to, _) => ValueTask.FromResult(journal.ConsistencyProof(from, to)),
                cancellationToken);
        }
        catch (SigningRefusedException refused)
        {
            throw new ToolException(ExitCode.Negative, refused.Message);
        }
    }

    private static async Task<int> VerifyAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string path = arguments.GetRequiredValue(File);
        var signed = SigningFiles.Checkpoint(path);
        var key = SigningFiles.Verifier(arguments.GetValue(Key)
            ?? throw new ToolException(ExitCode.Usage, "Say who signed it by --key: a verifier key, or a file with one."));
        await using var journal = await Journals.OpenForReadingAsync(Journals.Uri(arguments), cancellationToken);
        var (kept, now) = (signed.Checkpoint.Tree, journal.RootAt());
        string? fault = signed.Verify(key) is { Verified: false } verdict ? verdict.Fault : Fault(journal, kept, now);
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject
            {
                ["ok"] = fault is null,
                ["origin"] = signed.Checkpoint.Origin,
                ["checkpoint"] = ToJson(kept),
                ["journal"] = ToJson(now),
                ["first"] = fault,
            });
        else
            Facts.Print(
                (fault is null ? "in order" : "not so", fault ?? "the journal goes on from the checkpoint"),
                ("origin", signed.Checkpoint.Origin), ("checkpoint", kept.ToString()), ("journal", now.ToString()));
        return fault is null ? ExitCode.Done : ExitCode.Negative;
    }

    private static JsonObject ToJson(TreeHead tree) => new() { ["size"] = tree.Size, ["root"] = tree.Root.ToString() };

    /// <summary>Why a journal does not go on from a checkpoint; null where it does.</summary>
    internal static string? Fault(ILocalJournal journal, TreeHead kept, TreeHead now)
    {
        if (now.Size < kept.Size)
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the journal has {now.Size} batches, and the checkpoint {kept.Size}: its tail was cut off, or a backup was put back");
        try
        {
            // Up to the size that was asked for: a writer may go on meanwhile.
            return journal.ConsistencyProof(kept.Size, now.Size).Shows(kept, now)
                ? null
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"the first {kept.Size} batches are not those of the checkpoint: the history was rewritten");
        }
        catch (ProofException dropped)
        {
            return dropped.Message.TrimEnd('.');
        }
    }
}
