// Members of queries that are not written, wherever an address stands: by itself, in a header or a message, in a fragment, or escaped in
// the query of another. Used by Redaction.
using System.Globalization;
using System.Text;

namespace Refold;

/// <summary>Looks for <c>?name=value</c> behind each of <c>? &amp; ; #</c>, also where these are escaped, however often. In doubt more is
/// replaced, up to the end of the address.</summary>
internal sealed class RedactedQueries
{
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    /// <summary>One more.</summary>
    public void Add(string name) => names.Add(name);

    /// <summary>A text with the values of named members replaced.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isAddress">Whether it is an address and nothing else, so that spaces and quotes are part of it.</param>
    /// <param name="hidden">Is told the values.</param>
    public string In(string text, bool isAddress, HiddenValues hidden)
    {
        if (names.Count == 0) return text;
        var made = new StringBuilder(text.Length);
        var (kept, at) = (0, 0);
        while (at < text.Length)
        {
            var delimiter = Sign.At(text, at);
            at += delimiter.Length;
            if (delimiter.Letter is not ('?' or '&' or ';' or '#')) continue;
            if (ValueAt(text, at, delimiter.Level, isAddress) is not { } from) continue;
            at = EndOfValue(text, from, delimiter.Level, isAddress);
            Tell(text[from..at], hidden);
            made.Append(text, kept, from - kept).Append(Redaction.Mark);
            kept = at;
        }

        return kept == 0 ? text : made.Append(text, kept, text.Length - kept).ToString();
    }

    // Where the value of a named member begins; null where it is not named, or has none.
    private int? ValueAt(string text, int start, int level, bool isAddress)
    {
        for (var at = start; at < text.Length;)
        {
            var sign = Sign.At(text, at);
            if (sign.Letter == '=') return IsNamed(text[start..at]) ? at + sign.Length : null;
            if ((sign.Level <= level && sign.Letter is '?' or '&' or ';' or '#') || IsEnd(text, at, isAddress)) return null;
            at += sign.Length;
        }

        return null;
    }

    private static int EndOfValue(string text, int from, int level, bool isAddress)
    {
        var at = from;
        while (at < text.Length)
        {
            var sign = Sign.At(text, at);
            if ((sign.Level <= level && sign.Letter is '&' or '#') || IsEnd(text, at, isAddress)) break;
            at += sign.Length;
        }

        return at;
    }

    // What ends an address that stands in a text. A semicolon may be part of it, or stand behind it.
    private static bool IsEnd(string text, int at, bool isAddress) => !isAddress && text[at] switch
    {
        '<' or '>' => true,
        '"' => at == 0 || text[at - 1] != '\\',
        ';' => at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]),
        var letter => char.IsWhiteSpace(letter),
    };

    private bool IsNamed(string escaped)
    {
        var name = Stages(escaped).Last();
        return names.Contains(name) || names.Contains(name.Replace('+', ' '));
    }

    private static void Tell(string value, HiddenValues hidden)
    {
        foreach (var stage in Stages(value))
        {
            hidden.Add(stage);
            hidden.Add(Uri.UnescapeDataString(stage.Replace('+', ' ')));
        }
    }

    // As it is, and unescaped until nothing is escaped any more.
    private static IEnumerable<string> Stages(string text)
    {
        while (true)
        {
            yield return text;
            var unescaped = Uri.UnescapeDataString(text);
            if (unescaped == text) yield break;
            text = unescaped;
        }
    }

    /// <summary>A letter of a text, perhaps escaped: <c>?</c> is <c>%3F</c> once, <c>%253F</c> twice; in JSON <c>&amp;</c> is
    /// <c>\u0026</c>, which is the letter itself.</summary>
    private readonly record struct Sign(char Letter, int Level, int Length)
    {
        public static Sign At(string text, int at)
        {
            if (text[at] == '\\' && at + 6 <= text.Length && text[at + 1] == 'u'
                && ushort.TryParse(text.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var letter))
                return new Sign((char)letter, 0, 6);
            if (text[at] != '%') return new Sign(text[at], 0, 1);
            var (level, length) = (1, 1);
            while (at + length + 2 <= text.Length && text.AsSpan(at + length, 2) is "25") (level, length) = (level + 1, length + 2);
            return at + length + 2 <= text.Length
                && byte.TryParse(text.AsSpan(at + length, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
                    ? new Sign((char)unit, level, length + 2)
                    : new Sign('%', level - 1, length);
        }
    }
}
