// Running operations in a run, and going on with those that were cut off. Called by applications.
// Replaying them is in OperationReplayExtensions.
namespace Refold;

/// <summary>Operations of a run.</summary>
public static class OperationExtensions
{
    /// <summary>Runs an operation under a key of the caller's, once: a second call with the key waits for the first, or is answered with
    /// its output. An attempt that failed or was cut off is tried again, and gets what it got before.</summary>
    /// <typeparam name="TInput">What it is given.</typeparam>
    /// <typeparam name="TOutput">What it answers.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="key">1 to 512 UTF-8 bytes, such as the id of a request: what it is found by in the whole journal, in this run or an
    /// earlier one.</param>
    /// <param name="input">What it is given; recorded.</param>
    /// <param name="cancellationToken">Cancels the function. The attempt then counts as failed.</param>
    /// <returns>The output as its codec reads it back, once everything that it follows from is durable.</returns>
    /// <exception cref="NotAppendedException">The key was used for another input or another operation
    /// (<see cref="AppendFailure.KeyReused"/>), or another reason.</exception>
    /// <exception cref="OperationInProgressException">Somebody else may be at it.</exception>
    /// <exception cref="OperationTakenOverException">Somebody else took it over meanwhile.</exception>
    /// <exception cref="RunEndedException">The run has ended.</exception>
    /// <exception cref="InvalidOperationException">The call is made inside an operation of the run, or inside decide, evolve or a
    /// codec.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed: open the journal again and call again with the key.</exception>
    /// <remarks>What the function throws is recorded as a failure, and thrown on.</remarks>
    public static Task<TOutput> RunAsync<TInput, TOutput>(
        this Run run, Operation<TInput, TOutput> operation, string key, TInput input, CancellationToken cancellationToken = default) =>
        run.RunAsync(operation, key, input, new OperationOptions(), cancellationToken);

    /// <summary>Runs an operation under a key of the caller's, once, with options. Otherwise as without them.</summary>
    /// <typeparam name="TInput">What it is given.</typeparam>
    /// <typeparam name="TOutput">What it answers.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="key">1 to 512 UTF-8 bytes.</param>
    /// <param name="input">What it is given; recorded.</param>
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
        return StartAsync(run, operation, key, input, options, cancellationToken);
    }

    /// <summary>Runs an operation without a key: it is recorded and replayed like any other, but after a restart it is not found again, so
    /// it is neither resumed nor answered.</summary>
    /// <typeparam name="TInput">What it is given.</typeparam>
    /// <typeparam name="TOutput">What it answers.</typeparam>
    /// <param name="run">The run.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="input">What it is given; recorded.</param>
    /// <param name="cancellationToken">Cancels the function. The attempt then counts as failed.</param>
    /// <returns>The output as its codec reads it back.</returns>
    public static Task<TOutput> RunAsync<TInput, TOutput>(
        this Run run, Operation<TInput, TOutput> operation, TInput input, CancellationToken cancellationToken = default)
    {
        Check(run, operation, new OperationOptions());
        return StartAsync(run, operation, null, input, new OperationOptions(), cancellationToken);
    }

    /// <summary>Goes on with every operation of the journal that was cut off, in whatever run, in the order in which they were begun; as a
    /// host does at its start. Operations that failed are left to whoever calls them again.</summary>
    /// <param name="run">The run in which they go on.</param>
    /// <param name="operations">The program's operations, by their names.</param>
    /// <param name="cancellationToken">Cancels the functions, and stops.</param>
    /// <returns>What became of each.</returns>
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

    /// <summary>Refuses two operations of one name: nobody knows which is meant.</summary>
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
        CancellationToken cancellationToken)
    {
        var encoded = operation.Input.Encode(input);
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
                run, operation, new OperationCall(key, isMade, encoded, options), cancellationToken).ConfigureAwait(false);
        }

        try
        {
            key ??= await OperationRunner.MadeKeyAsync(run.Inner, cancellationToken).ConfigureAwait(false);
            using var scope = OperationScope.Enter(run.Inner, operation.Name);
            var attempt = new UnrecordedAttempt(run, key, cancellationToken);
            return (await operation.InvokeAsync(attempt, operation.Input.Decode(encoded)).ConfigureAwait(false)).Value;
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

/// <summary>What became of an operation that had been cut off.</summary>
/// <param name="Operation">Its name.</param>
/// <param name="Key">Its key.</param>
/// <param name="IsKnown">Whether the program has an operation of this name.</param>
/// <param name="Error">What it threw; null where it ended, or is not known.</param>
public sealed record ResumedOperation(string Operation, string Key, bool IsKnown, Exception? Error);
