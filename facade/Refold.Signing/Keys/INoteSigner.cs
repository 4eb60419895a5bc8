// Who holds a private key and signs bytes with it: in this process, or behind a service that never gives the key away.
// Implemented by Ed25519SigningKey, and by users over their key management; asked by CheckpointSigner, SignedNote and SignedReport.
namespace Refold.Signing;

/// <summary>Signs with one Ed25519 key. Implement it over a key management service or a hardware module: the key need not be in this
/// process.</summary>
/// <remarks>Implementations are safe for use by many threads. Every signature is verified with <see cref="Key"/> before it is
/// used.</remarks>
public interface INoteSigner
{
    /// <summary>The public key with its name, of type <see cref="SignatureType.Ed25519"/>. A checkpoint's origin is this name.</summary>
    VerifierKey Key { get; }

    /// <summary>Signs bytes, as they are: pure Ed25519 (RFC 8032, 5.1.6), not the variants with a context or a hash.</summary>
    /// <param name="message">The bytes.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The signature, 64 bytes.</returns>
    ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);
}
