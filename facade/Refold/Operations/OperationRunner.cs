// Running an operation: looking its key up, claiming an attempt, calling the function, recording how it ended.
// Called by OperationExtensions.
using System.Globalization;

namespace Refold;

internal static class OperationRunner
{
    private const string OtherInput = ": another input or operation, or the same input in another form, as after a member was added (then "
        + "raise its schema version, with an upcast)";

    /// <summary>Where the random numbers of an operation come from that is begun for the first time.</summary>
    public static RngState SeedOf(RngState root, string key) => root.Named("$operation").Named(key);

    /// <summary>The key of an operation without one: nothing is found under it after a restart.</summary>
    public static async ValueTask<string> MadeKeyAsync(RunCore run, CancellationToken cancellationToken)
    {
        var before = run.Options.Mode == RecordMode.Off
            ? 0
            : await run.Journal.HighestVersionAsync(Interop.RunTranslation.EffectsOf(run.Id), cancellationToken).ConfigureAwait(false);
        return string.Create(CultureInfo.InvariantCulture, $"{run.Id}#{before}.{OperationsInFlight.Of(run.Journal).NextUnnamed(run.Id)}");
    }

    /// <summary>Runs it; the caller has entered the run's operations, which are left here.</summary>
    public static async Task<TOutput> RunAsync<TInput, TOutput>(
        Run run,
        Operation<TInput, TOutput> operation,
        OperationCall<TInput> call,
        CancellationToken cancellationToken)
    {
        Action leave = run.Inner.Operations.Leave;
        try
        {
            var left = await OperationsInFlight.Of(run.Inner.Journal).EnterAsync(call.Key, cancellationToken).ConfigureAwait(false);
            leave = left + leave;
            var claimed = await ClaimAsync(run.Inner, operation, call, cancellationToken).ConfigureAwait(false);
            while (claimed.IsOfAnother)
            {
                leave = run.Inner.Operations.Leave;
                left();
                call = call with { Key = await MadeKeyAsync(run.Inner, cancellationToken).ConfigureAwait(false) };
                left = await OperationsInFlight.Of(run.Inner.Journal).EnterAsync(call.Key, cancellationToken).ConfigureAwait(false);
                leave = left + leave;
                claimed = await ClaimAsync(run.Inner, operation, call, cancellationToken).ConfigureAwait(false);
            }

            if (claimed.Output is { } output) return operation.Output.Decode(output);
            var attempt = new LiveAttempt(run, claimed.Begun!, claimed.Earlier, call.Hidden, cancellationToken);
            using var listed = run.Inner.Operations.List(attempt.CutOff);
            var (value, ending) = await OperationObservation.AttemptAsync(
                operation.Name, () => InvokeAsync(run.Inner, operation, attempt, call)).ConfigureAwait(false);
            if (!ending.IsCompletedSuccessfully)
            {
                // Whoever asks for the key next, and the run's end, wait for it; the caller does not.
                _ = ending.ContinueWith(
                    (ended, action) =>
                    {
                        // Seen: a later call finds the attempt cut off, and gets the same.
                        _ = ended.Exception;
                        ((Action)action!)();
                    },
                    leave,
                    CancellationToken.None,
                    TaskContinuationOptions.None,
                    TaskScheduler.Default);
                leave = () => { };
            }

            return value;
        }
        finally
        {
            leave();
        }
    }

