// What waits to be written: an append, a restored batch, a deletion or a change of the files, with the answer it gets.
// Made by SegmentJournal, queued by SegmentWriter, answered by SegmentLog.
using Microsoft.FSharp.Collections;

namespace Refold.Segments;

/// <summary>A write in the queue.</summary>
internal abstract class PendingWrite(bool allowSynchronousContinuations = false) : PendingAnswer(allowSynchronousContinuations)
{
    /// <summary>Whether the caller may add more before this is answered, so that its thread must not be held up.</summary>
    public bool Pipelined { get; init; }
}

/// <summary>An append or a restored batch: decided when its turn comes, against what is committed and accepted before it.</summary>
internal sealed class PendingAppend(Func<IAppendIndex, AppendDecision> decide, bool allowSynchronousContinuations = false)
    : PendingWrite(allowSynchronousContinuations)
{
    /// <summary>The leaves that a copied batch has lost by compaction.</summary>
    public FSharpList<Format.DroppedLeaf> Dropped { get; init; } = FSharpList<Format.DroppedLeaf>.Empty;

    /// <summary>The batch, where it is made of what was rented and nobody else holds it.</summary>
    public EncodedBatch? Lent { get; init; }

    public AppendDecision Decide(IAppendIndex index) => decide(index);
}

/// <summary>A deletion of a stream's entries up to a version.</summary>
internal sealed class PendingDeletion(StreamId stream, long version) : PendingWrite
{
    public StreamId Stream { get; } = stream;

    public long Version { get; } = version;

    protected override bool ThrowsRefusals => true;
}

/// <summary>The keys of batches that begin before a position are to be forgotten.</summary>
internal sealed class PendingForgetting(long before) : PendingWrite
{
    public long Before { get; } = before;
}

/// <summary>Something that is done between two groups, while nothing is written. What it throws, its caller gets.</summary>
internal sealed class PendingChange(Action<SegmentLog> change) : PendingWrite
{
    protected override bool ThrowsRefusals => true;

    public void Make(SegmentLog log)
    {
        try
        {
            change(log);
            Answer(null);
        }
#pragma warning disable CA1031 // Whoever waits gets it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }
    }
}
