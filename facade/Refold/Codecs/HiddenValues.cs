// Values that are not to be written, as an operation or a step has met them: where they turn up in what an exception says, they are
// replaced. Filled by codecs with redaction and by OperationHttpHandler; used by attempts, steps and OperationReplay.
using System.Text;
using System.Text.Json;
using Refold.Interop;

namespace Refold;

internal sealed class HiddenValues
{
    // A shorter one stands in many words by chance, and tells little.
    private const int Shortest = 4;

    private readonly Lock gate = new();
    private readonly SortedSet<string> values = new(Comparer<string>.Create(LongestFirst));

    /// <summary>One more: as it is, and in the forms in which it stands in addresses, in JSON and in base64.</summary>
    public void Add(string value)
    {
        if (value.Length < Shortest || value == RedactedPaths.Mark) return;
        var utf8 = Encoding.UTF8.GetBytes(value);
        var base64 = Convert.ToBase64String(utf8);
        lock (gate)
        {
            values.Add(value);
            values.Add(Uri.EscapeDataString(value));
            values.Add(JsonEncodedText.Encode(utf8).Value);
            values.Add(base64);
            values.Add(base64.TrimEnd('='));
        }
    }

    /// <summary>Every text and number in a JSON value that was replaced.</summary>
    public void AddJson(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = 1024 });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String)
                Add(TextOf(ref reader));
            else if (reader.TokenType == JsonTokenType.Number)
                Add(Encoding.UTF8.GetString(reader.ValueSpan));
        }
    }

    /// <summary>A text without them.</summary>
    public string Hide(string text)
    {
        lock (gate)
        {
            foreach (var value in values) text = text.Replace(value, RedactedPaths.Mark, StringComparison.Ordinal);
        }

        return text;
    }

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

    // One that holds another goes first.
    private static int LongestFirst(string one, string other) =>
        one.Length != other.Length ? other.Length.CompareTo(one.Length) : string.CompareOrdinal(one, other);
}
