// A public key with a name and a type: what somebody needs who checks signatures. C2SP calls its text a vkey.
// Configured by whoever checks notes, checkpoints, reports and proofs.
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Refold.Signing;

/// <summary>A public key, the name it signs under, and the type of its signatures. Written as
/// <c>NAME+HEX KEY ID+BASE64(type | public key)</c>, without spaces (c2sp.org/signed-note@v1.0.0, "Verifier keys").</summary>
/// <remarks>Names are not empty and have neither white space nor a plus; an address without a scheme is usual:
/// <c>example.com/orders</c>. It need not lead anywhere.</remarks>
public sealed class VerifierKey : IEquatable<VerifierKey>
{
    internal const string CosignatureHeader = "cosignature/v1\n";

    private const int KeyBytes = 32, SignatureBytes = 64, TimeBytes = 8;

    private static readonly NoteText Form = new("verifier key", "malformed-key", 4096);

    private readonly byte[] publicKey;

    /// <summary>Gives a public key a name.</summary>
    /// <param name="name">Not empty, no white space, no plus, no control character.</param>
    /// <param name="publicKey">The 32 bytes of RFC 8032.</param>
    /// <param name="type">What it signs.</param>
    /// <exception cref="ArgumentException">The name or the key cannot be used.</exception>
    public VerifierKey(string name, ReadOnlySpan<byte> publicKey, SignatureType type = SignatureType.Ed25519)
    {
        KeyName.Require(name, nameof(name));
        if (!Enum.IsDefined(type)) throw new ArgumentOutOfRangeException(nameof(type));
        if (!IsPublicKey(publicKey))
            throw new ArgumentException("The bytes are no public key of Ed25519: 32 bytes, in the large subgroup.", nameof(publicKey));
        (Name, Type, this.publicKey) = (name, type, publicKey.ToArray());
        KeyId = IdOf(name, type, publicKey);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The type of its signatures.</summary>
    public SignatureType Type { get; }

    /// <summary>The first four bytes of SHA-256 over name, newline, type and public key, as a big-endian number. With the name it says
    /// which key a signature line means; it proves nothing.</summary>
    public uint KeyId { get; }

    /// <summary>The 32 bytes of the public key (RFC 8032).</summary>
    public ReadOnlyMemory<byte> PublicKey => publicKey;

    /// <summary>Reads a verifier key.</summary>
    /// <param name="text"><c>NAME+HEX KEY ID+BASE64(type | public key)</c>.</param>
    /// <returns>The key.</returns>
    /// <exception cref="SigningFormatException">It is none, its type is not known, or its id is that of another key
    /// (<c>malformed-key</c>).</exception>
    public static VerifierKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _ = Form.Encode(text);
        // Base64 has pluses too.
        if (text.Split('+', 3) is not [var name, var id, var encoded]) throw Form.Malformed("is not NAME+ID+KEY");
        if (KeyName.FaultOf(name) is { } fault) throw Form.Malformed($"has a name that {fault}");
        if (id.Length != 8 || !id.All(char.IsAsciiHexDigitLower)) throw Form.Malformed("has an id that is not 8 lower-case hex digits");
        var bytes = Form.Base64(encoded, "has a key that");
        if (bytes.Length == 0) throw Form.Malformed("has no key");
        var type = (SignatureType)bytes[0];
        if (!Enum.IsDefined(type))
        {
            throw Form.Malformed(
                $"has the signature type 0x{bytes[0].ToString("x2", CultureInfo.InvariantCulture)}; 0x01 and 0x04 are known");
        }

        if (!IsPublicKey(bytes.AsSpan(1))) throw Form.Malformed("has no public key of Ed25519");
        var key = new VerifierKey(name, bytes.AsSpan(1), type);
        return HexOf(key.KeyId) == id
            ? key
            : throw Form.Malformed($"has the id {id}, and its name and key have {HexOf(key.KeyId)}: a part of it was changed");
    }

    /// <summary>Reads a public key in PEM, as OpenSSL and RFC 8410 write it (SubjectPublicKeyInfo).</summary>
    /// <param name="name">The name it signs under, which PEM does not hold.</param>
    /// <param name="pem">The text, from <c>-----BEGIN PUBLIC KEY-----</c> on.</param>
    /// <param name="type">What it signs.</param>
    /// <returns>The key.</returns>
    /// <exception cref="SigningFormatException">It is none of Ed25519 (<c>malformed-key</c>).</exception>
    public static VerifierKey FromPem(string name, string pem, SignatureType type = SignatureType.Ed25519)
    {
        KeyName.Require(name, nameof(name));
        ArgumentNullException.ThrowIfNull(pem);
        var bytes = KeyPem.ReadPublic(pem);
        return IsPublicKey(bytes) ? new VerifierKey(name, bytes, type) : throw Form.Malformed("has no public key of Ed25519");
    }

    /// <summary>The public key in PEM (RFC 8410), for <c>openssl pkeyutl -verify -pubin -inkey FILE -rawin</c>.</summary>
    /// <returns>The text, ending with a newline. Name and type are not in it.</returns>
    public string ToPem() => KeyPem.WritePublic(publicKey);

    /// <summary>Whether name, type and public key are the same.</summary>
    /// <param name="other">The other key.</param>
    public bool Equals(VerifierKey? other) =>
        other is not null && Name == other.Name && Type == other.Type && publicKey.AsSpan().SequenceEqual(other.publicKey);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerifierKey);

    /// <inheritdoc/>
    public override int GetHashCode() => unchecked((int)KeyId);

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() =>
        $"{IdText(Name, KeyId)}+{Convert.ToBase64String([(byte)Type, .. publicKey])}";

    internal static string IdText(string name, uint id) => $"{name}+{HexOf(id)}";

    /// <summary>Whether this key signed a text; a cosignature says when.</summary>
    internal bool Verifies(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature, out long? time)
    {
        time = null;
        if (Type == SignatureType.Ed25519) return signature.Length == SignatureBytes && Verifies(text.ToArray(), signature);
        if (signature.Length != TimeBytes + SignatureBytes) return false;
        var seconds = BinaryPrimitives.ReadInt64BigEndian(signature);
        if (seconds < 0) return false;
        var header = NoteText.Utf8.GetBytes($"{CosignatureHeader}time {NoteText.Number(seconds)}\n");
        if (!Verifies([.. header, .. text], signature[TimeBytes..])) return false;
        time = seconds;
        return true;
    }

    internal static bool IsPublicKey(ReadOnlySpan<byte> bytes) =>
        bytes.Length == KeyBytes && Ed25519.ValidatePublicKeyFull(bytes.ToArray(), 0);

    private static string HexOf(uint id) => id.ToString("x8", CultureInfo.InvariantCulture);

    private static uint IdOf(string name, SignatureType type, ReadOnlySpan<byte> publicKey) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. NoteText.Utf8.GetBytes(name), (byte)'\n', (byte)type, .. publicKey]));

    private bool Verifies(byte[] message, ReadOnlySpan<byte> signature) =>
        Ed25519.Verify(signature.ToArray(), 0, publicKey, 0, message, 0, message.Length);
}
