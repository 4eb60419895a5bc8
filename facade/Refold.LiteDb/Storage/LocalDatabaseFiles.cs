// The files of a LiteDB journal in a directory of the operating system, locked while they are open, whatever .NET is told of locks.
// Made by LiteDbJournal.Open for a path; the only class of the adapter that touches files.
using Microsoft.Win32.SafeHandles;
using Refold.Segments;

namespace Refold.LiteDb.Storage;

/// <summary>Files beside each other in one local directory.</summary>
internal sealed partial class LocalDatabaseFiles : IDatabaseFiles
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

    /// <summary>Asked before each file is opened, with which error of the system that fails: 0 for none. For tests.</summary>
    internal Func<FileRole, int> Failing { get; init; } = _ => 0;

    /// <summary>Files of a database beside this one, its name lengthened before the extension.</summary>
    public LocalDatabaseFiles WithSuffix(string suffix) => new(Beside(suffix));

    public bool Exists(FileRole role) => File.Exists(Of(role));

    public IDatabaseFile? Open(FileRole role, Opening opening)
    {
        var name = Of(role);
        if (opening == Opening.Creator) directory.CreateDirectory();
        if (Failing(role) is > 0 and var error) throw FileLock.Failure(error, "open", name);
        var handle = opening == Opening.Reader
            ? TryOpen(name, FileMode.Open, FileAccess.Read, FileShare.Read)
            : TryOpen(name, opening == Opening.Creator ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        return handle is null ? null : new LocalFile(handle, name);
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

    // Opens a file and locks it as long as it is open; null where the lock of somebody else is in the way. Anything else is an error by
    // its own name: no descriptors left, a file system that may only be read, a device that fails.
    private static SafeFileHandle? TryOpen(string file, FileMode mode, FileAccess access, FileShare share)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(file, mode, access, share);
        }
        catch (IOException exception) when (FileLock.IsHeldByAnother(exception))
        {
            return null;
        }
        catch (IOException exception) when (FileLock.Remedy(exception.HResult) is { Length: > 0 } remedy)
        {
            throw new IOException(exception.Message + remedy, exception.HResult);
        }

        try
        {
            // .NET locks nothing where DOTNET_SYSTEM_IO_DISABLEFILELOCKING says so.
            if (FileLock.TryTake(handle, isShared: share == FileShare.Read, file)) return handle;
            handle.Dispose();
            return null;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private sealed class LocalFile(SafeFileHandle handle, string name) : IDatabaseFile
    {
        public string? Displaced => FileLock.IsAt(handle, name) ? null : Path.GetFileName(name);

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
