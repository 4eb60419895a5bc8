// What headers keep of a body in which something was redacted: its length, and hashes over it.
// Used by Redaction.
using System.Security.Cryptography;

namespace Refold;

/// <summary>Headers whose names say so, and any that holds a hash over the body. Named in facade/docs/redaction.md.</summary>
internal static class RedactedBody
{
    // Anywhere in a name, as x-amz-content-sha256 has one.
    private static readonly string[] Parts =
        ["length", "digest", "hash", "md5", "sha1", "sha256", "sha384", "sha512", "checksum", "crc32", "crc64", "etag", "signature"];

    // As a word of a name: in others these letters say something else.
    private static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase) { "size", "range", "match", "sha", "crc" };

    /// <summary>Whether a header tells the body's length, or a hash over it.</summary>
    public static bool IsToldBy(HttpHeader header, byte[] body)
    {
        var length = body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Array.Exists(Parts, part => header.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
            || header.Name.Split('-', '_').Any(Words.Contains)
            || header.Values.Exists(value => value.Trim() == length);
    }

    /// <summary>Hides hashes over a body, wherever they turn up.</summary>
    public static void Hide(byte[] body, HiddenValues hidden)
    {
#pragma warning disable CA5350, CA5351 // These are what others made of the body: nothing is protected by them.
        hidden.AddBytes(MD5.HashData(body));
        hidden.AddBytes(SHA1.HashData(body));
#pragma warning restore CA5350, CA5351
        hidden.AddBytes(SHA256.HashData(body));
        hidden.AddBytes(SHA384.HashData(body));
        hidden.AddBytes(SHA512.HashData(body));
    }
}
