// `refold keygen`: a key that signs checkpoints, its public half, and the memory of what it signed.
// Called from the command line.
using System.CommandLine;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Refold.Signing;

namespace Refold.Cli.Verbs;

internal static class KeygenVerb
{
    private static readonly Argument<string> Name = new("NAME")
    {
        Description = "Whose history it signs, such as example.com/orders: no white space, no plus",
    };
    private static readonly Option<string?> Out = Options.Text(
        "--out", "FILE", "The private key; beside it come FILE.pub, FILE.vkey and FILE.memory. Default: refold.key");

    public static Command Create()
    {
        var command = new Command("keygen", "Make a key (Ed25519) that signs checkpoints") { Name, Out };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        string path = arguments.GetValue(Out) ?? "refold.key";
        var (verifier, publicKey, memory) = SigningFiles.Beside(path);
        SigningFiles.RequireOutside(Journals.Uri(arguments), path);
        string[] there = [.. new[] { path, verifier, publicKey, memory }.Where(File.Exists)];
        if (there.Length > 0)
            throw new ToolException(
                ExitCode.Usage, $"{there[0]} is there already; a key is never written over. Name another by --out.");
        string text = SigningFiles.Guarded(() => Make(arguments.GetRequiredValue(Name), path));
        if (arguments.GetValue(Options.Json))
            Output.Json(new JsonObject { ["key"] = path, ["public"] = publicKey, ["verifierKey"] = text, ["memory"] = memory });
        else
            Facts.Print(("private key", path), ("public key", publicKey), ("memory", memory), ("verifier key", text));
        return ExitCode.Done;
    }

    private static string Make(string name, string path)
    {
        using var key = Generate(name);
        var (verifier, publicKey, memory) = SigningFiles.Beside(path);
        key.Save(path);
        File.WriteAllText(publicKey, key.Key.ToPem());
        File.WriteAllText(verifier, key.Key + "\n");
        FileSignerMemory.Create(memory, key.Key.Name).Dispose();
        return key.Key.ToString();
    }

    private static Ed25519SigningKey Generate(string name)
    {
        try
        {
            return Ed25519SigningKey.Generate(name);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(ExitCode.Usage, exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]);
        }
    }
}
