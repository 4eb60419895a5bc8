// How sealed segment files are read.
// Given with SegmentOptions; asked by SegmentIndex. FORMAT.md, "Readers".
namespace Refold;

/// <summary>How the sealed files of a journal in segment files are read. Entries are checked in the same way either way.</summary>
public enum Reads
{
    /// <summary>A journal that is opened for writing has its sealed files mapped as they are read: no call of the system, and no copy, for
    /// each entry. Refold never cuts or changes a sealed file; where somebody else cuts one while it is read, or where the device cannot
    /// read a page of it, the operating system ends the process. Readers (<see cref="JournalOptions.ReadOnly"/>), the file that is written,
    /// devices other than <see cref="Segments.DirectoryDevice"/>, and Windows copy.</summary>
    Mapped,

    /// <summary>Bytes are copied, in pieces: a file that was cut, and a device that fails, are exceptions that name the file.</summary>
    Copied,
}
