// An upcast from JSON object to JSON object, made one of bytes.
// Called by Codec<T>.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refold;

internal static class JsonUpcast
{
    /// <summary>The payload of the next version.</summary>
    /// <exception cref="FormatException">The payload is no JSON object, or the function answers with none.</exception>
    public static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> payload, Func<JsonObject, JsonObject> upcast)
    {
        var options = new JsonDocumentOptions { MaxDepth = JsonRules.MostLevels, AllowDuplicateProperties = false };
        if (JsonNode.Parse(payload.Span, null, options) is not JsonObject json) throw new FormatException("it is no JSON object");
        var next = upcast(json) ?? throw new FormatException("the upcast gives null");
        return Encoding.UTF8.GetBytes(next.ToJsonString(new JsonSerializerOptions { MaxDepth = JsonRules.MostLevels }));
    }
}
