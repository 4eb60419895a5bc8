// A directory of the operating system. .NET cannot flush a directory: that goes through the C library.
// Used by SegmentJournal.Open; the only class of Refold that touches files.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Refold.Segments;

/// <summary>Files of a local directory.</summary>
/// <param name="path">The directory; it need not be there.</param>
public sealed class DirectoryDevice(string path) : IStorageDevice
{
    // Readers live beside the writer, in other processes; only the lock file excludes.
    private const FileShare Shared = FileShare.ReadWrite | FileShare.Delete;

    private readonly string path = Path.GetFullPath(path);

    /// <inheritdoc/>
    public string Place => path;

    /// <inheritdoc/>
    public bool Exists => Directory.Exists(path);

    /// <inheritdoc/>
    public void CreateDirectory()
    {
        if (Exists) return;
        Directory.CreateDirectory(path);
        if (Path.GetDirectoryName(path) is { } parent) FlushDirectory(parent);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file))];

    /// <inheritdoc/>
    public IStorageFile Open(string name, bool writable) =>
        new OpenFile(File.OpenHandle(Of(name), FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, Shared));

    /// <inheritdoc/>
    public IStorageFile Create(string name) =>
        new OpenFile(File.OpenHandle(Of(name), FileMode.CreateNew, FileAccess.ReadWrite, Shared));

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(Of(from), Of(to));

    /// <inheritdoc/>
    public void Delete(string name) => File.Delete(Of(name));

    /// <inheritdoc/>
    public void FlushDirectory() => FlushDirectory(path);

    /// <inheritdoc/>
    public IDisposable? TryLock(string name) => TryOpen(Of(name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Opens a file and locks it as long as it is open; null where the lock of somebody else is in the way.</summary>
    internal static SafeFileHandle? TryOpen(string file, FileMode mode, FileAccess access, FileShare share)
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

    private string Of(string name) => Path.Combine(path, name);

    private static void FlushDirectory(string directory)
    {
        // Windows makes names durable with the files, and opens no directory.
        if (OperatingSystem.IsWindows()) return;
        var descriptor = NativeMethods.Open(directory, 0);
        if (descriptor < 0) throw NativeFailure("open", directory);
        try
        {
            if (NativeMethods.Flush(descriptor) < 0) throw NativeFailure("flush", directory);
        }
        finally
        {
            _ = NativeMethods.Close(descriptor);
        }
    }

    private static IOException NativeFailure(string verb, string directory) =>
        new($"Could not {verb} the directory {directory}: {Marshal.GetLastPInvokeErrorMessage()}");

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Flush(int descriptor);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
    }

    /// <summary>An open file.</summary>
    internal class OpenFile(SafeFileHandle handle) : IStorageFile
    {
        public long Length => RandomAccess.GetLength(handle);

        protected SafeFileHandle Handle => handle;

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

        public void Dispose() => handle.Dispose();
    }
}
