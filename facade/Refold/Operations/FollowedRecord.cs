// What a new attempt is answered from: what the attempts before it got, branch by branch in order, as long as it asks the same.
// Used by LiveAttempt.
namespace Refold;

internal sealed class FollowedRecord(RecordedOperation? earlier)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Branch> branches = new(StringComparer.Ordinal);
    private readonly long lastCommand = earlier?.LastCommand ?? 0;

    private sealed class Branch(RecordedOperation earlier, string name)
    {
        public IReadOnlyList<RecordedEffect> Calls { get; } = earlier.Merged(OperationEntry.Call, name);

        public IReadOnlyList<RecordedEffect> Commands { get; } = earlier.Merged(OperationEntry.Executed, name);

        public IReadOnlyList<RecordedEffect> Readings { get; } = earlier.Readings(name);

        /// <summary>Every call that was answered, in whatever attempt; copies left out.</summary>
        public IReadOnlyList<RecordedEffect> Successes { get; } =
        [
            .. earlier.Attempts.SelectMany(attempt => attempt.Of(OperationEntry.Call, name).Where(call => !attempt.IsCopy(call)))
                .Where(call => call.Said.Failure is null),
        ];

        public HashSet<Guid> Used { get; } = [];

        /// <summary>Whether it asked for something else than was recorded, so that what follows is live.</summary>
        public bool HasLeft { get; set; }
    }

    /// <summary>The recorded call that answers one; null where it has to be called. A failure behind the operation's last command is tried
    /// again; one before it stands, as what was decided then may rest on it.</summary>
    public RecordedEffect? Call(EffectPlace place, string name, CallRequest request)
    {
        if (earlier is null) return null;
        lock (gate)
        {
            var branch = Of(place.Branch);
            if (!branch.HasLeft && place.Ordinal <= branch.Calls.Count)
            {
                var recorded = branch.Calls[(int)place.Ordinal - 1];
                if (IsSame(recorded, name, request) && (recorded.Said.Failure is null || Stands(recorded)))
                {
                    branch.Used.Add(earlier.OriginalOf(recorded));
                    return recorded;
                }

                branch.HasLeft = true;
            }

            // What was called already is not called again.
            var success = branch.Successes.FirstOrDefault(call => IsSame(call, name, request) && !branch.Used.Contains(call.Entry.Id));
            if (success is not null) branch.Used.Add(success.Entry.Id);
            return success;
        }
    }

    /// <summary>The recorded failure of a command that stands; null where it has to be given.</summary>
    /// <param name="place">Where it is given.</param>
    /// <param name="stream">The stream it is for.</param>
    /// <param name="isSame">Whether it is the command that was recorded; of one that has no form, null was.</param>
    public RecordedEffect? FailedCommand(EffectPlace place, StreamId stream, Func<Encoded?, bool> isSame)
    {
        if (earlier is null) return null;
        lock (gate)
        {
            var branch = Of(place.Branch);
            if (branch.HasLeft || place.Ordinal > branch.Commands.Count) return null;
            var recorded = branch.Commands[(int)place.Ordinal - 1];
            if (recorded.Said.Failure is null) return null;
            if (recorded.Said.Stream == stream.Value && isSame(recorded.Said.Input) && Stands(recorded)) return recorded;
            // It is given, again or another one: what followed the failure does not follow from it.
            branch.HasLeft = true;
            return null;
        }
    }

    /// <summary>A command that an attempt before gave in this place; null for none.</summary>
    public RecordedEffect? GivenCommand(EffectPlace place)
    {
        if (earlier is null) return null;
        lock (gate)
            return Of(place.Branch).Commands.FirstOrDefault(given => given.Said.Ordinal == place.Ordinal && given.Said.Failure is null);
    }

    /// <summary>The recorded reading of the clock; null where it is to be read.</summary>
    public RecordedEffect? Reading(EffectPlace place)
    {
        if (earlier is null) return null;
        lock (gate)
        {
            var branch = Of(place.Branch);
            return !branch.HasLeft && place.Ordinal <= branch.Readings.Count ? branch.Readings[(int)place.Ordinal - 1] : null;
        }
    }

    // A copy was made because it stood.
    private bool Stands(RecordedEffect failed) => earlier!.IsCopy(failed) || failed.Entry.Position < lastCommand;

    private static bool IsSame(RecordedEffect recorded, string name, CallRequest request) =>
        recorded.Said.Name == name && recorded.Said.Input is { } asked && request.IsSame(asked);

    private Branch Of(string name)
    {
        if (!branches.TryGetValue(name, out var branch)) branches[name] = branch = new Branch(earlier!, name);
        return branch;
    }
}
