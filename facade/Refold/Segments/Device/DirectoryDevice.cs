// A directory of the operating system. Once it is locked, its files are reached through the directory that is open, whatever its path
// has become. Used by SegmentJournal.Open; the only class of Refold that touches files.
using System.Globalization;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Refold.Segments;

/// <summary>Files of a local directory.</summary>
/// <param name="path">The directory; it need not be there.</param>
public sealed partial class DirectoryDevice(string path) : IStorageDevice
{
    // Readers live beside the writer, in other processes; only the lock excludes.
    private const FileShare Shared = FileShare.ReadWrite | FileShare.Delete;

    private readonly string path = Path.GetFullPath(path);

    // What this device has locked, as long as it has.
    private volatile HeldDirectory? held;

    /// <inheritdoc/>
    public string Place => path;

    /// <inheritdoc/>
    public bool Exists => Directory.Exists(path);

    /// <summary>Asked before each call of the system, by verb and file, with which error it fails: 0 for none. For tests.</summary>
    internal Func<string, string, int> Failing { get; init; } = (_, _) => 0;

    /// <inheritdoc/>
    public void CreateDirectory()
    {
        if (Exists) return;
        Directory.CreateDirectory(path);
        if (Path.GetDirectoryName(path) is { } parent) FlushDirectory(parent);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        Ask("list", path);
        var listed = held?.Listed ?? path;
        try
        {
            return [.. Directory.EnumerateFiles(listed).Select(file => Path.GetFileName(file))];
        }
        catch (IOException exception) when (listed != path)
        {
            var message = $"Could not list {path}: {exception.Message.Replace(listed, path, StringComparison.Ordinal)}";
            throw exception is DirectoryNotFoundException
                ? new DirectoryNotFoundException(message, exception)
                : new IOException(message, exception);
        }
    }

    /// <inheritdoc/>
    public IStorageFile Open(string name, bool writable) => new OpenFile(OpenHandle(name, writable));

    /// <inheritdoc/>
    public IStorageFile Create(string name)
    {
        Ask("create", name);
        return new OpenFile(
            OperatingSystem.IsLinux()
                ? Opened(name, Native.ReadWrite | Native.CreateNew)
                : File.OpenHandle(Of(name), FileMode.CreateNew, FileAccess.ReadWrite, Shared));
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        Ask("rename", to);
        if (OperatingSystem.IsWindows() || held is not { } locked) File.Move(Of(from), Of(to));
        else Native.Rename(locked.Directory, from, to, Of(to));
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        Ask("delete", name);
        if (OperatingSystem.IsWindows() || held is not { } locked) File.Delete(Of(name));
        else Native.Unlink(locked.Directory, name, Of(name));
    }

    /// <inheritdoc/>
    public void FlushDirectory()
    {
        Ask("flush", path);
        if (held is { } locked) Native.Flush(locked.Directory, path);
        else FlushDirectory(path);
    }

    /// <inheritdoc/>
    public IStorageLock? TryLock(string name) =>
        OperatingSystem.IsWindows() ? WindowsLock.TryTake(this, name) : HeldDirectory.TryTake(this, name);

    private string Of(string name) => Path.Combine(path, name);

    private void Ask(string verb, string name)
    {
        if (Failing(verb, name) is > 0 and var error) throw Native.Failure(error, verb, Of(name));
    }

    /// <summary>Opens a file that is there. The runtime's own way would lock it, and fail where a lock is in the way.</summary>
    private SafeFileHandle OpenHandle(string name, bool writable)
    {
        Ask("open", name);
        if (OperatingSystem.IsWindows())
            return File.OpenHandle(Of(name), FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, Shared);
        return Opened(name, writable ? Native.ReadWrite : 0);
    }

    /// <summary>Opens relative to the directory that is locked, or by the path.</summary>
    private SafeFileHandle Opened(string name, int flags)
    {
        var locked = held;
        return Native.Open(locked?.Directory, locked is null ? Of(name) : name, flags, Of(name));
    }

    private static void FlushDirectory(string directory)
    {
        // Windows makes names durable with the files, and opens no directory.
        if (OperatingSystem.IsWindows()) return;
        using var handle = Native.Open(null, directory, 0, directory);
        Native.Flush(handle, directory);
    }

    /// <summary>An open file.</summary>
    private sealed class OpenFile(SafeFileHandle handle) : IStorageFile, IMappableFile
    {
        // How long the file is known to be, as a flush of all that belongs to it left it; -1 before the first one. Where the length stays,
        // data alone is flushed: a time of writing need not last, and is a write of its own.
        private long flushedLength = -1;
        private long end;

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

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            RandomAccess.Write(handle, bytes, offset);
            end = Math.Max(end, offset + bytes.Length);
        }

        public void Flush()
        {
            if (OperatingSystem.IsLinux() && end <= flushedLength)
            {
                Native.FlushData(handle);
                return;
            }

            var length = OperatingSystem.IsLinux() ? Length : -1;
            RandomAccess.FlushToDisk(handle);
            flushedLength = length;
        }

        public MappedFile? TryMap()
        {
            var length = Length;
            // Windows neither renames nor removes what is mapped.
            if (length == 0 || OperatingSystem.IsWindows() || !Environment.Is64BitProcess || !MappedFile.TryCount()) return null;
            var isMade = false;
            try
            {
                using var file = MemoryMappedFile.CreateFromFile(
                    handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
                // The view stays when the file is closed.
                var view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read).SafeMemoryMappedViewHandle;
                isMade = true;
                return new MappedFile(view, length);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                return null;
            }
            finally
            {
                if (!isMade) MappedFile.Uncount();
            }
        }

        public void Dispose() => handle.Dispose();
    }

    /// <summary>How the files of a directory that is open are listed; the runtime takes paths only.</summary>
    private static string? PathOf(SafeFileHandle directory)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var listed = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.DangerousGetHandle()}");
        return Directory.Exists(listed) ? listed : null;
    }
}
