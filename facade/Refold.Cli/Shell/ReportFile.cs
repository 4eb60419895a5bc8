// A report in a file: written beside what a verb did, read back to be checked. What a report is, core/evidence.md says.
// Used by evidence, and by the verbs that report what they did: replay, compact, import, inspect, state.
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refold.Cli.Shell;

/// <param name="Projection">The report, where it is of a projection.</param>
/// <param name="Other">The report, where it is of anything else. One of both is there.</param>
/// <param name="Signature">Who vouches for it; null where nobody does.</param>
internal sealed record ReportFile(ProjectionReport? Projection, EvidenceReport? Other, ReportSignature? Signature)
{
    /// <summary>Where to write the report of what a verb does.</summary>
    public static readonly Option<string?> To = Options.Text(
        "--report", "FILE", "Write a report of what was done to this new file; evidence verify checks it");

    /// <summary>Who signs it.</summary>
    public static readonly Option<string?> Sign = Options.Text(
        "--sign", "KEY", "With --report: sign it with this private key, which keygen made");

    public Hash BodyHash => Projection?.BodyHash ?? Other!.BodyHash;

    public string BodyToJson() => Projection?.BodyToJson() ?? Other!.BodyToJson();

    /// <summary>What the tool prints: the body, its hash, what stands beside, and the signature where there is one.</summary>
    public static async Task<JsonObject> ToJsonAsync(
        string report, Hash bodyHash, Signing.Ed25519SigningKey? key, CancellationToken cancellationToken)
    {
        var whole = JsonNode.Parse(report)!.AsObject();
        var body = whole["body"]!;
        whole.Remove("body");
        whole.Remove("body_hash");
        var json = new JsonObject { ["body"] = body, ["bodyHash"] = bodyHash.ToString(), ["envelope"] = whole };
        if (key is not null)
            json[ReportSignature.Member] = (await ReportSignature.MakeAsync(key, body, bodyHash, cancellationToken)).Signed.ToString();
        return json;
    }

    /// <summary>Both the form that the tool prints and the canonical one of the library.</summary>
    public static ReportFile Read(string path)
    {
        try
        {
            string text = File.ReadAllText(path);
            if (JsonNode.Parse(text, documentOptions: new() { AllowDuplicateProperties = false }) is not JsonObject json)
                throw new ToolException(ExitCode.Unreadable, $"{path} is no report; name a file that evidence make --json wrote.");
            if (json["envelope"] is not JsonObject envelope) return Parse(json["body"], text, null);
            // What lies outside the hash may not stand in for what is hashed.
            var signature = ReportSignature.Read(json);
            if (json.Count != (signature is null ? 3 : 4) || envelope.ContainsKey("body") || envelope.ContainsKey("body_hash"))
                throw new FormatException("A report has body, bodyHash and envelope, perhaps a signature, and no body in its envelope");
            var whole = new JsonObject { ["body"] = json["body"]?.DeepClone(), ["body_hash"] = json["bodyHash"]?.DeepClone() };
            foreach (var member in envelope) whole[member.Key] = member.Value?.DeepClone();
            return Parse(json["body"], whole.ToJsonString(), signature);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException(
                ExitCode.Unreadable, $"{path} does not exist; name a file that evidence make --json or --report wrote.");
        }
        catch (Exception exception) when (
            exception is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                ExitCode.Unreadable,
                $"{path} cannot be read as a report; name a file that evidence make --json or --report wrote "
                + $"({exception.Message.TrimEnd('.')}).");
        }
        catch (FormatException exception)
        {
            throw new ToolException(ExitCode.Negative, $"{path} is no report that holds together: {exception.Message.TrimEnd('.')}.");
        }
    }

    // Those of projections say no kind of themselves.
    private static ReportFile Parse(JsonNode? body, string text, ReportSignature? signature) =>
        body is JsonObject found && found.ContainsKey("kind")
            ? new ReportFile(null, EvidenceReport.Parse(text), signature)
            : new ReportFile(ProjectionReport.Parse(text), null, signature);
}
