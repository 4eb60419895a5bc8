// The body of a report that cannot be written.
// Thrown where reports are made, of projections and of other work.
namespace Refold;

/// <summary>The body of a report has no canonical form.</summary>
public sealed class ReportEncodingException : JournalException
{
    internal ReportEncodingException(string message)
        : base("report-encoding", message)
    {
    }
}
