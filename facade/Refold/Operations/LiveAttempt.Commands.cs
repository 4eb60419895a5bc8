// The commands of an attempt that runs now: given once, whatever became of the attempts before, and recorded in the batch of their step.
// Called by OperationContext.
namespace Refold;

internal sealed partial class LiveAttempt
{
    public async Task<ExecutionResult<TState, TEvent, TError>> ExecuteAsync<TState, TCommand, TEvent, TError>(
        EffectPlace place,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        CancellationToken cancellationToken)
    {
        CheckGoesOn();
        var said = Said(OperationEntry.Executed, place) with { Stream = stream.Value };
        var what = "command on " + stream.Value;
        var encoded = TryEncode(aggregate.Commands, command);
        bool IsSame(Encoded? old) =>
            old is { } before ? encoded is { } now && Repetition.IsSame(aggregate.Commands, before, now) : encoded is null;
        if (record.FailedCommand(place, stream, IsSame) is { } recorded)
        {
            Buffer(said with { Failure = recorded.Said.Failure, Input = recorded.Said.Input }, null, recorded.Entry.Id, isReading: false);
            throw recorded.Said.Failure!.ToException(what);
        }

        await lane.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            return await ExecuteAloneAsync(place, said, aggregate, stream, command, what, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    // The caller has the lane.
    private async Task<ExecutionResult<TState, TEvent, TError>> ExecuteAloneAsync<TState, TCommand, TEvent, TError>(
        EffectPlace place,
        OperationEntry said,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        string what,
        CancellationToken cancellationToken)
    {
        ThrowIfBroken();
        if (buffer.Count > MostBesideACommand || buffer.Bytes > MostBytes) await AppendAsync().ConfigureAwait(false);
        if (await GivenBeforeAsync(place, aggregate, stream, command, cancellationToken).ConfigureAwait(false) is var (answered, position))
        {
            Buffer(said with { Earlier = position }, null, begun.Id, isReading: false);
            return answered;
        }

        var (taken, wereUnwritten) = buffer.Take();
        // Caused by the command, which is not made yet.
        var options = new ExecuteOptions
        {
            IdempotencyKey = OperationEntry.CommandKey(Key, place.Branch, place.Ordinal),
            CorrelationId = begun.FirstId,
            CausationId = begun.Id,
            Beside = new Interop.StepBeside([.. taken, Entry(said, null, null)], condition),
            IsOfOperation = true,
        };
        try
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
            var result = await owner.Streams(aggregate).ExecuteAsync(stream, command, options, linked.Token).ConfigureAwait(false);
            if (result.IsRepeated)
            {
                buffer.PutBack(taken, wereUnwritten);
                Buffer(said with { Earlier = result.Receipt!.FirstPosition }, null, begun.Id, isReading: false);
            }

            return result;
        }
        catch (NotAppendedException refused) when (refused.Failure is AppendFailure.ConditionFailed)
        {
            buffer.PutBack(taken, wereUnwritten);
            await GoOnBehindAsync(((AppendFailure.ConditionFailed)refused.Failure).Position).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OutcomeUnknownException or RunStoppedException or RunEndedException
            or NotAppendedException { Failure: AppendFailure.Unavailable } || IsOfClosedRun(exception))
        {
            Break(exception);
            throw;
        }
        catch (OperationCanceledException) when (Token.IsCancellationRequested)
        {
            buffer.PutBack(taken, wereUnwritten);
            throw;
        }
        catch (Exception exception)
        {
            // Nothing of it was appended, and the run goes on: that it failed is what the function got.
            var failure = RecordedFailure.Of(exception).Without(Hidden);
            buffer.PutBack(taken, wereUnwritten);
            Buffer(said with { Failure = failure, Input = TryEncode(aggregate.Commands, command) }, null, begun.Id, isReading: true);
            throw failure.ToException(what);
        }

        // Another run has ended: the same again.
        return await ExecuteAloneAsync(place, said, aggregate, stream, command, what, cancellationToken).ConfigureAwait(false);
    }

    // Its key answers for a command that an attempt before gave. Where keys were forgotten, the record does: nothing is given twice.
    private async ValueTask<(ExecutionResult<TState, TEvent, TError> Result, long Position)?>
        GivenBeforeAsync<TState, TCommand, TEvent, TError>(
        EffectPlace place,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        CancellationToken cancellationToken)
    {
        var key = OperationEntry.CommandKey(Key, place.Branch, place.Ordinal);
        if (record.GivenCommand(place) is not { } given
            || await run.Journal.FindByKeyAsync(key, cancellationToken).ConfigureAwait(false) is not null)
        {
            return null;
        }

        var entries = await run.Journal.ReadKeptAsync(given.Entry.Run!.Stream, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken).ConfigureAwait(false);
        var commands = new RecordedCommands(run.Journal, entries);
        if (await commands.FindAsync(given, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            throw Break(new JournalException(
                "operation-unreadable",
                $"The operation with the key '{Key}' gave its command on '{stream}' in an attempt before; the command was deleted and its "
                + "key forgotten, so nobody knows what came of it. Use another key."));
        }

        if (Interop.RunTranslation.TryReadCommand(found) is not (var target, var old) || target != stream
            || !Repetition.IsSame(aggregate.Commands, old, aggregate.Commands.Encode(command)))
        {
            throw new NotAppendedException(new AppendFailure.KeyReused(key, found.Position));
        }

        var result = await commands.OutcomeAsync(aggregate, stream, found, true, cancellationToken).ConfigureAwait(false);
        return (result, found.Batch);
    }

    // Like a run that stopped: whoever closes it cuts the attempt off, and another goes on with it.
    internal static bool IsOfClosedRun(Exception exception) =>
        exception is ObjectDisposedException disposed && disposed.ObjectName == typeof(Run).FullName;

    /// <summary>The form of a value; null where it has none.</summary>
    internal static Encoded? TryEncode<T>(Codec<T> codec, T value)
    {
        try
        {
            return codec.Encode(value);
        }
        catch (CodecException)
        {
            return null;
        }
    }
}
