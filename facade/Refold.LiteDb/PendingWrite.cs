// What waits to be written: an append, a restored batch or a deletion, with the answer it gets.
// Made by LiteDbJournal, queued by LiteDbWriter, answered by LiteDbLog.
namespace Refold.LiteDb;

/// <summary>A write in the queue.</summary>
internal abstract class PendingWrite
{
    // Continuations run elsewhere: a caller's code must not run on the thread that commits.
    private readonly TaskCompletionSource<AppendResult?> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The answer; null where a deletion is durable, or had nothing to delete.</summary>
    public Task<AppendResult?> Answered => completion.Task;

    public void Answer(AppendResult? result) => completion.TrySetResult(result);
}

/// <summary>An append or a restored batch: decided when its turn comes, against what is committed and accepted before it.</summary>
internal sealed class PendingAppend(Func<IAppendIndex, AppendDecision> decide) : PendingWrite
{
    public AppendDecision Decide(IAppendIndex index) => decide(index);
}

/// <summary>A deletion of a stream's entries up to a version.</summary>
internal sealed class PendingDeletion(StreamId stream, long version) : PendingWrite
{
    public StreamId Stream { get; } = stream;

    public long Version { get; } = version;
}
