// An attempt that runs now and is recorded: what its function asks for is durable before it is answered.
// Made by OperationRunner, which has begun it.
namespace Refold;

/// <summary>Readings of the clock, and what earlier attempts got, are buffered and written with the next call, command or end; no call
/// starts while a reading is unwritten. Appends go one after the other, so that the entries of a branch lie in its order, and every one is
/// under the condition that no other attempt was begun, and the run not ended. Once one has failed, nothing more is asked for or
/// written.</summary>
internal sealed partial class LiveAttempt(
    Run owner, BegunAttempt begun, RecordedOperation? earlier, HiddenValues hidden, CancellationToken cancellationToken) : IAttempt
{
    // Below what a batch takes; a buffer is written in parts, and apart from a command.
    private const int MostEntries = 10_000;
    private const int MostBytes = 8 << 20;
    private const int MostBesideACommand = 1_000;

    private readonly RunCore run = owner.Inner;
    private readonly SemaphoreSlim lane = new(1, 1);
    private readonly FollowedRecord record = new(earlier);
    private AppendCondition condition = new(OperationEntry.EndingOf(begun.Key), begun.Position);
    private readonly EffectBuffer buffer = new();
    private volatile Exception? broken;

    public string Key => begun.Key;

    public RngState Seed => begun.Seed;

    public HiddenValues Hidden => hidden;

    public CancellationToken Token => cancellationToken;

    public async Task<CallAnswer> CallAsync(
        EffectPlace place,
        string name,
        CallRequest request,
        Func<CancellationToken, Task<CallAnswer>> call,
        CancellationToken cancellationToken)
    {
        CheckGoesOn();
        var asked = Said(OperationEntry.Call, place) with { Name = name, Input = request.Encoded };
        if (record.Call(place, name, request) is { } recorded)
        {
            var (output, failed) = (recorded.Said.Output, recorded.Said.Failure);
            // As it was written then: what is hidden of it may have become more or less.
            var input = recorded.Said.Input?.SchemaVersion == request.Encoded.SchemaVersion ? recorded.Said.Input : request.Encoded;
            Buffer(asked with { Input = input, Output = output, Failure = failed }, null, recorded.Entry.Id, isReading: false);
            OperationObservation.Repeated(name);
            return new CallAnswer(output, failed);
        }

        await FlushAsync(readingsOnly: true).ConfigureAwait(false);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
        CallAnswer answer;
        try
        {
            answer = await OperationObservation.CallAsync(name, () => call(linked.Token)).ConfigureAwait(false);
            // Marks may make it longer.
            foreach (var got in new[] { answer.Answer, answer.Recorded })
            {
                if (got is not null && got.Payload.Length > OperationEntry.MostValueBytes)
                    throw new FormatException(OperationEntry.TooLong($"The answer of the call '{name}'", got));
            }
        }
        catch (OperationCanceledException) when (Token.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            answer = new CallAnswer(null, RecordedFailure.Of(exception).Without(Hidden));
        }

        var said = asked with
        {
            Output = answer.Recorded ?? answer.Answer,
            Failure = answer.Failure?.Without(Hidden),
        };
        Buffer(said, Now(), begun.Id, isReading: true);
        await FlushAsync(readingsOnly: false).ConfigureAwait(false);
        return answer;
    }

    public DateTimeOffset ReadClock(EffectPlace place)
    {
        CheckGoesOn();
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
        CheckGoesOn();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Token, cancellationToken);
        await Task.Delay(time, run.TimeProvider, linked.Token).ConfigureAwait(false);
    }

    /// <summary>Records how it ended. Where nothing else is unwritten, nobody need wait for it: everything that it follows from is
    /// durable.</summary>
    /// <returns>Whether it must be waited for, and its append.</returns>
    public (bool IsAwaited, Task Append) End(Encoded? output, RecordedFailure? failure)
    {
        var said = new OperationEntry(output is null ? OperationEntry.Failed : OperationEntry.Ended, begun.Operation, begun.Number)
        {
            Output = output,
            Failure = failure?.Without(Hidden),
        };
        var isAwaited = failure is not null || buffer.Count > 0;
        Buffer(said, Now(), begun.Id, isReading: false);
        return (isAwaited, FlushAsync(readingsOnly: false));
    }

    /// <summary>Its host stops, and waits no longer: nothing more of it is written, so that it counts as cut off, whatever its function
    /// comes to.</summary>
    public void CutOff() => Break(new OperationCutOffException(begun.Operation, Key));

    /// <summary>Throws what ended the recording; nothing that came after it counts.</summary>
    public void ThrowIfBroken()
    {
        if (broken is OperationTakenOverException) throw TakenOver();
        if (broken is { } error) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
    }

    private DateTimeOffset Now() => run.TimeProvider.GetUtcNow();

    private OperationEntry Said(string type, EffectPlace place) =>
        new(type, begun.Operation, begun.Number) { Branch = place.Branch, Ordinal = place.Ordinal };

    private EntryData Entry(OperationEntry said, DateTimeOffset? time, Guid? causation) =>
        said.ToEntry(run.Id, Key, time, begun.FirstId, causation);

    private void Buffer(OperationEntry said, DateTimeOffset? time, Guid? causation, bool isReading) =>
        buffer.Add(Entry(said, time, causation), isReading);

    // Waits for what is being written, too.
    private async Task FlushAsync(bool readingsOnly)
    {
        await lane.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            ThrowIfBroken();
            if (readingsOnly ? buffer.HasUnwritten : buffer.Count > 0) await AppendAsync().ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    // The caller has the lane.
    private async Task AppendAsync()
    {
        var (entries, _) = buffer.Take();
        try
        {
            for (var from = 0; from < entries.Count;)
            {
                var (count, bytes) = (0, 0L);
                while (from + count < entries.Count && count < MostEntries
                    && (count == 0 || bytes + entries[from + count].Payload.Length <= MostBytes))
                {
                    bytes += entries[from + count++].Payload.Length;
                }

                var result = await OperationAppend.Async(run.Journal, entries.GetRange(from, count), condition).ConfigureAwait(false);
                if (result is AppendResult.NotAppended { Failure: AppendFailure.ConditionFailed failed })
                {
                    await GoOnBehindAsync(failed.Position).ConfigureAwait(false);
                    continue;
                }

                result.ReceiptOrThrow();
                from += count;
            }
        }
        catch (Exception exception)
        {
            Break(exception);
            throw;
        }
    }

    // What was found ends this attempt, or it is the end of another run, which is no matter of it. The caller has the lane.
    private async ValueTask GoOnBehindAsync(long position)
    {
        var found = position > 0
            ? await run.Journal.ReadAllAsync(position, 1).FirstOrDefaultAsync(CancellationToken.None).ConfigureAwait(false)
            : null;
        if (found is null || found.Position != position || !Interop.RunTranslation.IsEnd(found)) throw Break(TakenOver());
        if (found.Stream == run.Id.Stream) throw Break(new RunEndedException(run.Id));
        condition = condition with { AsOf = position };
    }

    // Once it is cancelled, or cannot be recorded, nothing more is asked for.
    private void CheckGoesOn()
    {
        ThrowIfBroken();
        Token.ThrowIfCancellationRequested();
    }

    private Exception Break(Exception error)
    {
        OperationsInFlight.Of(run.Journal).Abandon(begun.Id);
        return broken ??= error;
    }

    private OperationTakenOverException TakenOver() => new(begun.Operation, Key);
}
