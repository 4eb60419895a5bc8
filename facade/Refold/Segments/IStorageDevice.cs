// The only way from Refold to files: everything a segment journal asks of a directory and its files.
// Implemented by DirectoryDevice; replaced by tests and by the crash simulator.
namespace Refold.Segments;

/// <summary>One directory. Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
internal interface IStorageDevice
{
    /// <summary>How messages name it.</summary>
    string Place { get; }

    /// <summary>Whether the directory is there.</summary>
    bool Exists { get; }

    /// <summary>Makes the directory, durably, if it is not there.</summary>
    void CreateDirectory();

    /// <summary>The names of all files.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens a file that is there.</summary>
    IStorageFile Open(string name, bool writable);

    /// <summary>Makes a new, empty file; fails where one is there.</summary>
    IStorageFile Create(string name);

    /// <summary>Renames a file; handles to it stay valid.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file.</summary>
    void Delete(string name);

    /// <summary>Makes creations, renames and removals durable.</summary>
    void FlushDirectory();

    /// <summary>Takes an exclusive lock that ends with the process; null where another holds it. The file is made if need be.</summary>
    IDisposable? TryLock(string name);
}

/// <summary>An open file.</summary>
internal interface IStorageFile : IDisposable
{
    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads at an offset; fewer bytes than asked only at the end.</summary>
    int Read(Span<byte> destination, long offset);

    /// <summary>Writes all bytes at an offset, or throws.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Returns when everything written before is durable, or throws.</summary>
    void Flush();
}
