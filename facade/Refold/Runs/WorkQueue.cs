// The works of a run in an order, linked through the works themselves, so that a place in it is no object.
// Used by RunPipeline and RunLane under the pipeline's lock.
using System.Collections;

namespace Refold;

/// <summary>A work's place in one order.</summary>
internal struct WorkLinks
{
    public RunWork? Before;
    public RunWork? Next;
}

/// <summary>An order of works, from which any of them can be taken.</summary>
/// <param name="isOfLane">Whether it is the order of those that wait for a stream; else of all that are not settled.</param>
internal sealed class WorkQueue(bool isOfLane) : IEnumerable<RunWork>
{
    private RunWork? last;

    /// <summary>The first one; null for none.</summary>
    public RunWork? First { get; private set; }

    /// <summary>Adds a work that is in no order of this kind, behind all others.</summary>
    public void AddLast(RunWork work)
    {
        LinksOf(work).Before = last;
        if (last is null)
            First = work;
        else
            LinksOf(last).Next = work;
        last = work;
    }

    /// <summary>Adds a work that is in no order of this kind, before all others.</summary>
    public void AddFirst(RunWork work)
    {
        LinksOf(work).Next = First;
        if (First is null)
            last = work;
        else
            LinksOf(First).Before = work;
        First = work;
    }

    /// <summary>Takes out a work that is in this order.</summary>
    public void Remove(RunWork work)
    {
        ref var links = ref LinksOf(work);
        if (links.Before is null)
            First = links.Next;
        else
            LinksOf(links.Before).Next = links.Next;
        if (links.Next is null)
            last = links.Before;
        else
            LinksOf(links.Next).Before = links.Before;
        links = default;
    }

    public IEnumerator<RunWork> GetEnumerator()
    {
        for (var work = First; work is not null; work = LinksOf(work).Next) yield return work;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private ref WorkLinks LinksOf(RunWork work) => ref isOfLane ? ref work.InLane : ref work.InRun;
}
