// The built-in projection: how many entries there are of each type and in each stream.
// Run by the tool's project and evidence; a sample of a projection over everything.
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Refold.Interop;

namespace Refold;

/// <summary>How many entries a journal has.</summary>
/// <param name="Types">By type.</param>
/// <param name="Streams">By stream.</param>
public sealed record ActivityCounts(ImmutableSortedDictionary<string, long> Types, ImmutableSortedDictionary<string, long> Streams)
{
    private static readonly ImmutableSortedDictionary<string, long> None =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>The projection, <c>activity-counts</c>. Its state is <c>{"streams":{..},"types":{..}}</c> in canonical JSON, counts as
    /// decimal strings.</summary>
    public static Projection<ActivityCounts> Projection { get; } = Refold.Projection.Create(
        "activity-counts", 1, [], new ActivityCounts(None, None),
        (counts, entry) => new ActivityCounts(OneMore(counts.Types, entry.Type), OneMore(counts.Streams, entry.Stream.Value)),
        Codec.Create<ActivityCounts>("activity-counts", Write, Read));

    /// <summary>The counts in canonical JSON.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => System.Text.Encoding.UTF8.GetString(Write(this).Span);

    private static ImmutableSortedDictionary<string, long> OneMore(ImmutableSortedDictionary<string, long> counts, string name) =>
        counts.SetItem(name, counts.GetValueOrDefault(name) + 1);

    private static ReadOnlyMemory<byte> Write(ActivityCounts counts)
    {
        var json = new JsonObject { ["streams"] = ToJson(counts.Streams), ["types"] = ToJson(counts.Types) };
        return CanonicalJson.OfJson(JsonSerializer.SerializeToUtf8Bytes((JsonNode)json, NodeJson.Default.JsonNode));
    }

    private static JsonObject ToJson(ImmutableSortedDictionary<string, long>? counts) =>
        new((counts ?? None).Select(count => KeyValuePair.Create(count.Key, (JsonNode?)JsonValue.Create(NumberText.Of(count.Value)))));

    private static ActivityCounts Read(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        return new ActivityCounts(Of("types"), Of("streams"));

        ImmutableSortedDictionary<string, long> Of(string member) => document.RootElement.GetProperty(member).EnumerateObject()
            .ToImmutableSortedDictionary(
                count => count.Name,
                count => long.Parse(count.Value.GetString()!, NumberStyles.None, CultureInfo.InvariantCulture),
                StringComparer.Ordinal);
    }
}

/// <summary>JSON nodes without reflection.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(JsonNode))]
internal sealed partial class NodeJson : System.Text.Json.Serialization.JsonSerializerContext;
