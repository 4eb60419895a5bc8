// What an application wants to know when a stream's state was recovered, for one aggregate.
// Given to RunOptions.RecoveryCompleted; called by RunRecoveries.
namespace Refold;

/// <summary>Called when a run has recovered a stream of one aggregate: with the stream, its state, and the version of its last entry, which
/// is 0 for a stream without entries. It is called once for a stream, before the first command is decided on the state, and again only
/// after the state was let go (<see cref="RunOptions.CachedStreams"/>); never for a state that is in memory, and never in verification or
/// replay. Commands of the stream wait for it, other streams do not. What it throws is logged
/// (<see cref="RefoldEventIds.RecoveryHookFailed"/>), and the command goes on.</summary>
/// <remarks>It must not change the state, and gives no commands to the run itself: what is to be commanded is handed to something else,
/// such as a channel.</remarks>
/// <example><code>
/// var options = new RunOptions
/// {
///     RecoveryCompleted = [RecoveryHook.Create(Order.Aggregate, (stream, state, highestVersion) => timers.Watch(stream, state.Deadline))],
/// };
/// </code></example>
public abstract class RecoveryHook
{
    private protected RecoveryHook(string category) => Category = category;

    /// <summary>The category of the aggregate whose streams it is called for.</summary>
    public string Category { get; }

    /// <summary>A hook for an aggregate's streams.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="completed">Called with stream, state and highest version.</param>
    /// <returns>The hook.</returns>
    public static RecoveryHook Create<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate, Action<StreamId, TState, long> completed)
    {
        ArgumentNullException.ThrowIfNull(completed);
        return Create(aggregate, (stream, state, highestVersion, _) =>
        {
            completed(stream, state, highestVersion);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>A hook for an aggregate's streams that may wait.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="completed">Called with stream, state and highest version, and a token that is cancelled when no command waits for the
    /// stream any more; a hook that ends by it is called again at the next recovery.</param>
    /// <returns>The hook.</returns>
    public static RecoveryHook Create<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate, Func<StreamId, TState, long, CancellationToken, ValueTask> completed)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        ArgumentNullException.ThrowIfNull(completed);
        return new RecoveryHook<TState>(aggregate.Category, completed);
    }
}

/// <summary>A hook over one type of state.</summary>
internal sealed class RecoveryHook<TState>(string category, Func<StreamId, TState, long, CancellationToken, ValueTask> completed)
    : RecoveryHook(category)
{
    public ValueTask CallAsync(StreamId stream, FoldedState<TState> state, CancellationToken cancellationToken) =>
        completed(stream, state.State, state.Version, cancellationToken);
}
