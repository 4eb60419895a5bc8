// A private key in this process's memory. BouncyCastle computes the signatures, which are deterministic (RFC 8032).
// Made once by whoever signs, kept in a file that only its owner reads; given to CheckpointSigner, SignedNote and SignedReport.
using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Refold.Signing;

/// <summary>An Ed25519 private key (RFC 8032) with the name it signs under. Where a service or a module keeps the key, implement
/// <see cref="INoteSigner"/> instead.</summary>
/// <remarks>Safe for use by many threads. The file holds the key in PEM (PKCS#8, RFC 8410), as <c>openssl genpkey -algorithm ed25519</c>
/// writes it; the name is not in it.</remarks>
public sealed class Ed25519SigningKey : INoteSigner, IDisposable
{
    private const int SeedBytes = 32;

    private readonly Lock gate = new();
    private readonly byte[] seed;
    private bool isDisposed;

    private Ed25519SigningKey(string name, byte[] seed)
    {
        this.seed = seed;
        var publicKey = new byte[32];
        Ed25519.GeneratePublicKey(seed, 0, publicKey, 0);
        Key = new VerifierKey(name, publicKey);
    }

    /// <summary>The public key, for whoever checks.</summary>
    public VerifierKey Key { get; }

    /// <summary>A new key, from the random source of the operating system.</summary>
    /// <param name="name">The name it signs under: not empty, no white space, no plus.</param>
    /// <returns>The key; only this object holds it until it is saved.</returns>
    public static Ed25519SigningKey Generate(string name)
    {
        KeyName.Require(name, nameof(name));
        return new Ed25519SigningKey(name, RandomNumberGenerator.GetBytes(SeedBytes));
    }

    /// <summary>The key of a seed: the 32 bytes that RFC 8032 calls the private key.</summary>
    /// <param name="name">The name it signs under.</param>
    /// <param name="seed">The 32 bytes.</param>
    /// <returns>The key.</returns>
    public static Ed25519SigningKey FromSeed(string name, ReadOnlySpan<byte> seed)
    {
        KeyName.Require(name, nameof(name));
        if (seed.Length != SeedBytes) throw new ArgumentException("A seed has 32 bytes.", nameof(seed));
        return new Ed25519SigningKey(name, seed.ToArray());
    }

    /// <summary>Reads a private key in PEM: PKCS#8, not encrypted.</summary>
    /// <param name="name">The name it signs under.</param>
    /// <param name="pem">The text, from <c>-----BEGIN PRIVATE KEY-----</c> on.</param>
    /// <returns>The key.</returns>
    /// <exception cref="SigningFormatException">It is none of Ed25519 (<c>malformed-key</c>).</exception>
    public static Ed25519SigningKey FromPem(string name, string pem)
    {
        KeyName.Require(name, nameof(name));
        ArgumentNullException.ThrowIfNull(pem);
        var (seed, publicKey) = KeyPem.ReadPrivate(pem);
        var key = new Ed25519SigningKey(name, seed);
        if (publicKey is null || key.Key.PublicKey.Span.SequenceEqual(publicKey)) return key;
        key.Dispose();
        throw KeyPem.Malformed("has a public key that is not that of its private key");
    }

    /// <summary>Reads a private key from a file in PEM.</summary>
    /// <param name="name">The name it signs under.</param>
    /// <param name="path">The file.</param>
    /// <returns>The key.</returns>
    /// <exception cref="SigningFormatException">It holds none of Ed25519 (<c>malformed-key</c>).</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public static Ed25519SigningKey Load(string name, string path)
    {
        KeyName.Require(name, nameof(name));
        ArgumentException.ThrowIfNullOrEmpty(path);
        var bytes = LocalFiles.Read(path, KeyPem.Longest) ?? throw KeyPem.Malformed("is too long");
        return FromPem(name, System.Text.Encoding.Latin1.GetString(bytes));
    }

    /// <summary>Writes the private key to a new file that only its owner may read and write (mode 0600), durably. A file that is there is
    /// never written over.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">A file is there, or it cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        LocalFiles.CreatePrivate(path, NoteText.Utf8.GetBytes(ToPem()));
    }

    /// <summary>The private key in PEM (PKCS#8, RFC 8410). Whoever has the text can sign.</summary>
    /// <returns>The text, ending with a newline.</returns>
    public string ToPem()
    {
        return KeyPem.WritePrivate(Copy());
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (bytes, signature, copy) = (message.ToArray(), new byte[64], Copy());
        Ed25519.Sign(copy, 0, bytes, 0, bytes.Length, signature, 0);
        CryptographicOperations.ZeroMemory(copy);
        return ValueTask.FromResult(signature);
    }

    /// <summary>Forgets the key. Nothing is signed from then on.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>The verifier key: nothing of the private one.</summary>
    public override string ToString() => Key.ToString();

    private byte[] Copy()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return [.. seed];
        }
    }
}
