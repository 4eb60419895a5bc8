// A sink that holds what it is handed.
// Used by the tests of the harness.
namespace Refold.Tests.Harness;

/// <summary>A sink that holds each entry until the test acknowledges it.</summary>
internal sealed class HoldingSink : IReplaySink
{
    private readonly Lock gate = new();
    private readonly List<ReplayJournalEntry> taken = [];
    private TaskCompletionSource? acknowledgement;

    /// <summary>What was handed out, in order.</summary>
    public IReadOnlyList<ReplayJournalEntry> Taken
    {
        get { lock (gate) return [.. taken]; }
    }

    /// <summary>The token of the last entry.</summary>
    public CancellationToken Token { get; private set; }

    public ValueTask OnEntryAsync(ReplayJournalEntry entry, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            taken.Add(entry);
            Token = cancellationToken;
            acknowledgement = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(acknowledgement.Task);
        }
    }

    public void Acknowledge()
    {
        lock (gate) acknowledgement!.SetResult();
    }

    public void Fail(Exception error)
    {
        lock (gate) acknowledgement!.SetException(error);
    }

    /// <summary>Done when so many entries were handed out.</summary>
    public Task HasTakenAsync(int count) => Snapshots.SnapshotFixture.UntilAsync(() => Taken.Count >= count);
}
