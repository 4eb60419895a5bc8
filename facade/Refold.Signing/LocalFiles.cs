// The files of keys and of a signer's memory, each written durably and readable by its owner alone.
// Called by Ed25519SigningKey and FileSignerMemory; the only class of Refold.Signing that touches files.
using Refold.Segments;

namespace Refold.Signing;

internal static class LocalFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The file that a path means, whatever links lead to it.</summary>
    public static string Resolve(string path)
    {
        var full = Path.GetFullPath(path);
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }

    public static bool Exists(string path) => Path.Exists(path);

    /// <exception cref="DirectoryNotFoundException">The directory of a file that is to be made is not there.</exception>
    public static void RequireDirectoryOf(string path)
    {
        var directory = Path.GetDirectoryName(path);
        if (!Directory.Exists(directory)) throw new DirectoryNotFoundException($"The directory {directory} is not there.");
    }

    /// <summary>All bytes of a file; null where there are more than expected.</summary>
    public static byte[]? Read(string path, int longest)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[longest + 1];
        var total = 0;
        while (total < bytes.Length)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(total), total);
            if (read == 0) break;
            total += read;
        }

        return total > longest ? null : bytes[..total];
    }

    /// <summary>Makes a new file, durable when this returns. One that is there stays as it is.</summary>
    public static void CreatePrivate(string path, ReadOnlySpan<byte> bytes)
    {
        using (var file = Create(path))
        {
            try
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }
            catch
            {
                // Half a file would be in the way of the next try.
                File.Delete(path);
                throw;
            }
        }

        FlushDirectoryOf(path);
    }

    /// <summary>Puts other bytes in the place of a file, or makes it: written aside and flushed, then renamed; durable when this returns.
    /// Whatever happens, the file is the old one or the new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its bytes from then on.</param>
    /// <param name="before">Told of each step before it is taken.</param>
    public static void Replace(string path, ReadOnlySpan<byte> bytes, Action<string>? before)
    {
        var aside = path + ".new";
        before?.Invoke("create");
        // What an interrupted write left.
        File.Delete(aside);
        using (var file = Create(aside))
        {
            before?.Invoke("write");
            file.Write(bytes);
            before?.Invoke("flush");
            file.Flush(flushToDisk: true);
        }

        before?.Invoke("rename");
        File.Move(aside, path, overwrite: true);
        before?.Invoke("flush directory");
        FlushDirectoryOf(path);
    }

    /// <summary>Makes durable what can be read in a file, and its name: a process that ended may have left either unflushed.</summary>
    public static void Flush(string path)
    {
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
            RandomAccess.FlushToDisk(file);
        FlushDirectoryOf(path);
    }

    private static void FlushDirectoryOf(string path) =>
        new DirectoryDevice(Path.GetDirectoryName(Path.GetFullPath(path))!).FlushDirectory();

    private static FileStream Create(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }
}
