// A journal that answers one append at a time, when the caller has had the time to be answered without it.
// Used by OperationTests.
using Refold.Tests.Runs;

namespace Refold.Tests.Operations;

/// <summary>Answers appends one by one, when it is told to.</summary>
internal sealed class CountingJournal(ILocalJournal inner) : ForwardingJournal(inner)
{
    private readonly Queue<TaskCompletionSource> held = new();
    private bool holds;

    /// <summary>How many appends had to be answered before the caller was.</summary>
    public int AwaitedBeforeTheAnswer { get; private set; }

    public void Begin() => holds = true;

    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        var result = await Inner.TryAppendAsync(batch, cancellationToken);
        if (!holds) return result;
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (held) held.Enqueue(answer);
        await answer.Task;
        return result;
    }

    public async Task AnswerAllAsync(Task caller)
    {
        while (!caller.IsCompleted)
        {
            TaskCompletionSource? next;
            lock (held) held.TryDequeue(out next);
            if (next is null)
            {
                await Task.WhenAny(caller, Task.Delay(1));
                continue;
            }

            // The caller had the time to be answered without it.
            for (var time = 0; time < 20 && !caller.IsCompleted; time++) await Task.Delay(1);
            if (!caller.IsCompleted) AwaitedBeforeTheAnswer++;
            next.SetResult();
        }

        await caller;
        holds = false;
        lock (held)
        {
            while (held.TryDequeue(out var rest)) rest.SetResult();
        }
    }
}