    // The output, and the append of the end where nobody need wait for it.
    private static async Task<(TOutput Value, Task Ending)> InvokeAsync<TInput, TOutput>(
        RunCore run, Operation<TInput, TOutput> operation, LiveAttempt attempt, OperationCall<TInput> call)
    {
        using var scope = OperationScope.Enter(run, operation.Name);
        Encoded output;
        TOutput value;
        try
        {
            (output, value) = await operation.InvokeAsync(attempt, operation.Input.ReadBack(call.Value, call.Input)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            attempt.ThrowIfBroken();
            // Of what was cancelled in the middle, an exception of another branch may be what came out: it counts as cancelled.
            var isCancelled = attempt.Token.IsCancellationRequested;
            var (_, failed) = attempt.End(null, isCancelled ? RecordedFailure.OfCaller : RecordedFailure.Of(exception));
            await failed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        attempt.ThrowIfBroken();
        if (attempt.Token.IsCancellationRequested)
        {
            // That it was cancelled is an input that nobody recorded: what the function made of it does not count.
            var cancelled = new OperationCanceledException(attempt.Token);
            await attempt.End(null, RecordedFailure.OfCaller).Append.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw cancelled;
        }

        var (isAwaited, ending) = attempt.End(output, null);
        if (isAwaited) await ending.ConfigureAwait(false);
        return (value, ending);
    }

    private readonly record struct Claimed(Encoded? Output, BegunAttempt? Begun, RecordedOperation? Earlier, bool IsOfAnother = false);

    // The recorded output; or an attempt of ours, begun under the condition that nobody else began one meanwhile. A key that was made is
    // nobody's but the caller's: where there is something under it, another process made the same one.
    private static async Task<Claimed> ClaimAsync(
        RunCore run, Operation operation, OperationCall call, CancellationToken cancellationToken)
    {
        var (key, input) = (call.Key, call.Input);
        while (true)
        {
            var (earlier, asOf) = await RecordedOperation.FindAsync(run.Journal, key, cancellationToken).ConfigureAwait(false);
            if (call.IsMade && (earlier.Last is not null || earlier.Strays.Count > 0))
                return new Claimed(null, null, null, IsOfAnother: true);
            if (earlier.Strays.FirstOrDefault() is { } stray)
            {
                throw new JournalException(
                    "operation-unreadable",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"What is recorded of the operation with the key '{key}' cannot be read at position {stray.Position}, so nobody "
                        + $"knows what was done. Verify the journal, or use another key."));
            }

            if (earlier.Last is { } last)
            {
                if (last.Begun.Said.Operation != operation.Name
                    || last.Begun.Said.Input is not { } recorded || !operation.IsSameInput(recorded, input))
                    throw new NotAppendedException(new AppendFailure.KeyReused(key, last.Begun.Entry.Position) { Hint = OtherInput });
                if (last.End?.Said.Output is { } output) return new Claimed(output, null, null);
                // First, as another key is no way while somebody is at it.
                if (last.End is null && !await IsNobodyAtAsync(run, last, call.Options, cancellationToken).ConfigureAwait(false))
                    throw new OperationInProgressException(operation.Name, key, last.Begun.Entry.Run!);
                if (earlier.Attempts.Exists(attempt => attempt.IsRedacted)) throw new OperationRedactedException(operation.Name, key);
            }

            // By another object, or another program: behind the end nothing is begun. An end that comes meanwhile is a conflict.
            if (await HasEndedAsync(run.Journal, run.Id, cancellationToken).ConfigureAwait(false)) throw new RunEndedException(run.Id);
            cancellationToken.ThrowIfCancellationRequested();
            if (await BeginAsync(run, operation, call, earlier, asOf).ConfigureAwait(false) is { } begun)
                return new Claimed(null, begun, earlier);
        }
    }

    // An attempt of this process would be in flight, so that nobody asks.
    private static async ValueTask<bool> IsNobodyAtAsync(
        RunCore run, RecordedAttempt attempt, OperationOptions options, CancellationToken cancellationToken)
    {
        if (options.TakeOver || run.Journal is ILocalJournal { IsOnlyWriter: true }) return true;
        if (OperationsInFlight.Of(run.Journal).IsAbandoned(attempt.Begun.Entry.Id)) return true;
        return await HasEndedAsync(run.Journal, attempt.Begun.Entry.Run!, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<bool> HasEndedAsync(IJournal journal, RunId run, CancellationToken cancellationToken)
    {
        var last = await journal.HighestVersionAsync(run.Stream, cancellationToken).ConfigureAwait(false);
        var end = await journal.ReadKeptAsync(run.Stream, last, cancellationToken: cancellationToken)
            .FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false);
        return end is not null && Interop.RunTranslation.IsEnd(end);
    }

    private static async Task<BegunAttempt?> BeginAsync(
        RunCore run, Operation operation, OperationCall call, RecordedOperation earlier, long asOf)
    {
        var key = call.Key;
        var number = (earlier.Last?.Number ?? 0) + 1;
        var seed = earlier.Attempts.Count > 0 ? earlier.Attempts[0].Begun.Said.Seed! : SeedOf(run.Context.Root, key);
        // What the attempt's entries hang on, known before it is appended.
        var id = OperationGuid.Of(seed.Named("attempt/" + number.ToString(CultureInfo.InvariantCulture)));
        var firstId = earlier.Attempts.Count > 0 ? earlier.Attempts[0].Begun.Entry.Id : id;
        var said = new OperationEntry(OperationEntry.Begun, operation.Name, number)
        {
            Key = key,
            Input = call.Input,
            Seed = seed,
            IsMade = call.IsMade,
        };
        var entry = said.ToEntry(run.Id, key, run.TimeProvider.GetUtcNow(), firstId, earlier.Last?.Begun.Entry.Id) with { Id = id };
        var condition = new AppendCondition(OperationEntry.EndingOf(key), asOf);
        var result = await OperationAppend.Async(run.Journal, [entry], condition).ConfigureAwait(false);
        if (result is AppendResult.NotAppended { Failure: AppendFailure.ConditionFailed }) return null;
        return new BegunAttempt(operation.Name, key, number, seed, result.ReceiptOrThrow().FirstPosition, id, firstId);
    }
}

/// <summary>A call of an operation.</summary>
/// <param name="Key">Its key.</param>
/// <param name="IsMade">Whether the caller gave none.</param>
/// <param name="Input">What it is given, as it is recorded.</param>
/// <param name="Options">Whether to take over.</param>
internal record OperationCall(string Key, bool IsMade, Encoded Input, OperationOptions Options);

/// <summary>A call of an operation with an input of a type.</summary>
/// <param name="Key">Its key.</param>
/// <param name="IsMade">Whether the caller gave none.</param>
/// <param name="Input">What it is given, as it is recorded.</param>
/// <param name="Value">What it is given.</param>
/// <param name="Hidden">What of it is not written.</param>
/// <param name="Options">Whether to take over.</param>
internal sealed record OperationCall<TInput>(
    string Key, bool IsMade, Encoded Input, TInput Value, HiddenValues Hidden, OperationOptions Options)
    : OperationCall(Key, IsMade, Input, Options);
