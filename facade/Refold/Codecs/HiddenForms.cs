// The forms in which a value may stand in a text: in JSON, in addresses and forms, in base64 and hex, and as .NET prints numbers.
// Used by HiddenValues.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Refold;

internal static class HiddenForms
{
    // What those who write addresses and forms leave as it is: RFC 3986, forms, JavaScript, and an address that is escaped whole.
    private static readonly string[] Kept = ["-_.~", "-_.!*()", "-_.!~*'()", "-_.~:/?#[]@!$&'()*+,;="];

    // Below that, part of another base64 text may look the same.
    private const int ShortestStem = 8;

    /// <summary>A text, as it is and in its other forms; some come twice.</summary>
    public static IEnumerable<string> Of(string value)
    {
        var utf8 = Encoding.UTF8.GetBytes(value);
        return [value, Encoding.Latin1.GetString(utf8), .. Json(value, utf8), .. Addresses(utf8), .. Of(utf8)];
    }

    /// <summary>Bytes, in hex and base64.</summary>
    public static IEnumerable<string> Of(ReadOnlySpan<byte> bytes)
    {
        var base64 = Convert.ToBase64String(bytes);
        var url = base64.Replace('+', '-').Replace('/', '_');
        var hex = Convert.ToHexString(bytes);
        string dashed = string.Join('-', hex.Chunk(2).Select(pair => new string(pair)));
        return [base64, base64.TrimEnd('='), url, url.TrimEnd('='), hex, hex.ToLowerInvariant(), dashed];
    }

    /// <summary>What base64 of a longer text has of a value that stands in it, at each of the three places in a group of three bytes,
    /// without the letters that its neighbours have a part in. None for a short value.</summary>
    public static IEnumerable<string> Stems(string value)
    {
        var utf8 = Encoding.UTF8.GetBytes(value);
        for (var shift = 0; shift < 3; shift++)
        {
            var text = Convert.ToBase64String([.. new byte[shift], .. utf8]).TrimEnd('=');
            var from = shift == 0 ? 0 : shift + 1;
            var until = text.Length - ((shift + utf8.Length) % 3 == 0 ? 0 : 1);
            if (until - from < ShortestStem) continue;
            var stem = text[from..until];
            yield return stem;
            yield return stem.Replace('+', '-').Replace('/', '_');
        }
    }

    /// <summary>A number as it stands in JSON, and as .NET prints it once it was read: 1.50 as 1.5, 1E3 as 1000; also with a
    /// comma.</summary>
    public static IEnumerable<string> OfNumber(string json)
    {
        var forms = new List<string> { json };
        var invariant = CultureInfo.InvariantCulture;
        if (decimal.TryParse(json, NumberStyles.Float, invariant, out var exact))
            forms.AddRange([exact.ToString(invariant), exact.ToString("0.#############################", invariant)]);
        if (double.TryParse(json, NumberStyles.Float, invariant, out var rounded) && double.IsFinite(rounded))
            forms.AddRange([rounded.ToString(invariant), ((float)rounded).ToString(invariant)]);
        return forms.Concat(forms.Select(form => form.Replace('.', ',')));
    }

    private static IEnumerable<string> Json(string value, byte[] utf8)
    {
        var strict = JsonEncodedText.Encode(utf8).Value;
        var relaxed = JsonEncodedText.Encode(utf8, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        var plain = Escaped(value, isAscii: false, "X4");
        return
        [
            strict, Escaped(value, isAscii: true, "X4"), Escaped(value, isAscii: true, "x4"), relaxed, plain,
            plain.Replace("/", "\\/", StringComparison.Ordinal), LowerEscapes(strict),
        ];
    }

    // No more than must be, and what is no ASCII where it is so wanted.
    private static string Escaped(string value, bool isAscii, string hex)
    {
        var made = new StringBuilder(value.Length + 8);
        foreach (var letter in value)
        {
            var name = "\b\t\n\f\r\"\\".IndexOf(letter, StringComparison.Ordinal);
            if (name >= 0)
                made.Append('\\').Append("btnfr\"\\"[name]);
            else if (letter < ' ' || (isAscii && letter > '~'))
                made.Append("\\u").Append(((int)letter).ToString(hex, CultureInfo.InvariantCulture));
            else
                made.Append(letter);
        }

        return made.ToString();
    }

    private static string LowerEscapes(string json)
    {
        var letters = json.ToCharArray();
        for (var at = 0; (at = json.IndexOf("\\u", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            var end = Math.Min(at + 6, letters.Length);
            for (var digit = at + 2; digit < end; digit++) letters[digit] = char.ToLowerInvariant(letters[digit]);
        }

        return new string(letters);
    }

    private static IEnumerable<string> Addresses(byte[] utf8) =>
        from kept in Kept
        from hex in new[] { "X2", "x2" }
        from space in new[] { "%20", "+" }
        select Escaped(utf8, kept, hex, space);

    private static string Escaped(byte[] utf8, string kept, string hex, string space)
    {
        var made = new StringBuilder(utf8.Length + 8);
        foreach (var unit in utf8)
        {
            var letter = (char)unit;
            if (letter == ' ')
                made.Append(space);
            else if (char.IsAsciiLetterOrDigit(letter) || kept.Contains(letter, StringComparison.Ordinal))
                made.Append(letter);
            else
                made.Append('%').Append(unit.ToString(hex, CultureInfo.InvariantCulture));
        }

        return made.ToString();
    }
}
