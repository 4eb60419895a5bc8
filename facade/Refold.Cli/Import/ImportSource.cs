// The bytes of an import, to be read twice: a file as it is, a pipe through a temporary file, so that it takes no memory.
// Called by ImportVerb.
using Refold.Cli.Shell;

namespace Refold.Cli.Import;

internal static class ImportSource
{
    private const int Chunk = 1 << 16;

    /// <summary>Opens a file, or <c>-</c> for standard input. A line that no entry has is refused before it fills the disk.</summary>
    public static Stream Open(string path, string name, CancellationToken cancellationToken)
    {
        var stream = LineReader.Open(path);
        if (stream.CanSeek)
            return stream;
        using (stream)
        {
            var copy = new FileStream(
                Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, Chunk,
                FileOptions.DeleteOnClose);
            try
            {
                Copy(stream, copy, name, cancellationToken);
                return copy;
            }
            catch
            {
                copy.Dispose();
                throw;
            }
        }
    }

    private static void Copy(Stream stream, FileStream copy, string name, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Chunk];
        long line = 0;
        while (LineReader.Fill(stream, buffer, 0, buffer.Length, cancellationToken) is > 0 and var count)
        {
            var bytes = buffer.AsSpan(0, count);
            int end = bytes.LastIndexOf((byte)'\n');
            // Lines that begin and end in this piece are shorter than it is.
            int begin = bytes.IndexOf((byte)'\n');
            if (line + (begin < 0 ? count : begin) > LineReader.LongestLine)
                throw LineReader.TooLong(name);
            line = end < 0 ? line + count : count - end - 1;
            copy.Write(bytes);
        }
    }
}
