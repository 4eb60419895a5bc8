// The only way from Refold to files: everything a segment journal asks of a directory and its files.
// Implemented by DirectoryDevice, and by the crash simulator of Refold.Testing; given to SegmentJournal.Open.
namespace Refold.Segments;

/// <summary>One directory. Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
public interface IStorageDevice
{
    /// <summary>How messages name it.</summary>
    string Place { get; }

    /// <summary>Whether the directory is there.</summary>
    bool Exists { get; }

    /// <summary>Makes the directory, durably, if it is not there.</summary>
    void CreateDirectory();

    /// <summary>The names of all files.</summary>
    /// <returns>The names, in no order.</returns>
    IReadOnlyList<string> List();

    /// <summary>Opens a file that is there.</summary>
    /// <param name="name">The file.</param>
    /// <param name="writable">Whether it may be written.</param>
    /// <returns>The file; to be disposed by the caller.</returns>
    IStorageFile Open(string name, bool writable);

    /// <summary>Makes a new, empty file; fails where one is there.</summary>
    /// <param name="name">The file.</param>
    /// <returns>The file, writable; to be disposed by the caller.</returns>
    IStorageFile Create(string name);

    /// <summary>Renames a file; handles to it stay valid. Fails where the new name is taken.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">Its new name.</param>
    void Rename(string from, string to);

    /// <summary>Removes a file; handles to it stay valid.</summary>
    /// <param name="name">The file.</param>
    void Delete(string name);

    /// <summary>Makes creations, renames and removals durable.</summary>
    void FlushDirectory();

    /// <summary>Takes an exclusive lock that ends with the process; null where another holds it, and only there. The file is made if
    /// need be.</summary>
    /// <param name="name">The lock file.</param>
    /// <returns>Releases the lock when disposed.</returns>
    IStorageLock? TryLock(string name);
}

/// <summary>A lock that is held.</summary>
public interface IStorageLock : IDisposable
{
    /// <summary>Holds one more file of the directory until it is disposed, so that whoever takes the lock file away, or moves the other
    /// files, lets nobody in.</summary>
    /// <param name="name">The file; where it is not there, there is nothing to hold.</param>
    /// <returns>False where somebody else holds it.</returns>
    bool TryHold(string name);

    /// <summary>Returns where the directory and the files that are held still have the names they were locked by: whoever opens the
    /// place finds them. Cheap, as each flush asks; safe for use by many threads.</summary>
    /// <param name="file">A file that is written and has to be there too; null for none.</param>
    /// <exception cref="PlaceLostException">The directory or a file was renamed, replaced or removed.</exception>
    void RequireHeld(string? file);
}

/// <summary>An open file.</summary>
public interface IStorageFile : IDisposable
{
    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads at an offset; fewer bytes than asked only at the end.</summary>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="offset">From the start of the file, in bytes.</param>
    /// <returns>How many bytes were read.</returns>
    int Read(Span<byte> destination, long offset);

    /// <summary>Writes all bytes at an offset, or throws.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="offset">From the start of the file, in bytes.</param>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Returns when everything written before is durable, or throws.</summary>
    void Flush();
}
