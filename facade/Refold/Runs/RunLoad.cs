// One thing a run asks the journal for beside its pipeline: a state, a key, the run's version, whether another writer came between.
// Asked for and ended by RunPipeline under its lock, begun outside it.
namespace Refold;

/// <summary>What is read, whatever its type.</summary>
internal abstract class RunLoad
{
    private readonly CancellationTokenSource cancellation = new();

    /// <summary>Whether it was begun and has not ended, so that it counts among those on their way.</summary>
    public bool IsBegun { get; set; }

    /// <summary>The work whose aggregate it runs code of; null where it runs none.</summary>
    public RunWork? Work { get; set; }

    /// <summary>Whether nobody wants its result any more.</summary>
    public bool IsAbandoned { get; private set; }

    protected CancellationToken Token => cancellation.Token;

    /// <summary>Begins to read.</summary>
    /// <returns>Done when it is read, or has failed.</returns>
    public abstract Task Begin();

    /// <summary>Hands over what was read, or why it was not.</summary>
    public abstract void End();

    /// <summary>Ends reading; the result is not handed over.</summary>
    public void Abandon()
    {
        IsAbandoned = true;
        // Elsewhere: what listens to the token must not run under the pipeline's lock.
        _ = cancellation.CancelAsync();
    }
}

/// <summary>What is read.</summary>
/// <param name="read">Reads it.</param>
/// <param name="arrived">Takes it.</param>
/// <param name="failed">Takes what reading it threw.</param>
internal sealed class RunLoad<T>(Func<CancellationToken, Task<T>> read, Action<T> arrived, Action<Exception> failed) : RunLoad
{
    private Task<T>? reading;

    public override Task Begin()
    {
        try
        {
            reading = read(Token);
        }
        catch (Exception error)
        {
            reading = Task.FromException<T>(error);
        }

        return reading;
    }

    public override void End()
    {
        if (reading is { IsCompletedSuccessfully: true })
            arrived(reading.Result);
        else
            failed(reading?.Exception?.InnerException ?? new OperationCanceledException());
    }
}
