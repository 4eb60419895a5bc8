// When a store answers an append, and what it assumes of the device.
// Given with SegmentOptions; used by SegmentStore. FORMAT.md, "Durability".
using Refold.Segments;

namespace Refold;

/// <summary>When a journal in segment files answers, and what that relies on. In every mode a killed process loses nothing, an answer
/// covers the batch whole, and a later batch is never there without the earlier ones.</summary>
/// <remarks>One journal may be opened in one mode after the other: a mode speaks for what was written and opened in it.</remarks>
public enum Durability
{
    /// <summary>Answers after a flush. Assumes powersafe overwrite: an interrupted write leaves each 512-byte sector in its range old or
    /// new and touches no other byte. Loses nothing then.</summary>
    Flushed,

    /// <summary>Answers after a flush, and begins each flush on a fresh block of 4,096 bytes. Assumes only that a flushed block that is not
    /// written again stays: a block that was being written when the power failed may be garbage. Loses nothing then, and takes up to 4,095
    /// bytes more for each flush.</summary>
    Padded,

    /// <summary>Answers when the operating system has the bytes. A power cut, or a flush that fails later, loses the newest answers: those
    /// since the last flush, which comes at the latest after <see cref="SegmentJournal.MaxUnflushedBytes"/>, after
    /// <see cref="SegmentJournal.MaxUnflushedTime"/>, before the next segment is begun, with a deletion, at
    /// <see cref="SegmentJournal.FlushAsync"/> and when the journal is closed. Readers in other processes see an entry when it is flushed.
    /// Assumes of the device what <see cref="Flushed"/> assumes.</summary>
    PowerCutLosesNewest,
}
