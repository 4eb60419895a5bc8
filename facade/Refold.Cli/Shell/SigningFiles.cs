// Keys, verifier keys and signed checkpoints in files, as the tool keeps and reads them. facade/docs/signing.md explains what is signed.
// Called by keygen, checkpoint, prove --text, evidence and compact.
using Refold.Signing;

namespace Refold.Cli.Shell;

internal static class SigningFiles
{
    /// <summary>What lies beside a private key: its verifier key in one line, the public key in PEM, and the signer's memory.</summary>
    public static (string Verifier, string Public, string Memory) Beside(string key) => (key + ".vkey", key + ".pub", key + ".memory");

    /// <summary>A private key that keygen made.</summary>
    public static Ed25519SigningKey Load(string path) => Guarded(() =>
    {
        var (verifier, _, _) = Beside(path);
        if (!File.Exists(path) || !File.Exists(verifier))
            throw new ToolException(
                ExitCode.Unreadable,
                $"{(File.Exists(path) ? verifier : path)} does not exist; make a key by: refold keygen NAME --out {path}");
        return Ed25519SigningKey.Load(VerifierKey.Parse(File.ReadAllText(verifier).Trim()).Name, path);
    });

    /// <summary>A verifier key: said, or in a file.</summary>
    public static VerifierKey Verifier(string text) =>
        Guarded(() => VerifierKey.Parse(File.Exists(text) ? File.ReadAllText(text).Trim() : text));

    /// <summary>A signed checkpoint in a file.</summary>
    public static SignedCheckpoint Checkpoint(string path) => Guarded(() =>
    {
        if (!File.Exists(path)) throw new ToolException(ExitCode.Unreadable, $"{path} does not exist; name a checkpoint.");
        return SignedCheckpoint.Parse(File.ReadAllBytes(path));
    });

    /// <summary>Does something with keys and notes: what is wrong with one of them ends the tool.</summary>
    public static T Guarded<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SigningFormatException exception)
        {
            throw new ToolException(ExitCode.Unreadable, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(ExitCode.Unreadable, exception.Message);
        }
    }

    /// <summary>Refuses a file in the journal's directory: a backup that is put back must not bring an older one along.</summary>
    public static void RequireOutside(string uri, string path)
    {
        if (Journals.SegmentDirectory(uri) is not { } directory) return;
        string inside = Path.GetFullPath(directory) + Path.DirectorySeparatorChar;
        if (Path.GetFullPath(path).StartsWith(inside, StringComparison.Ordinal))
            throw new ToolException(
                ExitCode.Usage,
                $"{path} is in the journal's directory, and a backup that is put back would bring an older one along; keep it elsewhere.");
    }
}
