// An attempt that runs now and is recorded: what its function asks for is durable before it is answered.
// Made by OperationRunner, which has begun it.
namespace Refold;

/// <summary>Readings of the clock, and what earlier attempts got, are buffered and written with the next call, command or end; no call
/// starts while a reading is unwritten. Every append is under the condition that no other attempt was begun.</summary>
internal sealed class LiveAttempt(
    Run owner, BegunAttempt begun, RecordedOperation? earlier, CancellationToken cancellationToken) : IAttempt
{
    private readonly RunCore run = owner.Inner;
    private readonly Lock gate = new();
    private readonly FollowedRecord record = new(earlier);
    private readonly AppendCondition condition = new(OperationEntry.BegunUnder(begun.Key), begun.Position);
    private List<EntryData> buffer = [];
    private bool hasUnwritten;
    private volatile bool isTakenOver;

    public string Key => begun.Key;

    public RngState Seed => begun.Seed;

    public CancellationToken Token => cancellationToken;

    /// <summary>Whether an append failed, so that nobody can record how the attempt ends.</summary>
    public bool IsBroken { get; private set; }

    public async Task<CallAnswer> CallAsync(
        EffectPlace place,
        string name,
        Encoded request,
        Func<CancellationToken, Task<CallAnswer>> call,
        CancellationToken cancellationToken)
    {
        var asked = Said(OperationEntry.Call, place) with { Name = name, Input = request };
        if (record.Call(place, name, request) is { } recorded)
        {
            var (output, failed) = (recorded.Said.Output, recorded.Said.Failure);
            Buffer(asked with { Output = output, Failure = failed }, null, recorded.Entry.Id, isReading: false);
            return new CallAnswer(output, failed);
        }

        if (HasUnwritten()) await AppendAsync().ConfigureAwait(false);
        ThrowIfTakenOver();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
        CallAnswer answer;
        try
        {
            answer = await call(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            answer = new CallAnswer(null, RecordedFailure.Of(exception));
        }

        var got = asked with
        {
            Output = answer.Recorded ?? answer.Answer,
            Failure = answer.Failure,
            IsRedacted = answer.Recorded is not null,
        };
        await AppendAsync(Entry(got, Now(), begun.Id)).ConfigureAwait(false);
        return answer;
    }

    public DateTimeOffset ReadClock(EffectPlace place)
    {
        ThrowIfTakenOver();
        if (record.Reading(place) is { Said.Time: { } recorded } reading)
        {
            Buffer(Said(OperationEntry.Clock, place) with { Time = recorded }, recorded, reading.Entry.Id, isReading: false);
            return recorded;
        }

        var time = Now().ToUniversalTime();
        Buffer(Said(OperationEntry.Clock, place) with { Time = time }, time, begun.Id, isReading: true);
        return time;
    }

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
        ThrowIfTakenOver();
        var said = Said(OperationEntry.Executed, place) with { Stream = stream.Value };
        var (taken, wereUnwritten) = Take();
        // Caused by the command, which is not made yet.
        var beside = new Interop.StepBeside([.. taken, Entry(said, null, null)], condition);
        var options = new ExecuteOptions
        {
            IdempotencyKey = OperationEntry.CommandKey(Key, place.Branch, place.Ordinal),
            CorrelationId = begun.FirstId,
            CausationId = begun.Id,
            Beside = beside,
            IsOfOperation = true,
        };
        try
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
            var result = await owner.Streams(aggregate).ExecuteAsync(stream, command, options, linked.Token).ConfigureAwait(false);
            if (result.IsRepeated)
            {
                PutBack(taken, wereUnwritten);
                Buffer(said with { Earlier = result.Receipt!.FirstPosition }, null, begun.Id, isReading: false);
            }

            return result;
        }
        catch (NotAppendedException refused) when (refused.Failure is AppendFailure.ConditionFailed)
        {
            throw TakenOver();
        }
        catch (Exception exception) when (exception is OutcomeUnknownException or RunStoppedException or RunEndedException)
        {
            IsBroken = true;
            throw;
        }
        catch (OperationCanceledException)
        {
            PutBack(taken, wereUnwritten);
            throw;
        }
        catch (JournalException exception)
        {
            // Nothing of it was appended, and the run goes on: that it failed is what the function got.
            var failure = RecordedFailure.Of(exception);
            PutBack(taken, wereUnwritten);
            Buffer(said with { Failure = failure }, null, begun.Id, isReading: true);
            throw new CallFailedException("command on " + stream.Value, failure);
        }
    }

    /// <summary>Records how it ended. Where nothing else is unwritten, nobody need wait for it: everything that it follows from is
    /// durable.</summary>
    /// <returns>Whether it must be waited for, and its append.</returns>
    public (bool IsAwaited, Task Append) End(Encoded? output, RecordedFailure? failure)
    {
        var said = new OperationEntry(output is null ? OperationEntry.Failed : OperationEntry.Ended, begun.Operation, begun.Number)
        {
            Output = output,
            Failure = failure,
        };
        var isAwaited = failure is not null || HasUnwritten();
        return (isAwaited, AppendAsync(Entry(said, Now(), begun.Id)));
    }

    private DateTimeOffset Now() => run.TimeProvider.GetUtcNow();

    private OperationEntry Said(string type, EffectPlace place) =>
        new(type, begun.Operation, begun.Number) { Branch = place.Branch, Ordinal = place.Ordinal };

    private EntryData Entry(OperationEntry said, DateTimeOffset? time, Guid? causation) =>
        said.ToEntry(run.Id, Key, time, begun.FirstId, causation);

    private bool HasUnwritten()
    {
        lock (gate) return hasUnwritten;
    }

    private void Buffer(OperationEntry said, DateTimeOffset? time, Guid? causation, bool isReading)
    {
        var entry = Entry(said, time, causation);
        lock (gate)
        {
            buffer.Add(entry);
            hasUnwritten |= isReading;
        }
    }

    private (List<EntryData> Entries, bool WereUnwritten) Take()
    {
        lock (gate)
        {
            var taken = (buffer, hasUnwritten);
            (buffer, hasUnwritten) = ([], false);
            return taken;
        }
    }

    private void PutBack(List<EntryData> entries, bool wereUnwritten)
    {
        lock (gate)
        {
            buffer.InsertRange(0, entries);
            hasUnwritten |= wereUnwritten;
        }
    }

    private async Task AppendAsync(EntryData? last = null)
    {
        ThrowIfTakenOver();
        var (entries, _) = Take();
        if (last is not null) entries.Add(last);
        AppendResult result;
        try
        {
            result = await OperationAppend.Async(run.Journal, entries, condition).ConfigureAwait(false);
        }
        catch
        {
            IsBroken = true;
            throw;
        }

        if (result is AppendResult.NotAppended { Failure: AppendFailure.ConditionFailed }) throw TakenOver();
        if (result is not AppendResult.Appended)
        {
            IsBroken = true;
            result.ReceiptOrThrow();
        }
    }

    private void ThrowIfTakenOver()
    {
        if (isTakenOver) throw TakenOver();
    }

    private OperationTakenOverException TakenOver()
    {
        isTakenOver = IsBroken = true;
        return new OperationTakenOverException(begun.Operation, Key);
    }
}

/// <summary>An attempt that was begun.</summary>
/// <param name="Operation">The operation's name.</param>
/// <param name="Key">Its key.</param>
/// <param name="Number">The attempt's number, from 1.</param>
/// <param name="Seed">Where random numbers come from.</param>
/// <param name="Position">The position of the entry that began it.</param>
/// <param name="Id">That entry's id.</param>
/// <param name="FirstId">The id of the entry that began the first attempt.</param>
internal sealed record BegunAttempt(
    string Operation, string Key, int Number, RngState Seed, long Position, Guid Id, Guid FirstId);

/// <summary>Appending what operations record.</summary>
internal static class OperationAppend
{
    public static ValueTask<AppendResult> Async(IJournal journal, IReadOnlyList<EntryData> entries, AppendCondition condition)
    {
        var request = new AppendRequest(entries) { Condition = condition, AllowsOwnStreams = true, Pipelined = true };
        return request.TryEncode(out var batch, out var failure)
            ? journal.TryAppendAsync(batch, CancellationToken.None)
            : ValueTask.FromResult<AppendResult>(new AppendResult.NotAppended(failure));
    }
}
