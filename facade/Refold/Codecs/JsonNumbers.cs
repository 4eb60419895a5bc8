// Whether the numbers of a JSON text survive as IEEE 754 doubles, which is what JSON numbers are (RFC 8785 section 3.2.2.3).
// Called by JsonForm: Refold's own converters write exact numbers; a user's converter may not.
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Refold.Interop;

namespace Refold;

internal static class JsonNumbers
{
    // Up to so many characters there are at most 15 digits, and a double keeps those.
    private const int SurelyExact = 15;

    /// <summary>Refuses numbers that the canonical form would round.</summary>
    /// <exception cref="FormatException">There is one.</exception>
    public static void RequireExact(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonRules.MostLevels });
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.Number) continue;
            var isZero = IsNegativeZero(reader.ValueSpan);
            if (!isZero && reader.ValueSpan.Length <= SurelyExact && reader.ValueSpan.IndexOfAny("eE"u8) < 0) continue;
            var text = Encoding.ASCII.GetString(reader.ValueSpan);
            if (isZero || !IsExact(text))
                throw new FormatException($"the number {text} is not exact as a JSON number; write it as a string");
        }
    }

    /// <summary>Whether a number of the text is a zero with a sign, which no codec writes as a number.</summary>
    public static bool HasNegativeZero(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonRules.MostLevels });
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.Number && IsNegativeZero(reader.ValueSpan)) return true;
        return false;
    }

    private static bool IsNegativeZero(ReadOnlySpan<byte> number)
    {
        if (number[0] != '-') return false;
        var exponent = number.IndexOfAny("eE"u8);
        return (exponent < 0 ? number : number[..exponent]).IndexOfAnyInRange((byte)'1', (byte)'9') < 0;
    }

    private static bool IsExact(string text)
    {
        var value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value)) return false;
        // Of a whole number beyond 2^53 the canonical form has the shortest digits, not those of its value.
        return Parts(text) == Parts(CanonicalJson.OfNumber(value))
            || (BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                && whole == new BigInteger(value));
    }

    // A decimal number as sign, digits without outer zeros, and the power of ten of the last digit: equal for equal numbers.
    private static (bool IsNegative, string Digits, BigInteger Power) Parts(string text)
    {
        var unsigned = text.TrimStart('-');
        var exponent = unsigned.IndexOfAny(['e', 'E']);
        var mantissa = exponent < 0 ? unsigned : unsigned[..exponent];
        var power = exponent < 0
            ? BigInteger.Zero
            : BigInteger.Parse(unsigned.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0) power -= mantissa.Length - point - 1;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        var significant = digits.TrimEnd('0');
        if (significant.Length == 0) return (false, "", BigInteger.Zero);
        return (text[0] == '-', significant, power + digits.Length - significant.Length);
    }
}
