// Values that are not to be written, as an operation or a step has met them: where they turn up in what an exception says, or in the
// headers and addresses of HTTP, they are replaced. Filled by codecs with redaction and by Redaction; used by attempts, steps and replays.
using System.Text;
using System.Text.Json;
using Refold.Interop;

namespace Refold;

internal sealed class HiddenValues
{
    // A shorter one stands in many words by chance: it is looked for as a whole word, in what exceptions say.
    private const int Shortest = 4;

    // Of a longer one nobody makes another form in a message.
    private const int Longest = 65_536;

    private readonly Lock gate = new();
    private readonly HashSet<string> met = new(StringComparer.Ordinal);
    private readonly HashSet<string> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> stems = new(StringComparer.Ordinal);
    private readonly HashSet<string> words = new(StringComparer.Ordinal);

    // Their forms are made once somebody looks for them.
    private readonly List<string> unformed = [];

    /// <summary>One more, with the forms that <see cref="HiddenForms"/> knows.</summary>
    public void Add(string value)
    {
        if (value.Length == 0 || value == RedactedPaths.Mark) return;
        lock (gate)
        {
            if (met.Add(value)) unformed.Add(value);
        }
    }

    /// <summary>Bytes that tell of one, such as a hash over it: in hex and base64.</summary>
    public void AddBytes(ReadOnlySpan<byte> bytes)
    {
        var forms = HiddenForms.Of(bytes);
        lock (gate) values.UnionWith(forms);
    }

    /// <summary>Every name, text and number in a JSON value that was replaced.</summary>
    public void AddJson(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = 1024 });
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    Add(TextOf(ref reader));
                    break;
                // A short one is a word of a program, such as an id.
                case JsonTokenType.PropertyName when TextOf(ref reader) is { Length: >= Shortest } name:
                    Add(name);
                    break;
                case JsonTokenType.Number:
                    foreach (var form in HiddenForms.OfNumber(Encoding.UTF8.GetString(reader.ValueSpan))) Add(form);
                    break;
            }
        }
    }

    /// <summary>What an exception says, without them.</summary>
    public string Hide(string text) => Hide(text, withWords: true);

    /// <summary>A header's value or an address, without them; a short one stands there by chance.</summary>
    public string HideLong(string text) => Hide(text, withWords: false);

    // What overlaps is replaced as one, what lies side by side one by one: as it is replaced where each stands for itself.
    private string Hide(string text, bool withWords)
    {
        var found = new List<(int From, int Until)>();
        lock (gate)
        {
            Form();
            foreach (var value in values) Find(text, value, found);
            foreach (var stem in stems) FindStem(text, stem, found);
            if (withWords) foreach (var word in words) FindWord(text, word, found);
        }

        return found.Count == 0 ? text : Without(text, found);
    }

    private static string Without(string text, List<(int From, int Until)> found)
    {
        // Nothing is found in a mark.
        Find(text, RedactedPaths.Mark, found);
        found.Sort();
        var made = new StringBuilder(text.Length);
        var at = 0;
        for (var index = 0; index < found.Count;)
        {
            var (from, until) = found[index++];
            while (index < found.Count && found[index].From < until) until = Math.Max(until, found[index++].Until);
            made.Append(text, at, from - at).Append(RedactedPaths.Mark);
            at = until;
        }

        return made.Append(text, at, text.Length - at).ToString();
    }

    // The caller has the gate.
    private void Form()
    {
        foreach (var value in unformed)
        {
            if (value.Length > Longest)
            {
                values.Add(value);
                continue;
            }

            (value.Length < Shortest ? words : values).UnionWith(HiddenForms.Of(value));
            stems.UnionWith(HiddenForms.Stems(value));
        }

        unformed.Clear();
    }

    private static void Find(string text, string value, List<(int From, int Until)> found)
    {
        if (value.Length > text.Length) return;
        for (var at = Next(text, value, 0); at >= 0; at = Next(text, value, at + 1)) found.Add((at, at + value.Length));
    }

    private static void FindWord(string text, string word, List<(int From, int Until)> found)
    {
        for (var at = Next(text, word, 0); at >= 0; at = Next(text, word, at + 1))
        {
            var until = at + word.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (until == text.Length || !char.IsLetterOrDigit(text[until])))
                found.Add((at, until));
        }
    }

    // With all the base64 around it: the letters at its ends tell of it too.
    private static void FindStem(string text, string stem, List<(int From, int Until)> found)
    {
        for (var at = Next(text, stem, 0); at >= 0; at = Next(text, stem, at + 1))
        {
            var (from, until) = (at, at + stem.Length);
            while (from > 0 && IsBase64(text[from - 1])) from--;
            while (until < text.Length && IsBase64(text[until])) until++;
            found.Add((from, until));
            at = until - 1;
        }
    }

    private static bool IsBase64(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '+' or '/' or '-' or '_' or '=';

    private static int Next(string text, string value, int from) =>
        from > text.Length - value.Length ? -1 : text.IndexOf(value, from, StringComparison.Ordinal);

    // Half a surrogate pair is no text of a message.
    private static string TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }
}
