// The first difference between the body of a report and one that was made again.
// Called by EvidenceReport, by checks of reports, and by the tool.
using System.Text;
using Refold.Interop;

namespace Refold;

internal static class ReportDifference
{
    /// <summary>One line with the JSON pointer of the member; null where the bodies are the same bytes.</summary>
    public static string? Of(string body, string again)
    {
        if (body == again) return null;
        var first = Core.JsonDifferenceModule.first(Encoding.UTF8.GetBytes(body), Encoding.UTF8.GetBytes(again)).ToReference();
        return first is null ? "the bodies are different" : At(first.Pointer, first.Expected, first.Actual);
    }

    /// <summary>One line of a member that the journal has otherwise.</summary>
    public static string At(string pointer, string report, string journal) => $"{pointer}: the report says {report}, the journal {journal}";
}
