// What stands beside the body of a report: when it was made, by which version, and what may help a reader.
// Used by ProjectionReport and EvidenceReport, whatever the body.
using System.Text;
using Refold.Interop;

namespace Refold;

internal static class ReportEnvelope
{
    // The years 1 to 9999. It is outside the hash, so anybody can write another.
    private const long FirstMs = -62_135_596_800_000, LastMs = 253_402_300_799_999;

    /// <summary>The same report with the time it was made, and the version of Refold.</summary>
    public static Core.EvidenceReport<TBody> MadeAt<TBody>(this Core.EvidenceReport<TBody> report, DateTimeOffset at) => new(
        report.Body, report.BodyHash, ((long?)at.ToUnixTimeMilliseconds()).ToOption(), LibraryVersion.Text.ToOption(), report.Diagnostics);

    /// <summary>The same report with one diagnostic more.</summary>
    public static Core.EvidenceReport<TBody> With<TBody>(this Core.EvidenceReport<TBody> report, string diagnostic) => new(
        report.Body, report.BodyHash, report.GeneratedAtUnixMs, report.RefoldVersion, report.Diagnostics.Append(diagnostic).ToFSharpList());

    /// <summary>When it was made; null where that was not said, or is no time.</summary>
    public static DateTimeOffset? GeneratedAt<TBody>(this Core.EvidenceReport<TBody> report) =>
        report.GeneratedAtUnixMs?.Value is >= FirstMs and <= LastMs and var ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;

    /// <summary>The text of canonical bytes.</summary>
    public static string Text(Core.Bytes bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>The report of a JSON text.</summary>
    /// <exception cref="FormatException">It is none, or its hash is not that of its body.</exception>
    public static Core.EvidenceReport<TBody> Read<TBody>(
        string json,
        Func<ReadOnlyMemory<byte>, Microsoft.FSharp.Core.FSharpResult<Core.EvidenceReport<TBody>, Core.ValueError>> read)
    {
        ArgumentNullException.ThrowIfNull(json);
        var found = read(Encoding.UTF8.GetBytes(json));
        return found.IsOk ? found.ResultValue : throw new FormatException(found.ErrorValue.ToString() + ".");
    }
}
