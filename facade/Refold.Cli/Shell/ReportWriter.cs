// Writes the report of what a verb does, where --report asks for it: what could prevent that is found before the work begins.
// Used by replay, compact, import, inspect and state.
using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Refold.Signing;
using Refold.Transfers;

namespace Refold.Cli.Shell;

internal sealed class ReportWriter : IDisposable
{
    private readonly string path, partial;
    private readonly Ed25519SigningKey? key;
    private FileStream? file;

    private ReportWriter(string path, Ed25519SigningKey? key)
    {
        (this.path, this.key) = (path, key);
        partial = $"{path}.partial-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        // A directory that cannot be written is found now.
        file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write);
    }

    /// <summary>What is asked for; null where no report is.</summary>
    public static ReportWriter? Of(ParseResult arguments)
    {
        if (arguments.GetValue(ReportFile.To) is not { } path)
        {
            return arguments.GetValue(ReportFile.Sign) is null
                ? null
                : throw new ToolException(ExitCode.Usage, "--sign goes with --report FILE, which says where the signed report is written.");
        }

        string uri = Journals.Uri(arguments);
        if (File.Exists(path) || Directory.Exists(path))
            throw new ToolException(ExitCode.Usage, $"{path} is there already; name a new file by --report.");
        string full = Path.GetFullPath(path), directory = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(directory))
            throw new ToolException(
                ExitCode.Usage, $"The directory {directory} does not exist; make it, or name another file by --report.");
        SigningFiles.RequireOutside(uri, path);
        // A database has files beside it that begin with its name.
        if (StoreFiles.Of(uri) is var (_, database)
            && full.StartsWith(Path.ChangeExtension(Path.GetFullPath(database), null), StringComparison.Ordinal)
            && Path.GetExtension(full) == Path.GetExtension(database))
            throw new ToolException(
                ExitCode.Usage, $"{path} is named as a file of the journal {database} may be; name another file by --report.");
        var key = ReportSignature.Key(uri, arguments.GetValue(ReportFile.Sign));
        try
        {
            return new ReportWriter(path, key);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            key?.Dispose();
            throw new ToolException(ExitCode.Unreadable, $"{path} cannot be written: {exception.Message}");
        }
    }

    /// <summary>Writes a report, whole or not at all. The work that it is of is done by now, so nothing ends it.</summary>
    public async Task WriteAsync(EvidenceReport report)
    {
        try
        {
            var dated = report.MadeAt(TimeProvider.System.GetUtcNow());
            var json = await ReportFile.ToJsonAsync(dated.ToJson(), report.BodyHash, key, CancellationToken.None);
            await file!.WriteAsync(Encoding.UTF8.GetBytes(Output.Text(json) + "\n"));
            file.Flush(flushToDisk: true);
            await file.DisposeAsync();
            file = null;
            File.Move(partial, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                ExitCode.Unreadable, $"The work is done, but its report cannot be written to {path}: {exception.Message}");
        }
    }

    public void Dispose()
    {
        key?.Dispose();
        file?.Dispose();
        try
        {
            File.Delete(partial);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Terminal.Warn($"{partial} is left over: {exception.Message}");
        }
    }
}
