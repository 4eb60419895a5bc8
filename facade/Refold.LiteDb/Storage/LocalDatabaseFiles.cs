// The files of a LiteDB journal in a directory of the operating system, locked while they are open (.NET: flock on Unix).
// Made by LiteDbJournal.Open for a path; the only class of the adapter that touches files.
using Microsoft.Win32.SafeHandles;
using Refold.Segments;

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
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(this.path))
            throw new JournalOpenException($"{this.path} is a directory; name a file in it.");
        directory = new DirectoryDevice(
            Path.GetDirectoryName(this.path) ?? throw new ArgumentException($"'{path}' is no file name.", nameof(path)));
    }

    public string Place => path;

    /// <summary>Files of a database beside this one, its name lengthened before the extension.</summary>
    public LocalDatabaseFiles WithSuffix(string suffix) => new(Beside(suffix));

    public bool Exists(FileRole role) => File.Exists(Of(role));

    public IDatabaseFile? Open(FileRole role, Opening opening)
    {
        var name = Of(role);
        if (opening == Opening.Creator) directory.CreateDirectory();
        var handle = opening == Opening.Reader
            ? TryOpen(name, FileMode.Open, FileAccess.Read, FileShare.Read)
            : TryOpen(name, opening == Opening.Creator ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        return handle is null ? null : new LocalFile(handle);
    }

    public void Promote(bool replace) => File.Move(Of(FileRole.New), path, replace);

    public void Delete(FileRole role) => File.Delete(Of(role));

    public void FlushDirectory() => directory.FlushDirectory();

    private string Of(FileRole role) => role switch
    {
        FileRole.Data => path,
        FileRole.Log => Beside("-log"),
        FileRole.Mark => Beside("-mark"),
        _ => Beside("-new"),
    };

    // LiteDB's own way to name a log.
    private string Beside(string suffix) =>
        Path.Combine(directory.Place, Path.GetFileNameWithoutExtension(path) + suffix + Path.GetExtension(path));

    // Opens a file and locks it as long as it is open; null where the lock of somebody else is in the way.
    private static SafeFileHandle? TryOpen(string file, FileMode mode, FileAccess access, FileShare share)
    {
        try
        {
            return File.OpenHandle(file, mode, access, share);
        }
        catch (IOException exception) when (exception.GetType() == typeof(IOException) && File.Exists(file))
        {
            // The file is there and may be opened, so what fails is the lock.
            return null;
        }
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

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose() => handle.Dispose();
    }
}
