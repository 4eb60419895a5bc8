// Running operations in a run, and resuming interrupted ones. Called by applications.
// Replaying them is in OperationReplayExtensions.
namespace Refold;

/// <summary>Operations of a run.</summary>
public static class OperationExtensions
{
    /// <summary>Runs an operation once under the caller's key. A second call with the key waits for the first, or returns its output. A
    /// failed or interrupted attempt is tried again, with the recorded answers of the attempts before.</summary>
    /// <typeparam name="TInput">The input.</typeparam>
    /// <typeparam name="TOutput">The output.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="key">1 to 512 UTF-8 bytes, such as the id of a request; not the run's id with <c>#n.n</c>, the form of keys that are
    /// made. The operation is found by its key in the whole journal, in this run or an earlier one.</param>
    /// <param name="input">The input; recorded.</param>
    /// <param name="cancellationToken">Cancels the function. The attempt then counts as failed.</param>
    /// <returns>The output as its codec reads it back, once every effect of the operation is durable. Redacted values are in the output of
    /// the call that ran the operation, and in no later one.</returns>
    /// <exception cref="NotAppendedException">The key was used for another input, another form of it, or another operation
    /// (<see cref="AppendFailure.KeyReused"/>), or another reason.</exception>
    /// <exception cref="ArgumentException">The key breaks a rule.</exception>
    /// <exception cref="OperationInProgressException">Another process may still run an attempt.</exception>
    /// <exception cref="OperationRedactedException">An earlier attempt has no output, and its input or an answer was
    /// redacted.</exception>
    /// <exception cref="OperationTakenOverException">Another attempt took over.</exception>
    /// <exception cref="RunEndedException">The run has ended.</exception>
    /// <exception cref="InvalidOperationException">The call is made inside an operation of the run, or inside decide, evolve or a
    /// codec.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed: open the journal again and call again with the key.</exception>
    /// <remarks>An exception of the function is recorded as a failure, and thrown to the caller.</remarks>
    public static Task<TOutput> RunAsync<TInput, TOutput>(
        this Run run, Operation<TInput, TOutput> operation, string key, TInput input, CancellationToken cancellationToken = default) =>
        run.RunAsync(operation, key, input, new OperationOptions(), cancellationToken);

    /// <summary>Runs an operation once under the caller's key, with options. Otherwise as without options.</summary>
    /// <typeparam name="TInput">The input.</typeparam>
    /// <typeparam name="TOutput">The output.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="key">1 to 512 UTF-8 bytes.</param>
    /// <param name="input">The input; recorded.</param>
    /// <param name="options">Whether to take over.</param>
    /// <param name="cancellationToken">Cancels the function. The attempt then counts as failed.</param>
    /// <returns>The output as its codec reads it back.</returns>
    public static Task<TOutput> RunAsync<TInput, TOutput>(
        this Run run,
        Operation<TInput, TOutput> operation,
        string key,
        TInput input,
        OperationOptions options,
        CancellationToken cancellationToken = default)
    {
        Check(run, operation, options);
        Interop.RunTranslation.CheckOperationKey(key, nameof(key));
        if (OperationEntry.IsMadeKey(run.Id, key))
            throw new ArgumentException($"'{key}' is a key of the form that is made for operations without one; use another.", nameof(key));
        return StartAsync(run, operation, key, input, options, cancellationToken);
    }

    /// <summary>Runs an operation without a key. It is recorded and replayed like any other operation. After a restart it is not found, so
    /// it is neither resumed nor answered.</summary>
    /// <typeparam name="TInput">The input.</typeparam>
    /// <typeparam name="TOutput">The output.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="input">The input; recorded.</param>
    /// <param name="cancellationToken">Cancels the function. The attempt then counts as failed.</param>
    /// <returns>The output as its codec reads it back.</returns>
    public static Task<TOutput> RunAsync<TInput, TOutput>(
        this Run run, Operation<TInput, TOutput> operation, TInput input, CancellationToken cancellationToken = default)
    {
        Check(run, operation, new OperationOptions());
        return StartAsync(run, operation, null, input, new OperationOptions(), cancellationToken);
    }

