// Splits an input into lines of bytes, whatever it is: a file, a pipe, a terminal.
// Used by import and record.
namespace Refold.Cli.Shell;

internal static class LineReader
{
    /// <summary>Longer than any entry in its NDJSON form: escapes make six bytes of one at most.</summary>
    public const int LongestLine = 96 * 1024 * 1024;

    /// <summary>Opens a file, or standard input for <c>-</c>.</summary>
    public static Stream Open(string path)
    {
        if (path == "-")
            return Terminal.Current.OpenInput();
        if (Directory.Exists(path))
            throw new ToolException(ExitCode.Unreadable, $"{path} is a directory; name a file.");
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException(ExitCode.Unreadable, $"{path} does not exist; name a file that does.");
        }
    }

    /// <summary>The lines without LF or CR LF, each as soon as it is there. A line is valid until the next one is taken.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(Stream stream, string path, CancellationToken cancellationToken = default)
    {
        byte[] buffer = new byte[1 << 16];
        int start = 0, end = 0;
        while (true)
        {
            int length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                yield return WithoutReturn(buffer.AsMemory(start, length));
                start += length + 1;
                continue;
            }

            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
            }
            else if (end == buffer.Length)
            {
                if (end >= LongestLine)
                    throw TooLong(path);
                Array.Resize(ref buffer, Math.Min(2 * end, LongestLine));
            }

            int read = Fill(stream, buffer, end, buffer.Length - end, cancellationToken);
            if (read > 0)
            {
                end += read;
                continue;
            }

            if (end > start)
                yield return WithoutReturn(buffer.AsMemory(start, end - start));
            yield break;
        }
    }

    /// <summary>Reads some bytes. A pipe or a terminal that gives none for long is left behind when it is interrupted.</summary>
    public static int Fill(Stream stream, byte[] buffer, int start, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (stream.CanSeek || !cancellationToken.CanBeCanceled)
            return stream.Read(buffer, start, count);
        return Interruption.LeaveAsync(() => stream.Read(buffer, start, count), cancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>The error of a line that is longer than any entry.</summary>
    public static ToolException TooLong(string path) =>
        new(ExitCode.Unreadable, $"{path} has a line of more than 96 MiB; no entry is as long: write an entry a line.");

    private static ReadOnlyMemory<byte> WithoutReturn(Memory<byte> line) =>
        line.Length > 0 && line.Span[^1] == '\r' ? line[..^1] : line;
}
