// Keys of Ed25519 in PEM, as RFC 8410 has them: private ones in PKCS#8 (RFC 5958), public ones as SubjectPublicKeyInfo.
// Called by Ed25519SigningKey and VerifierKey.
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Refold.Signing;

internal static class KeyPem
{
    private const string PrivateLabel = "PRIVATE KEY", PublicLabel = "PUBLIC KEY", Ed25519Id = "1.3.101.112";
    private const int KeyBytes = 32;

    private static readonly NoteText Form = new("key in PEM", "malformed-key", 1 << 16);

    private static readonly Asn1Tag Attributes = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag PublicPart = new(TagClass.ContextSpecific, 1);

    /// <summary>How large a file with a key may be.</summary>
    public static int Longest => Form.Longest;

    // The public key is left out, as OpenSSL leaves it out.
    public static string WritePrivate(byte[] seed)
    {
        var inner = new AsnWriter(AsnEncodingRules.DER);
        inner.WriteOctetString(seed);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSequence()) writer.WriteObjectIdentifier(Ed25519Id);
            writer.WriteOctetString(inner.Encode());
        }

        return PemEncoding.WriteString(PrivateLabel, writer.Encode()) + "\n";
    }

    public static string WritePublic(byte[] publicKey)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence()) writer.WriteObjectIdentifier(Ed25519Id);
            writer.WriteBitString(publicKey);
        }

        return PemEncoding.WriteString(PublicLabel, writer.Encode()) + "\n";
    }

    /// <summary>The seed, and the public key where the file has it too.</summary>
    public static (byte[] Seed, byte[]? PublicKey) ReadPrivate(string pem) => Read(pem, PrivateLabel, sequence =>
    {
        if (!sequence.TryReadInt32(out var version) || version is not (0 or 1)) throw Form.Malformed("has a version that is not known");
        RequireEd25519(sequence);
        var inner = new AsnReader(sequence.ReadOctetString(), AsnEncodingRules.DER);
        var seed = inner.ReadOctetString();
        inner.ThrowIfNotEmpty();
        if (sequence.HasData && sequence.PeekTag().HasSameClassAndValue(Attributes)) sequence.ReadEncodedValue();
        byte[]? publicKey = null;
        if (version == 1 && sequence.HasData) publicKey = Bits(sequence, PublicPart);
        if (seed.Length != KeyBytes) throw Form.Malformed("has a private key that is not 32 bytes");
        return (seed, publicKey);
    });

    public static byte[] ReadPublic(string pem) => Read(pem, PublicLabel, sequence =>
    {
        RequireEd25519(sequence);
        return Bits(sequence, null);
    });

    public static SigningFormatException Malformed(string message) => Form.Malformed(message);

    private static T Read<T>(string pem, string label, Func<AsnReader, T> read)
    {
        if (pem.Length > Form.Longest) throw Form.Malformed("is too long");
        if (!PemEncoding.TryFind(pem, out var fields)) throw Form.Malformed($"has no -----BEGIN {label}-----");
        var found = pem[fields.Label];
        if (found != label)
        {
            throw Form.Malformed(
                $"is a {found}, and a {label} is asked for"
                + (found == "ENCRYPTED PRIVATE KEY" ? "; decrypt it first: openssl pkey -in FILE -out OTHER" : ""));
        }

        try
        {
            var reader = new AsnReader(Convert.FromBase64String(pem[fields.Base64Data]), AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var value = read(sequence);
            sequence.ThrowIfNotEmpty();
            return value;
        }
        catch (Exception exception) when (exception is AsnContentException or FormatException)
        {
            throw Form.Malformed("is not written as RFC 8410 says", exception);
        }
    }

    private static void RequireEd25519(AsnReader sequence)
    {
        var algorithm = sequence.ReadSequence();
        var id = algorithm.ReadObjectIdentifier();
        if (id != Ed25519Id) throw Form.Malformed($"is for the algorithm {id}, and Ed25519 ({Ed25519Id}) is asked for");
        algorithm.ThrowIfNotEmpty();
    }

    private static byte[] Bits(AsnReader sequence, Asn1Tag? tag)
    {
        var bits = sequence.ReadBitString(out var unused, tag);
        return unused == 0 && bits.Length == KeyBytes ? bits : throw Form.Malformed("has a public key that is not 32 bytes");
    }
}
