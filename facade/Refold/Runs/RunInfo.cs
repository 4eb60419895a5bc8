// A run as it is found in a journal.
// Listed by IJournal.RunsAsync.
using Refold.Interop;

namespace Refold;

/// <summary>A recorded run of a journal.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Pin">The recorded pin; null where the start cannot be read.</param>
/// <param name="StartedPosition">The position of its first entry.</param>
/// <param name="StartedAt">The time of its first entry.</param>
/// <param name="Entries">The highest version of its own stream: start, commands, refusals, end.</param>
/// <param name="EndedPosition">The position of the entry that ended it; null for none.</param>
public sealed record RunInfo(RunId Id, RunPin? Pin, long StartedPosition, DateTimeOffset? StartedAt, long Entries, long? EndedPosition)
{
    /// <summary>Whether it was ended.</summary>
    public bool HasEnded => EndedPosition is not null;

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(RunInfo), PrintMembers);
}
