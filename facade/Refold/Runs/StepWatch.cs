// Tells of a step that is made for too long: decide, evolve or a codec that does not end holds up every other step of its run.
// Used by RunPipeline around the making of each step.
namespace Refold;

/// <summary>Costs a step two writes. A timer runs only while steps are made, so a run that nobody disposed is not kept by it.</summary>
/// <param name="after">After how long a step is told of, once; infinite for never.</param>
/// <param name="tell">Tells of the step's stream, and for how long it has been made.</param>
internal sealed class StepWatch(TimeSpan after, Action<StreamId?, TimeSpan> tell)
{
    private readonly Lock gate = new();
    private Timer? timer;
    private StreamId? stream;

    // When the step that is being made was begun; 0 for none. And that of the step told of last.
    private long since;
    private long told;
    private int armed;

    /// <summary>A step is being made from now on.</summary>
    public void Begin(StreamId? target)
    {
        if (after == Timeout.InfiniteTimeSpan) return;
        stream = target;
        Volatile.Write(ref since, Math.Max(1, TimeProvider.System.GetTimestamp()));
        if (Volatile.Read(ref armed) == 0 && Interlocked.Exchange(ref armed, 1) == 0) Arm(after);
    }

    /// <summary>The step is made, or has failed.</summary>
    public void End() => Volatile.Write(ref since, 0);

    private void Arm(TimeSpan due)
    {
        lock (gate)
        {
            timer ??= Make();
            timer.Change(due, Timeout.InfiniteTimeSpan);
        }
    }

    // The timer is nobody's: it must not keep what is current around the step that made it.
    private Timer Make()
    {
        using var none = ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow();
        return new Timer(static watch => ((StepWatch)watch!).Look(), this, Timeout.Infinite, Timeout.Infinite);
    }

    private void Look()
    {
        var begun = Volatile.Read(ref since);
        var target = stream;
        if (begun == 0)
        {
            Volatile.Write(ref armed, 0);
            // One that began meanwhile saw it armed.
            if (Volatile.Read(ref since) != 0 && Interlocked.Exchange(ref armed, 1) == 0) Arm(after);
            return;
        }

        var taken = TimeProvider.System.GetElapsedTime(begun);
        if (taken < after)
        {
            Arm(after - taken + TimeSpan.FromMilliseconds(1));
            return;
        }

        if (begun != told && Volatile.Read(ref since) == begun)
        {
            told = begun;
            tell(target, taken);
        }

        Arm(after);
    }
}
