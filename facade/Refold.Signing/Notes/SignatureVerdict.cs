// What checking signatures came to: who signed, or why nothing of it is to be trusted.
// Answered by SignedNote, SignedCheckpoint, SignedReport and TlogProof.
using System.Globalization;

namespace Refold.Signing;

/// <summary>A signature that a trusted key verified.</summary>
/// <param name="Key">The key.</param>
/// <param name="Time">When a witness cosigned, as it says: seconds since 1970-01-01 UTC; null for a plain signature.</param>
public sealed record VerifiedSignature(VerifierKey Key, long? Time);

/// <summary>The answer of a check. What was checked is to be trusted only where <see cref="Verified"/> says so.</summary>
public sealed class SignatureVerdict
{
    private SignatureVerdict(string? fault, IReadOnlyList<VerifiedSignature> signatures, IReadOnlyList<NoteSignature> unknown) =>
        (Fault, Signatures, Unknown) = (fault, signatures, unknown);

    /// <summary>Whether everything that was asked for holds.</summary>
    public bool Verified => Fault is null;

    /// <summary>What is wrong; null for nothing.</summary>
    public string? Fault { get; }

    /// <summary>The signatures of trusted keys, in the note's order. None where something is wrong.</summary>
    public IReadOnlyList<VerifiedSignature> Signatures { get; }

    /// <summary>The signatures of other keys, which were ignored. None where something is wrong.</summary>
    public IReadOnlyList<NoteSignature> Unknown { get; }

    /// <summary>One line: who signed, or what is wrong.</summary>
    public override string ToString() => Fault is null
        ? "verified: signed by " + string.Join(", ", Signatures.Select(Shown))
        : "not verified: " + Fault;

    internal static SignatureVerdict Refused(string fault) => new(fault, [], []);

    internal static SignatureVerdict Of(IReadOnlyList<VerifiedSignature> signatures, IReadOnlyList<NoteSignature> unknown) =>
        new(null, signatures, unknown);

    private static string Shown(VerifiedSignature signature) => signature.Time is { } time
        ? string.Create(CultureInfo.InvariantCulture, $"{signature.Key.Name} at {time} s")
        : signature.Key.Name;
}
