// An attempt of a run in mode Off: everything outside happens, and nothing of it is written.
// Made by OperationRunner.
namespace Refold;

internal sealed class UnrecordedAttempt(Run owner, string key, HiddenValues hidden, CancellationToken cancellationToken) : IAttempt
{
    private readonly RunCore run = owner.Inner;

    public string Key => key;

    public RngState Seed => OperationRunner.SeedOf(run.Context.Root, key);

    public HiddenValues Hidden => hidden;

    public CancellationToken Token => cancellationToken;

    public async Task<CallAnswer> CallAsync(
        EffectPlace place,
        string name,
        CallRequest request,
        Func<CancellationToken, Task<CallAnswer>> call,
        CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
        try
        {
            return await OperationObservation.CallAsync(name, () => call(linked.Token)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !Token.IsCancellationRequested)
        {
            return new CallAnswer(null, RecordedFailure.Of(exception).Without(hidden));
        }
    }

    public DateTimeOffset ReadClock(EffectPlace place) => run.TimeProvider.GetUtcNow().ToUniversalTime();

    public async Task DelayAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
        await Task.Delay(time, run.TimeProvider, linked.Token).ConfigureAwait(false);
    }

    public async Task<ExecutionResult<TState, TEvent, TError>> ExecuteAsync<TState, TCommand, TEvent, TError>(
        EffectPlace place,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
        try
        {
            return await owner.Streams(aggregate)
                .ExecuteAsync(stream, command, new ExecuteOptions { IsOfOperation = true }, linked.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!Token.IsCancellationRequested
            && exception is not (OutcomeUnknownException or RunStoppedException or RunEndedException)
            && !LiveAttempt.IsOfClosedRun(exception))
        {
            throw RecordedFailure.Of(exception).Without(hidden).ToException("command on " + stream.Value);
        }
    }
}
