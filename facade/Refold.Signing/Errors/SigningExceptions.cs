// The exceptions of signing: a text that is not what it should be, and a signature that is not given. Each has a stable code and a remedy.
// Thrown by whatever parses, and by CheckpointSigner and the memories of signers.
namespace Refold.Signing;

/// <summary>A text, or a file with a key, is not in its form. Nothing else is thrown for whatever bytes are parsed.</summary>
/// <remarks>The code says which form: <c>malformed-note</c>, <c>malformed-key</c>, <c>malformed-checkpoint</c>, <c>malformed-report</c> or
/// <c>malformed-proof</c>. The message says the line.</remarks>
public sealed class SigningFormatException : JournalException
{
    internal SigningFormatException(string code, string message, Exception? innerException = null)
        : base(code, message, innerException)
    {
    }
}

/// <summary>Nothing was signed.</summary>
/// <remarks>
/// <list type="table">
/// <item><term><c>behind-checkpoint</c></term><description>The journal is smaller than what was signed last: it was put back from an older
/// backup. Put the newer one back; after a real loss sign under a new origin.</description></item>
/// <item><term><c>other-history</c></term><description>The journal does not go on from what was signed last: it has another root at the
/// same size, or the proof does not show it. The remedy is the same.</description></item>
/// <item><term><c>other-origin</c></term><description>The memory belongs to another origin.</description></item>
/// <item><term><c>memory-missing</c>, <c>memory-exists</c></term><description>The file is not there, or is there although it was to be
/// made.</description></item>
/// <item><term><c>memory-damaged</c></term><description>The file is not what was written, or somebody replaced it.</description></item>
/// <item><term><c>memory-in-use</c></term><description>Another process, or another object of this one, has the memory open, or changed
/// it.</description></item>
/// <item><term><c>memory-failed</c></term><description>The file could not be read or written; open the memory again.</description></item>
/// <item><term><c>wrong-signature</c></term><description>The signer gave something that its verifier key does not
/// verify.</description></item>
/// </list>
/// </remarks>
public sealed class SigningRefusedException : JournalException
{
    /// <summary>Makes one, for a memory of your own.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="message">One sentence with the remedy.</param>
    /// <param name="innerException">What caused it.</param>
    public SigningRefusedException(string code, string message, Exception? innerException = null)
        : base(code, message, innerException)
    {
    }

    /// <summary>What was signed last, where that is why.</summary>
    public TreeHead? Remembered { get; init; }

    /// <summary>What was to be signed, where that is why.</summary>
    public TreeHead? Asked { get; init; }
}
