// Journals that take their time: one answers an append when the caller has had the time to be answered without it, one a little later, and
// before one somebody else is at work. Used by the tests of operations.
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

/// <summary>Appends that are answered a little later, in no order.</summary>
internal sealed class SlowJournal(ILocalJournal inner, Random random) : ForwardingJournal(inner)
{
    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        int before, after;
        lock (random) (before, after) = (random.Next(3), random.Next(3));
        for (; before > 0; before--) await Task.Yield();
        var result = await Inner.TryAppendAsync(batch, cancellationToken);
        for (; after > 0; after--) await Task.Yield();
        return result;
    }
}

/// <summary>Before the first append reaches the journal, something else happens.</summary>
internal sealed class OvertakenJournal(ILocalJournal inner, Func<Task> before) : ForwardingJournal(inner)
{
    private bool isOvertaken;

    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        if (!isOvertaken)
        {
            isOvertaken = true;
            await before();
        }

        return await Inner.TryAppendAsync(batch, cancellationToken);
    }
}
