// What waits to be written: an append, a restored batch or a deletion, with the answer it gets.
// Made by LiteDbJournal, queued by LiteDbWriter, answered by LiteDbLog.
namespace Refold.LiteDb;

/// <summary>A write in the queue.</summary>
internal abstract class PendingWrite(bool allowSynchronousContinuations = false) : PendingAnswer(allowSynchronousContinuations);

/// <summary>An append or a restored batch: decided when its turn comes, against what is committed and accepted before it.</summary>
internal sealed class PendingAppend(Func<IAppendIndex, AppendDecision> decide, bool allowSynchronousContinuations = false)
    : PendingWrite(allowSynchronousContinuations)
{
    public AppendDecision Decide(IAppendIndex index) => decide(index);
}

/// <summary>A deletion of a stream's entries up to a version.</summary>
internal sealed class PendingDeletion(StreamId stream, long version) : PendingWrite
{
    public StreamId Stream { get; } = stream;

    public long Version { get; } = version;

    protected override bool ThrowsRefusals => true;
}
