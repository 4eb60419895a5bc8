// What a harness does with what it is told, and how it answers.
// Given to ReplayHarness and to SetModeAsync; answered by RecordAsync.
namespace Refold;

/// <summary>What a <see cref="ReplayHarness"/> does. Switching the mode keeps what was recorded or loaded.</summary>
public enum RecorderMode
{
    /// <summary>Nothing: what is told is dropped.</summary>
    Off = 0,

    /// <summary>Entries that are told are stamped and kept, in memory and in the journal, if there is one.</summary>
    Record = 1,

    /// <summary>Entries that are told are dropped; those that were loaded are handed to a sink by <c>ReplayAllAsync</c>.</summary>
    Replay = 2,
}

/// <summary>What became of an entry that a <see cref="ReplayHarness"/> was told.</summary>
public enum RecordAnswer
{
    /// <summary>The mode is <see cref="RecorderMode.Off"/> or <see cref="RecorderMode.Replay"/>: the entry was dropped.</summary>
    Ignored = 0,

    /// <summary>The entry was stamped and kept; in the journal too, if there is one, and durably.</summary>
    Recorded = 1,
}
