// The JSON form of a proof of one entry, as the tool prints and reads it.
// Called by the tool, and by whoever keeps proofs.
using System.Text;
using System.Text.Json;

namespace Refold;

public sealed partial record InclusionProof
{
    private static readonly string[] Members = ["position", "ordinal", "size", "root", "record", "leaf", "place", "canonical", "proof"];

    /// <summary>The proof as one JSON object: <c>position</c>, <c>ordinal</c>, <c>size</c>, <c>root</c> (64 hexadecimal digits),
    /// <c>record</c> (base64), <c>leaf</c>, <c>place</c>, <c>canonical</c> and <c>proof</c> (arrays of base64).</summary>
    /// <returns>The text, on one line.</returns>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("position", Position);
            writer.WriteNumber("ordinal", Ordinal);
            writer.WriteNumber("size", Tree.Size);
            writer.WriteString("root", Tree.Root.ToString());
            writer.WriteBase64String("record", Record.Span);
            writer.WriteNumber("leaf", Leaf);
            writer.WriteNumber("place", Place);
            writer.WriteStartArray("canonical");
            foreach (var bytes in Canonical) writer.WriteBase64StringValue(bytes.Span);
            writer.WriteEndArray();
            writer.WriteStartArray("proof");
            foreach (var hash in Path) writer.WriteBase64StringValue(hash.ToArray());
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Reads what <see cref="ToJson"/> writes. That it is well formed says nothing of whether it holds.</summary>
    /// <param name="json">The text.</param>
    /// <returns>The proof.</returns>
    /// <exception cref="FormatException">It is not of that form: a member is missing, unknown, twice there, or of another kind.</exception>
    public static InclusionProof Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var root = document.RootElement;
            foreach (var member in root.EnumerateObject())
            {
                if (!Members.Contains(member.Name)) throw new FormatException($"A proof has no member '{member.Name}'.");
            }

            return new InclusionProof(
                root.GetProperty("position").GetInt64(),
                root.GetProperty("ordinal").GetInt64(),
                new TreeHead(root.GetProperty("size").GetInt64(), Hash.Parse(root.GetProperty("root").GetString() ?? "")),
                root.GetProperty("record").GetBytesFromBase64(),
                root.GetProperty("leaf").GetInt32(),
                root.GetProperty("place").GetInt32(),
                [.. root.GetProperty("canonical").EnumerateArray().Select(bytes => (ReadOnlyMemory<byte>)bytes.GetBytesFromBase64())],
                [.. root.GetProperty("proof").EnumerateArray().Select(hash => Hash.OfSpan(hash.GetBytesFromBase64()))]);
        }
        catch (Exception exception) when (
            exception is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new FormatException("This is no proof of an entry: " + exception.Message, exception);
        }
    }
}
