// The signature of a report: who vouches for it, printed beside what is hashed. facade/docs/verify.md says how openssl checks one.
// Made and checked by `refold evidence`.
using System.Text.Json.Nodes;
using Refold.Signing;

namespace Refold.Cli.Shell;

/// <summary>A note of Refold.Signing that vouches for the hash of a report's body.</summary>
/// <param name="Signed">The note.</param>
internal sealed record ReportSignature(SignedReport Signed)
{
    /// <summary>The member of a report that has the text of the note.</summary>
    public const string Member = "signature";

    /// <summary>The key that is to sign; it is read before a report is made, which may take long.</summary>
    public static Ed25519SigningKey? Key(string uri, string? path)
    {
        if (path is null) return null;
        SigningFiles.RequireOutside(uri, path);
        return SigningFiles.Load(path);
    }

    /// <summary>Signs the body of a report.</summary>
    public static async Task<ReportSignature> MakeAsync(
        Ed25519SigningKey key, JsonNode body, Hash bodyHash, CancellationToken cancellationToken) =>
        new(await SignedReport.SignAsync(KindOf(body), bodyHash, key, cancellationToken));

    /// <summary>The signature that a report has; null for none. What is no signature is no report that holds together.</summary>
    public static ReportSignature? Read(JsonObject report)
    {
        if (!report.ContainsKey(Member)) return null;
        try
        {
            return report[Member] is JsonValue value && value.TryGetValue(out string? note)
                ? new ReportSignature(SignedReport.Parse(note))
                : throw new FormatException($"Its {Member} is not the text of a note");
        }
        catch (SigningFormatException exception)
        {
            throw new FormatException($"Its {Member}: {exception.Message}", exception);
        }
    }

    /// <summary>What is wrong with the signature of a report, which has to be there; null for nothing.</summary>
    public static string? FindFault(ReportSignature? found, VerifierKey key, JsonNode body, Hash bodyHash)
    {
        if (found is not { Signed: var signed }) return $"the report is not signed, and a signature of {key.Name} is asked for";
        if (SigningFiles.Guarded(() => signed.Verify(key, bodyHash)) is { Verified: false } verdict) return verdict.Fault;
        return signed.Kind == KindOf(body)
            ? null
            : $"the signature is of a report of the kind {signed.Kind}, and this one is of {KindOf(body)}";
    }

    /// <summary>As JSON; whether it was verified is null where nobody asked.</summary>
    public JsonObject ToJson(bool? verified) => new() { ["name"] = Signed.Name, ["verified"] = verified };

    /// <summary>As a fact, where the report is as it was signed, or nobody asked.</summary>
    public string ToText(bool isChecked) => isChecked ? $"of {Signed.Name}" : $"of {Signed.Name}, not checked: --key does that";

    // The kind that is signed: projection/v2, or what another report says it is.
    private static string KindOf(JsonNode body) =>
        $"{body["kind"]?.GetValue<string>() ?? "projection"}/v{body["schema_version"]!.GetValue<int>()}";
}