    /// <summary>Resumes every interrupted operation of the journal, of any run, in the order of their begins; a host calls this at its
    /// start. Each gets its input as it is recorded. A failed operation is tried again only by a call with its key.</summary>
    /// <remarks>A run in mode <c>Off</c> throws <c>InvalidOperationException</c>, two operations of one name
    /// <c>ArgumentException</c>.</remarks>
    /// <param name="run">The run in which they are resumed.</param>
    /// <param name="operations">The program's operations, by their names.</param>
    /// <param name="cancellationToken">Cancels the functions, and stops.</param>
    /// <returns>The result of each.</returns>
    public static async Task<IReadOnlyList<ResumedOperation>> ResumeOperationsAsync(
        this Run run, IReadOnlyList<Operation> operations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(operations);
        CheckNames(operations);
        if (run.Mode == RecordMode.Off)
            throw new InvalidOperationException("In mode Off nothing is recorded, so what was cut off would happen at every start anew.");
        var resumed = new List<ResumedOperation>();
        foreach (var attempt in await CutOffAsync(run.Inner.Journal, cancellationToken).ConfigureAwait(false))
        {
            var (name, key) = (attempt.Begun.Said.Operation, attempt.Begun.Said.Key!);
            if (operations.FirstOrDefault(operation => operation.Name == name) is not { } operation)
            {
                resumed.Add(new ResumedOperation(name, key, IsKnown: false, null));
                continue;
            }

            try
            {
                if (attempt.IsRedacted) throw new OperationRedactedException(name, key);
                await operation.ResumeAsync(run, key, attempt.Begun.Said.Input!, cancellationToken).ConfigureAwait(false);
                resumed.Add(new ResumedOperation(name, key, IsKnown: true, null));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                resumed.Add(new ResumedOperation(name, key, IsKnown: true, exception));
            }
        }

        return resumed;
    }

    /// <summary>Runs an operation for the input that an attempt was begun with, as it is recorded: another form of it would be another
    /// input.</summary>
    internal static Task<TOutput> ResumeAsync<TInput, TOutput>(
        Run run, Operation<TInput, TOutput> operation, string key, Encoded recorded, CancellationToken cancellationToken)
    {
        var options = new OperationOptions();
        Check(run, operation, options);
        return StartAsync(run, operation, key, operation.Input.Decode(recorded), options, cancellationToken, recorded);
    }

    /// <summary>Refuses two operations of one name: the name would be ambiguous.</summary>
    /// <exception cref="ArgumentException">There are two.</exception>
    internal static void CheckNames(IReadOnlyList<Operation> operations)
    {
        if (operations.GroupBy(operation => operation.Name, StringComparer.Ordinal).FirstOrDefault(named => named.Count() > 1) is { } twice)
            throw new ArgumentException($"Two operations are named '{twice.Key}'; give each a name of its own.", nameof(operations));
    }

    private static async Task<IReadOnlyList<RecordedAttempt>> CutOffAsync(IJournal journal, CancellationToken cancellationToken)
    {
        var types = Query.OfTypes(OperationEntry.Begun, OperationEntry.Ended, OperationEntry.Failed);
        var found = await journal.QueryAsync(types, cancellationToken: cancellationToken).ConfigureAwait(false);
        return
        [
            .. found.Entries.Where(entry => OperationEntry.IsOne(entry) && entry.Tags.Count > 0)
                .GroupBy(entry => entry.Tags[0], StringComparer.Ordinal)
                .Select(entries => RecordedOperation.Of(entries).Last)
                .OfType<RecordedAttempt>()
                .Where(attempt => attempt.End is null && attempt.Begun.Said is { Key: not null, Input: not null, IsMade: false })
                .OrderBy(attempt => attempt.Begun.Entry.Position),
        ];
    }

    private static async Task<TOutput> StartAsync<TInput, TOutput>(
        Run run, Operation<TInput, TOutput> operation, string? key, TInput input, OperationOptions options,
        CancellationToken cancellationToken, Encoded? recorded = null)
    {
        var hidden = new HiddenValues();
        var encoded = recorded ?? operation.Input.Encode(input, hidden);
        var isMade = key is null;
        run.Inner.Operations.Enter();
        if (run.Mode == RecordMode.Record)
        {
            try
            {
                key ??= await OperationRunner.MadeKeyAsync(run.Inner, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                run.Inner.Operations.Leave();
                throw;
            }

            return await OperationRunner.RunAsync(
                run, operation, new OperationCall<TInput>(key, isMade, encoded, input, hidden, options), cancellationToken)
                .ConfigureAwait(false);
        }

        try
        {
            key ??= await OperationRunner.MadeKeyAsync(run.Inner, cancellationToken).ConfigureAwait(false);
            using var scope = OperationScope.Enter(run.Inner, operation.Name);
            var attempt = new UnrecordedAttempt(run, key, hidden, cancellationToken);
            var (_, output) = await OperationObservation.AttemptAsync(
                operation.Name, () => operation.InvokeAsync(attempt, operation.Input.ReadBack(input, encoded))).ConfigureAwait(false);
            return output;
        }
        finally
        {
            run.Inner.Operations.Leave();
        }
    }

    private static void Check(Run run, Operation operation, OperationOptions options)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(options);
        run.Inner.CheckOutside("RunAsync");
        OperationScope.CheckNotNested(run.Inner);
    }
}

/// <summary>The result of an operation that was resumed.</summary>
/// <param name="Operation">Its name.</param>
/// <param name="Key">Its key.</param>
/// <param name="IsKnown">Whether the program has an operation of this name.</param>
/// <param name="Error">The exception of its function; null where it ended, or is not known.</param>
public sealed record ResumedOperation(string Operation, string Key, bool IsKnown, Exception? Error);
