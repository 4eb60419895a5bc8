// What an operation's function has asked for and is not answered yet, over all its branches.
// Kept by OperationContext.
namespace Refold;

internal sealed class OperationActivity
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int count;
    private bool ended;

    /// <summary>Whether the function has ended.</summary>
    public bool HasEnded
    {
        get
        {
            lock (gate) return ended;
        }
    }

    /// <summary>One more is asked for, until <see cref="Leave"/>.</summary>
    /// <returns>False where the function has ended.</returns>
    public bool TryEnter()
    {
        lock (gate)
        {
            if (ended) return false;
            count++;
            return true;
        }
    }

    /// <summary>One is answered.</summary>
    public void Leave()
    {
        lock (gate)
        {
            if (--count > 0 || !ended) return;
        }

        quiet.TrySetResult();
    }

    /// <summary>Nothing is asked for any more.</summary>
    /// <returns>Done when everything is answered.</returns>
    public Task EndAsync()
    {
        lock (gate)
        {
            ended = true;
            return count == 0 ? Task.CompletedTask : quiet.Task;
        }
    }
}
