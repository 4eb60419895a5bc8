// A checkpoint with its signatures: a journal's size and root, said by somebody who can be held to it.
// Made by CheckpointSigner; checked by auditors, witnesses and proofs of entries.
namespace Refold.Signing;

/// <summary>A checkpoint and the signatures under it: by the origin, and by witnesses (c2sp.org/tlog-checkpoint@v1.0.0 in a signed
/// note).</summary>
public sealed class SignedCheckpoint
{
    /// <summary>Reads the checkpoint that is the text of a note.</summary>
    /// <param name="note">The note.</param>
    /// <exception cref="SigningFormatException">Its text is no checkpoint (<c>malformed-checkpoint</c>).</exception>
    public SignedCheckpoint(SignedNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        (Note, Checkpoint) = (note, Checkpoint.Parse(note.Text));
    }

    /// <summary>The note: the text and all signatures.</summary>
    public SignedNote Note { get; }

    /// <summary>What is signed. Trusted only where <see cref="Verify(CheckpointPolicy)"/> says so.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>Reads a checkpoint with its signatures.</summary>
    /// <param name="utf8">The bytes of the note.</param>
    /// <returns>The checkpoint; none of its signatures is checked.</returns>
    /// <exception cref="SigningFormatException">The bytes are no note (<c>malformed-note</c>) or the note no checkpoint
    /// (<c>malformed-checkpoint</c>).</exception>
    public static SignedCheckpoint Parse(ReadOnlySpan<byte> utf8) => new(SignedNote.Parse(utf8));

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    /// <param name="note">The text of the note.</param>
    public static SignedCheckpoint Parse(string note) => new(SignedNote.Parse(note));

    /// <summary>Checks that the origin signed, and every one of some witnesses.</summary>
    /// <param name="origin">The key of the origin; its name must be the checkpoint's origin.</param>
    /// <param name="witnesses">Keys of witnesses, of type <see cref="SignatureType.Cosignature"/>.</param>
    /// <returns>Whether it is so; the cosignatures say when.</returns>
    public SignatureVerdict Verify(VerifierKey origin, params IReadOnlyList<VerifierKey> witnesses) =>
        Verify(new CheckpointPolicy(origin, witnesses));

    /// <summary>Checks that the origin signed, and as many witnesses as are demanded. Lines of unknown keys are ignored; a wrong line of a
    /// known key refuses the whole checkpoint.</summary>
    /// <param name="policy">Who is trusted.</param>
    /// <returns>Whether it is so; the cosignatures say when.</returns>
    public SignatureVerdict Verify(CheckpointPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (Checkpoint.Origin != policy.Origin.Name)
            return SignatureVerdict.Refused($"the checkpoint is of the origin {Checkpoint.Origin}, and {policy.Origin.Name} is trusted");
        var verdict = Note.Verify([policy.Origin, .. policy.Witnesses]);
        if (!verdict.Verified) return verdict;
        if (!verdict.Signatures.Any(signature => signature.Key.Equals(policy.Origin)))
            return SignatureVerdict.Refused($"{policy.Origin.Name} did not sign, only witnesses did");
        var witnesses = verdict.Signatures
            .Where(signature => signature.Key.Type == SignatureType.Cosignature)
            .Select(signature => signature.Key.Name)
            .Distinct()
            .Count();
        return witnesses >= policy.Quorum
            ? verdict
            : SignatureVerdict.Refused(
                $"{NoteText.Number(witnesses)} of the witnesses cosigned, and {NoteText.Number(policy.Quorum)} are demanded");
    }

    /// <summary>The same checkpoint with the cosignature of one more witness, unchecked.</summary>
    /// <param name="signature">The line that the witness answered.</param>
    /// <returns>A new one; the same where the line is there already.</returns>
    public SignedCheckpoint With(NoteSignature signature) => new(Note.With(signature));

    /// <summary>The bytes of the note, in UTF-8.</summary>
    /// <returns>A new array.</returns>
    public byte[] ToArray() => Note.ToArray();

    /// <summary>The note as it is written.</summary>
    public override string ToString() => Note.ToString();
}
