// A report, or any other document, signed by its hash: who vouches for it, which kind it is, and the hash of its body.
// Made by whoever reports; checked beside the body.
namespace Refold.Signing;

/// <summary>Vouches for the body of a report: a signed note whose text is <c>refold.report/v1</c>, the signer's name, the kind and the
/// SHA-256 of the body in hex, a line each.</summary>
/// <remarks>The name is in the text because an Ed25519 signature does not say under which name it was given: without the line, a signature
/// by the same key under another name (of a test system, say) could be moved. A report's text is never that of a checkpoint, nor of a
/// cosignature.</remarks>
public sealed class SignedReport
{
    internal const string Header = "refold.report/v1";

    private const int LongestKind = 64;

    private static readonly NoteText Form = new("report", "malformed-report", SignedNote.MaxBytes);

    private SignedReport(SignedNote note, string name, string kind, Hash bodyHash) =>
        (Note, Name, Kind, BodyHash) = (note, name, kind, bodyHash);

    /// <summary>The note.</summary>
    public SignedNote Note { get; }

    /// <summary>Who vouches, as the text says.</summary>
    public string Name { get; }

    /// <summary>Which kind of report it is.</summary>
    public string Kind { get; }

    /// <summary>The SHA-256 of the body.</summary>
    public Hash BodyHash { get; }

    /// <summary>Signs the hash of a report's body.</summary>
    /// <param name="kind">Which kind of report: from 1 to 64 of <c>a</c> to <c>z</c>, <c>0</c> to <c>9</c>, <c>.</c>, <c>/</c>, <c>-</c>;
    /// <c>replay/v1</c> for example.</param>
    /// <param name="bodyHash">The SHA-256 of the body.</param>
    /// <param name="signer">Who signs.</param>
    /// <param name="cancellationToken">Handed to the signer.</param>
    /// <returns>The signed report.</returns>
    /// <exception cref="SigningRefusedException">The signer gave a wrong signature (<c>wrong-signature</c>).</exception>
    public static async ValueTask<SignedReport> SignAsync(
        string kind, Hash bodyHash, INoteSigner signer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(signer);
        if (!IsKind(kind))
            throw new ArgumentException("A kind has from 1 to 64 of the characters a to z, 0 to 9, '.', '/' and '-'.", nameof(kind));
        var name = signer.Key.Name;
        var note = await SignedNote.MakeAsync($"{Header}\n{name}\n{kind}\n{bodyHash}\n", signer, cancellationToken).ConfigureAwait(false);
        return new SignedReport(note, name, kind, bodyHash);
    }

    /// <summary>Reads a signed report.</summary>
    /// <param name="utf8">The bytes of the note.</param>
    /// <returns>The report; its signature is not checked.</returns>
    /// <exception cref="SigningFormatException">The bytes are no note (<c>malformed-note</c>) or the note no report
    /// (<c>malformed-report</c>).</exception>
    public static SignedReport Parse(ReadOnlySpan<byte> utf8) => Of(SignedNote.Parse(utf8));

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    /// <param name="note">The text of the note.</param>
    public static SignedReport Parse(string note) => Of(SignedNote.Parse(note));

    /// <summary>Checks that a key vouches for a body.</summary>
    /// <param name="key">The key that is trusted; its name must be the one in the report.</param>
    /// <param name="bodyHash">The SHA-256 of the body that is at hand.</param>
    /// <returns>Whether it is so.</returns>
    public SignatureVerdict Verify(VerifierKey key, Hash bodyHash)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Type != SignatureType.Ed25519) throw new ArgumentException("The key of a report is of type 0x01.", nameof(key));
        if (key.Name != Name) return SignatureVerdict.Refused($"the report is by {Name}, and {key.Name} is trusted");
        if (bodyHash != BodyHash)
            return SignatureVerdict.Refused($"the report is of a body with the hash {BodyHash}, and this one has {bodyHash}");
        return Note.Verify(key);
    }

    /// <summary>The bytes of the note, in UTF-8.</summary>
    /// <returns>A new array.</returns>
    public byte[] ToArray() => Note.ToArray();

    /// <summary>The note as it is written.</summary>
    public override string ToString() => Note.ToString();

    private static SignedReport Of(SignedNote note)
    {
        if (note.Text.Split('\n') is not [Header, var name, var kind, var hash, ""])
            throw Form.Malformed($"has not the four lines {Header}, name, kind and hash");
        if (KeyName.FaultOf(name) is { } fault) throw Form.Malformed($"has a name that {fault}");
        if (!IsKind(kind)) throw Form.Malformed("has a kind that is not 1 to 64 of the characters a to z, 0 to 9, '.', '/' and '-'");
        if (!Hash.TryParse(hash, out var bodyHash) || bodyHash.ToString() != hash)
            throw Form.Malformed("has a hash that is not 64 lower-case hex digits");
        return new SignedReport(note, name, kind, bodyHash);
    }

    private static bool IsKind(string kind) =>
        kind.Length is > 0 and <= LongestKind
        && kind.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '.' or '/' or '-');
}
