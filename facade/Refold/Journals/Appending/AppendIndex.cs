// The index that decides appends, without F# options; and the decision, taken apart.
// Implemented by stores written in C#.
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>What deciding an append must know of a journal; see the core's <c>IAppendIndex</c>.</summary>
internal abstract class AppendIndex : Core.IAppendIndex
{
    public abstract Core.Head Head { get; }

    public abstract long HighestVersion(StreamId stream);

    public abstract bool Covers(long position);

    public abstract (Core.Hash Content, Core.Receipt Receipt)? FindKey(string key);

    public abstract long FirstMatchAfter(Core.Query query, long after);

    FSharpOption<Tuple<Core.Hash, Core.Receipt>>? Core.IAppendIndex.TryFindKey(string key) =>
        FindKey(key) is var (content, receipt) ? FSharpOption<Tuple<Core.Hash, Core.Receipt>>.Some(new(content, receipt)) : null;
}

/// <summary>How an append was decided: exactly one of the three is there.</summary>
internal readonly record struct AppendDecision(Core.AcceptedBatch? Fresh, Core.Receipt? Repeated, AppendFailure? Failure)
{
    public static AppendDecision Accept(AppendIndex index, Core.PreparedBatch batch)
    {
        var (acceptance, failure) = Core.Append.accept(index, batch).Split();
        return acceptance switch
        {
            Core.Acceptance.Fresh fresh => new(fresh.batch, null, null),
            Core.Acceptance.Repeated repeated => new(null, repeated.receipt, null),
            _ => new(null, null, failure),
        };
    }

    public static AppendDecision Restore(AppendIndex index, FSharpList<Core.Entry> batch)
    {
        var (accepted, failure) = Core.Append.restore(index, batch).Split();
        return new(accepted, null, failure);
    }

    /// <summary>The idempotency key of a batch, if it has one.</summary>
    public static (string Key, Core.Hash Content)? KeyOf(Core.AcceptedBatch batch) =>
        batch.Key is { } key ? (key.Value.Item1, key.Value.Item2) : null;
}
