// A text with signatures under it: the signed note of C2SP (c2sp.org/signed-note@v1.0.0).
// Under checkpoints, reports and proofs; made by whoever signs, parsed by whoever checks.
using System.Text;

namespace Refold.Signing;

/// <summary>A text and the signatures under it, as C2SP signed notes are written (c2sp.org/signed-note@v1.0.0).</summary>
/// <remarks>
/// The text ends with a newline. An empty line follows, then one line <c>— NAME BASE64</c> for each signature. What is signed is the text
/// with its last newline, without the empty line. Until <see cref="Verify"/> says that a known key signed it, nothing in the text is to be
/// trusted. A note that is parsed and written again has the same bytes.
/// </remarks>
public sealed class SignedNote
{
    /// <summary>The most bytes that are read or written: 1 MiB.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The most signatures that are read or written.</summary>
    public const int MaxSignatures = 100;

    private static readonly NoteText Form = new("note", "malformed-note", MaxBytes);

    /// <summary>Puts signatures under a text, without checking them.</summary>
    /// <param name="text">The text: it ends with a newline and has no other control character.</param>
    /// <param name="signatures">From 1 to <see cref="MaxSignatures"/>.</param>
    /// <exception cref="ArgumentException">The text or the signatures cannot be written.</exception>
    public SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        RequireText(text);
        ArgumentNullException.ThrowIfNull(signatures);
        if (signatures.Count is 0 or > MaxSignatures)
            throw new ArgumentException($"A note has from 1 to {NoteText.Number(MaxSignatures)} signatures.", nameof(signatures));
        (Text, Signatures) = (text, [.. signatures]);
        if (NoteText.Utf8.GetByteCount(ToString()) > MaxBytes)
            throw new ArgumentException($"A note has at most {NoteText.Number(MaxBytes)} bytes.", nameof(text));
    }

    /// <summary>The text, with its last newline.</summary>
    public string Text { get; }

    /// <summary>The signature lines in their order, also those of unknown keys.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note.</summary>
    /// <param name="utf8">Its bytes.</param>
    /// <returns>The note; none of its signatures is checked.</returns>
    /// <exception cref="SigningFormatException">The bytes are no note, or exceed a limit (<c>malformed-note</c>).</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> utf8)
    {
        var note = Form.RequirePrintable(Form.Decode(utf8));
        if (!note.EndsWith('\n')) throw Form.Malformed("does not end with a newline");
        // The text may have empty lines too: the last one counts.
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0) throw Form.Malformed("has no text with an empty line behind it");
        var text = note[..(end + 1)];
        if (end + 2 == note.Length) throw Form.Malformed("has no signature behind the last empty line");
        var lines = note[(end + 2)..^1].Split('\n', MaxSignatures + 1);
        if (lines.Length > MaxSignatures) throw Form.Malformed($"has more than {NoteText.Number(MaxSignatures)} signatures");
        var first = text.AsSpan().Count('\n') + 2;
        return new SignedNote(text, [.. lines.Select((line, index) => NoteSignature.Parse(Form, line, first + index))]);
    }

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    /// <param name="note">Its text, with signatures.</param>
    public static SignedNote Parse(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        return Parse(Form.Encode(note));
    }

    /// <summary>Signs a text.</summary>
    /// <param name="text">The text: it ends with a newline and has no other control character.</param>
    /// <param name="signer">Who signs, with an Ed25519 key.</param>
    /// <param name="cancellationToken">Handed to the signer.</param>
    /// <returns>The note with one signature, which was verified.</returns>
    /// <exception cref="ArgumentException">The text cannot be written, or is that of a checkpoint, a cosignature or a report: checkpoints
    /// are signed by <see cref="CheckpointSigner"/>, which remembers them, and reports by <see cref="SignedReport"/>.</exception>
    /// <exception cref="SigningRefusedException">The signer gave a wrong signature (<c>wrong-signature</c>).</exception>
    public static ValueTask<SignedNote> SignAsync(string text, INoteSigner signer, CancellationToken cancellationToken = default)
    {
        RequireText(text);
        if (Checkpoint.TryParse(text) is not null)
        {
            throw new ArgumentException(
                "The text is a checkpoint. CheckpointSigner signs checkpoints, so that no two histories are signed.", nameof(text));
        }

        if (text.StartsWith(VerifierKey.CosignatureHeader, StringComparison.Ordinal))
            throw new ArgumentException("The text is that of a cosignature, which has a key of its own type.", nameof(text));
        if (text.StartsWith(SignedReport.Header + "\n", StringComparison.Ordinal))
            throw new ArgumentException("The text is a report, which SignedReport signs.", nameof(text));
        return MakeAsync(text, signer, cancellationToken);
    }

    /// <summary>The same note with one more signature behind the others, of a witness for example. It is not checked.</summary>
    /// <param name="signature">The signature.</param>
    /// <returns>A new note; this one where the line is there already.</returns>
    public SignedNote With(NoteSignature signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return Signatures.Contains(signature) ? this : new SignedNote(Text, [.. Signatures, signature]);
    }

    /// <summary>Says which of some keys signed the text. Signatures of other keys are ignored.</summary>
    /// <param name="keys">The keys that are trusted; at least one.</param>
    /// <returns>Verified where at least one of the keys signed, and no line with the name and id of one is wrong.</returns>
    public SignatureVerdict Verify(params IReadOnlyList<VerifierKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count == 0) throw new ArgumentException("Without a key that is trusted nothing is verified.", nameof(keys));
        var text = NoteText.Utf8.GetBytes(Text);
        var (known, unknown) = (new List<VerifiedSignature>(), new List<NoteSignature>());
        foreach (var signature in Signatures)
        {
            VerifierKey[] named = [.. keys.Where(key => key.Name == signature.Name && key.KeyId == signature.KeyId)];
            if (named.Length == 0)
            {
                unknown.Add(signature);
                continue;
            }

            long? time = null;
            var key = named.FirstOrDefault(key => key.Verifies(text, signature.Signature.Span, out time));
            if (key is null) return SignatureVerdict.Refused($"the signature of {named[0]} is wrong");
            known.Add(new VerifiedSignature(key, time));
        }

        return known.Count > 0
            ? SignatureVerdict.Of(known, unknown)
            : SignatureVerdict.Refused("none of the signatures is by a key that is trusted; there are some by "
                + string.Join(", ", unknown.Select(signature => VerifierKey.IdText(signature.Name, signature.KeyId))));
    }

    /// <summary>The bytes of the note, in UTF-8.</summary>
    /// <returns>A new array.</returns>
    public byte[] ToArray() => NoteText.Utf8.GetBytes(ToString());

    /// <summary>The note as it is written: text, empty line, signature lines.</summary>
    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures) note.Append(signature).Append('\n');
        return note.ToString();
    }

    internal static async ValueTask<SignedNote> MakeAsync(string text, INoteSigner signer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(signer);
        var key = signer.Key;
        if (key.Type != SignatureType.Ed25519)
            throw new ArgumentException($"{key.Name} has no key for signing: its type is {key.Type}.", nameof(signer));
        var bytes = NoteText.Utf8.GetBytes(text);
        // The signer gets bytes of its own: what is checked is what was asked for.
        var signature = await signer.SignAsync(bytes.ToArray(), cancellationToken).ConfigureAwait(false);
        return signature is not null && key.Verifies(bytes, signature, out _)
            ? new SignedNote(text, [new NoteSignature(key.Name, key.KeyId, signature)])
            : throw new SigningRefusedException(
                "wrong-signature",
                $"The signer of {key.Name} gave a signature that {key} does not verify; give it the key that belongs to it.");
    }

    private static void RequireText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.EndsWith('\n')) throw new ArgumentException("The text does not end with a newline.", nameof(text));
        if (NoteText.ControlIn(text) is not null)
            throw new ArgumentException("The text has control characters other than newline.", nameof(text));
        if (text.Length > MaxBytes) throw new ArgumentException("The text is too long.", nameof(text));
        try
        {
            _ = NoteText.Utf8.GetByteCount(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException("The text has half a surrogate pair.", nameof(text), exception);
        }
    }
}
