// The files of one LiteDB journal, and the only way to them: data, log and mark, each opened by one process.
// Implemented by LocalDatabaseFiles, and by the device that loses power in the tests; used by Database and the maintenance.
using Refold.Segments;

namespace Refold.LiteDb.Storage;

/// <summary>Who opens a file.</summary>
internal enum Opening
{
    /// <summary>Reads beside other readers; fails where a writer has it.</summary>
    Reader,

    /// <summary>Reads and writes alone; the file is there.</summary>
    Writer,

    /// <summary>Reads and writes alone; the file is made if it is not there.</summary>
    Creator,
}

/// <summary>The files of one journal. Names are suffixes of its own: see <see cref="FileRole"/>. Failures are <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>.</summary>
internal interface IDatabaseFiles
{
    /// <summary>How messages name the journal: the path of its data file.</summary>
    string Place { get; }

    /// <summary>Whether a file is there.</summary>
    bool Exists(FileRole role);

    /// <summary>Opens a file; null where another process, or another opening in this one, has it.</summary>
    IDatabaseFile? Open(FileRole role, Opening opening);

    /// <summary>Gives a finished file the name of the data file.</summary>
    /// <param name="replace">Whether a data file that is there is replaced; otherwise it fails.</param>
    void Promote(bool replace);

    /// <summary>Removes a file that is there.</summary>
    void Delete(FileRole role);

    /// <summary>Makes creations, renames and removals durable.</summary>
    void FlushDirectory();

    /// <summary>The exception for files that somebody else has open.</summary>
    JournalInUseException InUse() =>
        new(Place, "by this program or another; close it there first: a LiteDB file is open once, or several times for reading");
}

/// <summary>What a file is for.</summary>
internal enum FileRole
{
    /// <summary>LiteDB's data file: the path the journal is opened by.</summary>
    Data,

    /// <summary>LiteDB's log, under the name LiteDB itself gives it: <c>name-log.ext</c>.</summary>
    Log,

    /// <summary>The lock of the writer, and how far it got: <c>name-mark.ext</c>.</summary>
    Mark,

    /// <summary>A data file that is being made: <c>name-new.ext</c>. What a crash leaves of it is removed by the next writer.</summary>
    New,
}

/// <summary>An open file that can shrink, as logs do.</summary>
internal interface IDatabaseFile : IStorageFile
{
    /// <summary>Cuts the file, or lengthens it with zeros.</summary>
    /// <param name="length">The new length in bytes.</param>
    void SetLength(long length);

    /// <summary>The name of the file if it is not under it any more: it was renamed, replaced or removed, or its directory was; null where
    /// it is.</summary>
    string? Displaced { get; }
}
