// Reads the lines of signed texts strictly: what is accepted has one spelling, so that writing it again gives the same bytes.
// Called by whatever parses: notes, keys, checkpoints, reports, proofs, the memory of a signer.
using System.Globalization;
using System.Text;

namespace Refold.Signing;

/// <summary>One form of text: its name in messages, the code of its errors, its limit.</summary>
/// <param name="name">What a message calls it.</param>
/// <param name="code">The code of its errors.</param>
/// <param name="longest">How many UTF-8 bytes it may have.</param>
internal sealed class NoteText(string name, string code, int longest)
{
    public static UTF8Encoding Utf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public int Longest => longest;

    /// <summary>The text of bytes.</summary>
    public string Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > longest) throw TooLong(bytes.Length);
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw Malformed($"is no valid UTF-8 at byte {Number(exception.Index)}", exception);
        }
    }

    /// <summary>The bytes of a text.</summary>
    public byte[] Encode(string text)
    {
        if (text.Length > longest) throw TooLong(text.Length);
        try
        {
            return Utf8.GetBytes(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw Malformed($"has half a surrogate pair at character {Number(exception.Index)}", exception);
        }
    }

    /// <summary>Refuses control characters other than newline.</summary>
    public string RequirePrintable(string text)
    {
        if (ControlIn(text) is { } at)
        {
            var line = text.AsSpan(0, at).Count('\n') + 1;
            var shown = ((int)text[at]).ToString("X4", CultureInfo.InvariantCulture);
            throw Malformed(
                $"has the control character U+{shown} in line {Number(line)}" + (text[at] == '\r' ? "; lines end with LF alone" : ""));
        }

        return text;
    }

    /// <summary>Where the first control character other than newline is; null for none.</summary>
    public static int? ControlIn(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] < ' ' && text[at] != '\n') return at;
        }

        return null;
    }

    /// <summary>The bytes of a line in base64, standard alphabet, with padding, without anything else.</summary>
    public byte[] Base64(string text, string what) =>
        TryBase64(text) ?? throw Malformed($"{what} is not in base64: the standard alphabet with padding, nothing left over");

    /// <summary>A hash of a line in base64.</summary>
    public Hash Base64Hash(string text, string what) =>
        TryBase64(text) is { Length: 32 } bytes ? Hash.OfSpan(bytes) : throw Malformed($"{what} is not 32 bytes in base64");

    /// <summary>A number from 0 to 2^63 - 1, in decimal without leading zeros.</summary>
    public long Decimal(string text, string what) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Number(number) == text
            ? number
            : throw Malformed($"{what} is no decimal number from 0 to 2^63 - 1 without leading zeros");

    public SigningFormatException Malformed(string message, Exception? innerException = null) =>
        new(code, $"The {name} {message}.", innerException);

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static string Base64Of(Hash hash) => Convert.ToBase64String(hash.ToArray());

    private SigningFormatException TooLong(int length) =>
        Malformed($"has {Number(length)} bytes or more; at most {Number(longest)} are read");

    // Other spellings of the same bytes are refused: spaces, and bits behind the last byte that are not zero.
    private static byte[]? TryBase64(string text)
    {
        if (text.Length % 4 != 0) return null;
        var bytes = new byte[text.Length / 4 * 3];
        return Convert.TryFromBase64String(text, bytes, out var count) && Convert.ToBase64String(bytes, 0, count) == text
            ? bytes[..count]
            : null;
    }
}
