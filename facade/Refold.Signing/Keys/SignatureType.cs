// The kinds of signatures under notes that are made or checked here.
// Part of VerifierKey.
namespace Refold.Signing;

/// <summary>The signature type of a key: the byte that C2SP assigned to it (c2sp.org/signed-note, "Signature types").</summary>
public enum SignatureType
{
    /// <summary>Ed25519 (RFC 8032) over the text of the note: 0x01.</summary>
    Ed25519 = 1,

    /// <summary>The cosignature of a witness (<c>cosignature/v1</c>, c2sp.org/tlog-cosignature): Ed25519 over a time and the text:
    /// 0x04.</summary>
    Cosignature = 4,
}
