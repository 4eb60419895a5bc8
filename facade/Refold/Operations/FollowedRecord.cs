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

        public IReadOnlyList<RecordedEffect> Readings { get; } = earlier.Merged(OperationEntry.Clock, name);

        public HashSet<RecordedEffect> Used { get; } = [];

        /// <summary>Whether it asked for something else than was recorded, so that what follows is live.</summary>
        public bool HasLeft { get; set; }
    }

    /// <summary>The recorded call that answers one; null where it has to be called. A failure behind the operation's last command is tried
    /// again; one before it stands, as what was decided then may rest on it.</summary>
    public RecordedEffect? Call(EffectPlace place, string name, Encoded request)
    {
        if (earlier is null) return null;
        lock (gate)
        {
            var branch = Of(place.Branch);
            if (!branch.HasLeft && place.Ordinal <= branch.Calls.Count)
            {
                var recorded = branch.Calls[(int)place.Ordinal - 1];
                if (IsSame(recorded.Said, name, request) && (recorded.Said.Failure is null || recorded.Entry.Position < lastCommand))
                {
                    branch.Used.Add(recorded);
                    return recorded;
                }

                branch.HasLeft = true;
            }

            // What was called already is not called again.
            var success = branch.Calls.FirstOrDefault(
                call => call.Said.Failure is null && IsSame(call.Said, name, request) && !branch.Used.Contains(call));
            if (success is not null) branch.Used.Add(success);
            return success;
        }
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

    private static bool IsSame(OperationEntry recorded, string name, Encoded request) =>
        recorded.Name == name && recorded.Input == request;

    private Branch Of(string name)
    {
        if (!branches.TryGetValue(name, out var branch)) branches[name] = branch = new Branch(earlier!, name);
        return branch;
    }
}
