// Keys, verifier keys and signed checkpoints in files, as the tool keeps and reads them. facade/docs/signing.md explains what is signed.
// Called by keygen, checkpoint, prove --text, compact and evidence.
using System.Globalization;
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
        var known = VerifierKey.Parse(File.ReadAllText(verifier).Trim());
        var key = Ed25519SigningKey.Load(known.Name, path);
        if (key.Key.ToString() == known.ToString()) return key;
        key.Dispose();
        throw new ToolException(
            ExitCode.Unreadable, $"{verifier} is not the verifier key of {path}; put back the one that was made with it.");
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

    /// <summary>What was signed last, as the memory beside a key says, whoever has it open.</summary>
    public static TreeHead Remembered(string path)
    {
        try
        {
            return FileSignerMemory.Peek(path).Tree;
        }
        catch (SigningRefusedException refused) when (refused.Code == "memory-missing")
        {
            throw new ToolException(ExitCode.Unreadable, $"{path} does not exist; name the memory that keygen made beside the key.");
        }
    }

    /// <summary>Why a journal does not go on from a checkpoint; null where it does.</summary>
    public static string? FindFault(ILocalJournal journal, TreeHead kept, TreeHead? upTo = null)
    {
        var now = upTo ?? journal.RootAt();
        if (now.Size < kept.Size)
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the journal has {now.Size} batches, and the checkpoint {kept.Size}: its tail was cut off, or a backup was put back");
        try
        {
            // Up to that size: the journal may go on meanwhile.
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

    // Links followed, without a separator at the end.
    private static string Real(string directory)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        return Directory.Exists(full) && Directory.ResolveLinkTarget(full, returnFinalTarget: true) is { } target ? target.FullName : full;
    }

    /// <summary>Does something with keys and notes: what is wrong with one of them ends the tool.</summary>
    public static T Guarded<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(ExitCode.Usage, exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]);
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
        string inside = Real(directory) + Path.DirectorySeparatorChar;
        string place = Path.Combine(Real(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "."), Path.GetFileName(path));
        if (place.StartsWith(inside, StringComparison.Ordinal))
            throw new ToolException(
                ExitCode.Usage,
                $"{path} is in the journal's directory, and a backup that is put back would bring an older one along; keep it elsewhere.");
    }
}
