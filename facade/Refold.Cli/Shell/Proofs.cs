// Proofs as JSON, as the tool prints them. The forms are explained in facade/docs/verify.md.
// Called by prove, explain and export --records.
using System.Text.Json.Nodes;

namespace Refold.Cli.Shell;

internal static class Proofs
{
    /// <summary>Hashes in base64.</summary>
    public static JsonArray ToJson(IEnumerable<Hash> hashes) =>
        new([.. hashes.Select(hash => (JsonNode)Convert.ToBase64String(hash.ToArray()))]);

    /// <summary>A proof of an entry.</summary>
    public static JsonObject ToJson(InclusionProof proof) => JsonNode.Parse(proof.ToJson())!.AsObject();

    /// <summary>A proof of growth; by way of a base it has <c>via</c>.</summary>
    public static JsonObject ToJson(ConsistencyProof proof)
    {
        var json = new JsonObject
        {
            ["from"] = proof.From,
            ["to"] = proof.To.Size,
            ["root"] = proof.To.Root.ToString(),
            ["proof"] = ToJson(proof.Path),
        };
        if (proof.Via is { } via)
            json["via"] = new JsonObject
            {
                ["size"] = via.Size,
                ["root"] = via.Root.ToString(),
                ["proof"] = ToJson(proof.PathToVia),
            };
        return json;
    }
}
