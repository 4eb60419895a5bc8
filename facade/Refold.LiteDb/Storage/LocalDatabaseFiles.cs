// The files of a LiteDB journal in a directory of the operating system, locked while they are open (.NET: flock on Unix).
// Made by LiteDbJournal.Open for a path; the only class of the adapter that touches files.
using Microsoft.Win32.SafeHandles;

namespace Refold.LiteDb.Storage;

/// <summary>Files beside each other in one local directory.</summary>
internal sealed class LocalDatabaseFiles : IDatabaseFiles
{
    private readonly string path;
    private readonly DirectoryDevice directory;

    /// <param name="path">The data file; it need not be there.</param>
    /// <exception cref="JournalOpenException">The path is one of a directory.</exception>
    public LocalDatabaseFiles(string path)
    {
        this.path = Path.GetFullPath(path);
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(this.path)) throw new JournalOpenException($"{this.path} is a directory; name a file in it.");
        directory = new DirectoryDevice(Path.GetDirectoryName(this.path) ?? throw new ArgumentException($"'{path}' is no file name.", nameof(path)));
    }

    public string Place => path;

    /// <summary>The path of a file beside another, its name lengthened before the extension: LiteDB's own way to name a log.</summary>
    public static string Beside(string path, string suffix) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", Path.GetFileNameWithoutExtension(path) + suffix + Path.GetExtension(path));

    public bool Exists(FileRole role) => File.Exists(Of(role));

    public IDatabaseFile? Open(FileRole role, Opening opening)
    {
        var name = Of(role);
        if (opening == Opening.Creator) directory.CreateDirectory();
        try
        {
            return new LocalFile(opening == Opening.Reader
                ? File.OpenHandle(name, FileMode.Open, FileAccess.Read, FileShare.Read)
                : File.OpenHandle(name, opening == Opening.Creator ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (exception.GetType() == typeof(IOException) && File.Exists(name))
        {
            // The file is there and may be opened, so what fails is the lock.
            return null;
        }
    }

    public void Promote(bool replace) => File.Move(Of(FileRole.New), path, replace);

    public void Delete(FileRole role) => File.Delete(Of(role));

    public void FlushDirectory() => directory.FlushDirectory();

    private string Of(FileRole role)
    {
        if (role == FileRole.Data) return path;
        var suffix = role switch { FileRole.Log => "-log", FileRole.Mark => "-mark", _ => "-new" };
        return Beside(path, suffix);
    }

    private sealed class LocalFile(SafeFileHandle handle) : IDatabaseFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> destination, long offset)
        {
            var total = 0;
            while (total < destination.Length)
            {
                var read = RandomAccess.Read(handle, destination[total..], offset + total);
                if (read == 0) break;
                total += read;
            }

            return total;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
