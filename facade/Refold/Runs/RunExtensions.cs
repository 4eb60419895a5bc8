// Starting and resuming runs in any journal, and listing them.
// Called by applications and the tool.
using Refold.Interop;

namespace Refold;

/// <summary>What can be done with runs in any journal.</summary>
public static class RunExtensions
{
    /// <summary>Starts a run. Its start is durable before this returns; in mode <see cref="RecordMode.Off"/> nothing is written.</summary>
    /// <param name="journal">The journal. It stays the caller's, and is disposed after the run.</param>
    /// <param name="pin">What the run is recorded under.</param>
    /// <param name="options">How it is recorded.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>The run; to be disposed by the caller.</returns>
    /// <exception cref="RunExistsException">The journal has a run of this name.</exception>
    /// <exception cref="ArgumentException">The pin has no JSON form.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the start was written.</exception>
    public static async Task<Run> StartRunAsync(this IJournal journal, RunPin pin, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(pin);
        options = (options ?? new RunOptions()).Validated();
        var core = new RunCore(journal, options.RunId ?? RunId.Create(options.NewGuid().ToString("D")), pin, options.Root, options);
        if (options.Mode == RecordMode.Record)
        {
            var start = core.Context.Start(options.StartTime ?? core.TimeProvider.GetUtcNow());
            var result = await journal.TryAppendAsync(start, cancellationToken).ConfigureAwait(false);
            if (result is AppendResult.NotAppended { Failure: AppendFailure.Conflict })
                throw new RunExistsException(core.Id);
            result.ReceiptOrThrow();
        }

        core.Logger?.RunStarted(core.Id, pin);
        return new Run(core);
    }

    /// <summary>Opens a recorded run to go on where it stopped. Nothing is written by this.</summary>
    /// <param name="journal">The journal. It stays the caller's, and is disposed after the run.</param>
    /// <param name="run">The run.</param>
    /// <param name="pin">What this program records under; it must equal the recorded pin.</param>
    /// <param name="options">How it is recorded; its name and root are the recorded ones, and its mode is Record.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The run; to be disposed by the caller.</returns>
    /// <exception cref="RunNotFoundException">The journal has no such run, or its start cannot be read.</exception>
    /// <exception cref="PinMismatchException">The pins differ; the message names the fields.</exception>
    /// <exception cref="RunEndedException">The run was ended.</exception>
    /// <exception cref="ArgumentException">The options ask for mode Off.</exception>
    public static async Task<Run> ResumeRunAsync(this IJournal journal, RunId run, RunPin pin, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(pin);
        options = (options ?? new RunOptions()).Validated();
        if (options.Mode != RecordMode.Record)
            throw new ArgumentException("A resumed run goes on recording; its mode is Record.", nameof(options));

        var first = await journal.ReadStreamAsync(run.Stream, maxCount: 1, cancellationToken: cancellationToken).FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new RunNotFoundException(run, "the journal has no run of this name");
        if (RunTranslation.TryReadStart(first, out var reason) is not (var recorded, var root))
            throw new RunNotFoundException(run, reason);
        if (recorded.DiffersIn(pin) is { Count: > 0 } fields)
            throw new PinMismatchException(run, recorded, pin, fields);
        if (EndOf(journal, run) is not null)
            throw new RunEndedException(run);
        var core = new RunCore(journal, run, recorded, root, options);
        core.Logger?.RunResumed(run, recorded);
        return new Run(core);
    }

    /// <summary>Every run that was recorded, in the order of their starts.</summary>
    /// <param name="journal">The journal.</param>
    /// <returns>The runs; those of which the start was deleted are left out, and streams below <c>$run/</c> that name no run.</returns>
    public static IReadOnlyList<RunInfo> Runs(this IJournal journal)
    {
        ArgumentNullException.ThrowIfNull(journal);
        var runs =
            from stream in journal.Streams()
            where stream.Floor == 0
            let id = RunTranslation.TryReadRun(stream.Stream)
            where id is not null
            let first = journal.ReadStream(stream.Stream, maxCount: 1).First()
            orderby first.Position
            select new RunInfo(id, RunTranslation.TryReadStart(first, out _)?.Pin, first.Position, first.Time, stream.HighestVersion, EndOf(journal, id)?.Position);
        return [.. runs];
    }

    private static JournalEntry? EndOf(IJournal journal, RunId run) =>
        journal.ReadStream(run.Stream, journal.HighestVersion(run.Stream)).FirstOrDefault(RunTranslation.IsEnd);
}
