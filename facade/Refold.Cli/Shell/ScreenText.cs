// Text on a screen: how wide it is, cut to a width, and without what would move the cursor.
// Used by Table.
using System.Globalization;
using System.Text;

namespace Refold.Cli.Shell;

internal static class ScreenText
{
    // Unicode 16, East Asian Width W and F, in blocks: what terminals draw two columns wide.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
        (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <summary>A dot for what is no text: control characters, which could write over the screen, and lone surrogates.</summary>
    public static string Printable(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u0000', '\u001F') && text.All(character => character is < '\u007F' or > '\u00A0'
            && !char.IsSurrogate(character) && char.GetUnicodeCategory(character) is not UnicodeCategory.Format))
            return text;
        var printable = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            bool isText = Rune.GetUnicodeCategory(rune) is not (
                UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                && rune != Rune.ReplacementChar;
            printable.Append(isText ? rune.ToString() : "·");
        }

        return printable.ToString();
    }

    /// <summary>How many columns a printable text takes.</summary>
    public static int Width(string text)
    {
        int width = 0;
        foreach (var rune in text.EnumerateRunes()) width += Width(rune);
        return width;
    }

    /// <summary>The text in at most so many columns; an ellipsis stands for what is cut.</summary>
    public static string Cut(string text, int columns)
    {
        if (Width(text) <= columns) return text;
        var cut = new StringBuilder();
        int width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (width + Width(rune) > columns - 1) break;
            width += Width(rune);
            cut.Append(rune.ToString());
        }

        return cut.Append('…').ToString();
    }

    private static int Width(Rune rune)
    {
        if (rune.Value < 0x300) return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark) return 0;
        return Array.Exists(Wide, range => rune.Value >= range.First && rune.Value <= range.Last) ? 2 : 1;
    }
}
