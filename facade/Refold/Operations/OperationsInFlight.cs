// Which operations of a journal this process is at: a second call with a key waits for the first, in whatever run.
// Asked by OperationRunner.
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Refold;

internal sealed class OperationsInFlight
{
    private static readonly ConditionalWeakTable<IJournal, OperationsInFlight> Journals = [];
    private readonly ConcurrentDictionary<string, Task> keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, bool> abandoned = new();
    private readonly ConcurrentDictionary<RunId, long> unnamed = new();

    /// <summary>Those of a journal.</summary>
    public static OperationsInFlight Of(IJournal journal) => Journals.GetValue(journal, _ => new OperationsInFlight());

    /// <summary>An attempt of this process is over, and nobody could record how.</summary>
    public void Abandon(Guid begun) => abandoned[begun] = true;

    /// <summary>Whether this process knows that nobody is at an attempt any more.</summary>
    public bool IsAbandoned(Guid begun) => abandoned.ContainsKey(begun);

    /// <summary>The number of the next operation of a run without a key, also where two run objects are at that run.</summary>
    public long NextUnnamed(RunId run) => unnamed.AddOrUpdate(run, 1, (_, number) => number + 1);

    /// <summary>Waits until nobody else is at the key, and is at it then.</summary>
    /// <returns>What ends it; called once.</returns>
    public async ValueTask<Action> EnterAsync(string key, CancellationToken cancellationToken)
    {
        var own = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (true)
        {
            var current = keys.GetOrAdd(key, own.Task);
            if (ReferenceEquals(current, own.Task)) break;
            await current.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return () =>
        {
            keys.TryRemove(key, out _);
            own.TrySetResult();
        };
    }
}
