// Writes the report of what a verb does, where --report asks for it: what could prevent that is found before the work begins.
// Used by replay, compact, import, inspect and state.
using System.CommandLine;
using Refold.Signing;

namespace Refold.Cli.Shell;

/// <param name="path">The new file.</param>
/// <param name="key">Who signs; null for nobody.</param>
internal sealed class ReportWriter(string path, Ed25519SigningKey? key) : IDisposable
{
    /// <summary>What is asked for; null where no report is.</summary>
    public static ReportWriter? Of(ParseResult arguments)
    {
        if (arguments.GetValue(ReportFile.To) is not { } path)
        {
            return arguments.GetValue(ReportFile.Sign) is null
                ? null
                : throw new ToolException(ExitCode.Usage, "--sign goes with --report FILE, which says where the signed report is written.");
        }

        if (File.Exists(path) || Directory.Exists(path))
            throw new ToolException(ExitCode.Usage, $"{path} is there already; name a new file by --report.");
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory))
            throw new ToolException(
                ExitCode.Usage, $"The directory {directory} does not exist; make it, or name another file by --report.");
        SigningFiles.RequireOutside(Journals.Uri(arguments), path);
        return new ReportWriter(path, ReportSignature.Key(Journals.Uri(arguments), arguments.GetValue(ReportFile.Sign)));
    }

    /// <summary>Writes a report, whole or not at all.</summary>
    public async Task WriteAsync(EvidenceReport report, CancellationToken cancellationToken)
    {
        var dated = report.MadeAt(TimeProvider.System.GetUtcNow());
        var json = await ReportFile.ToJsonAsync(dated.ToJson(), report.BodyHash, key, cancellationToken);
        try
        {
            string made = path + ".new";
            await File.WriteAllTextAsync(made, Output.Text(json) + "\n", cancellationToken);
            File.Move(made, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                ExitCode.Unreadable, $"The work is done, but its report cannot be written to {path}: {exception.Message}");
        }
    }

    public void Dispose() => key?.Dispose();
}
