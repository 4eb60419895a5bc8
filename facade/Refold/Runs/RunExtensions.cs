// Starting and resuming runs in any journal, and listing them.
// Called by applications and the tool.
using Refold.Interop;

namespace Refold;

/// <summary>Starting, resuming and listing runs in any journal.</summary>
public static class RunExtensions
{
    /// <summary>Starts a run. Its start is durable before this returns; in mode <see cref="RecordMode.Off"/> nothing is
    /// written.</summary>
    /// <param name="journal">The journal. It stays the caller's, and is disposed after the run.</param>
    /// <param name="pin">The pin of the recording: model, provider, version, seed and settings.</param>
    /// <param name="options">How it is recorded.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>The run; to be disposed by the caller.</returns>
    /// <exception cref="RunExistsException">The journal has a run of this name.</exception>
    /// <exception cref="ArgumentException">The pin has no JSON form.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the start was written.</exception>
    public static async Task<Run> StartRunAsync(
        this IJournal journal, RunPin pin, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(pin);
        options = (options ?? new RunOptions()).Validated();
        var id = options.RunId ?? RunId.Create(options.NewGuid().ToString("D"));
        var core = new RunCore(journal, id, pin, options.Root, options, runVersion: 1);
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

    /// <summary>Opens a recorded run to continue where it stopped. The call itself writes nothing.</summary>
    /// <param name="journal">The journal. It stays the caller's, and is disposed after the run.</param>
    /// <param name="run">The run.</param>
    /// <param name="pin">The pin of this program; it must equal the recorded pin.</param>
    /// <param name="options">How it is recorded; its name and root are the recorded ones, and its mode is Record.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The run; to be disposed by the caller.</returns>
    /// <exception cref="RunNotFoundException">The journal has no such run, or its start cannot be read.</exception>
    /// <exception cref="PinMismatchException">The pins differ; the message names the fields.</exception>
    /// <exception cref="RunEndedException">The run was ended.</exception>
    /// <exception cref="ArgumentException">The options ask for mode Off.</exception>
    public static async Task<Run> ResumeRunAsync(
        this IJournal journal, RunId run, RunPin pin, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(pin);
        options = (options ?? new RunOptions()).Validated();
        if (options.Mode != RecordMode.Record)
            throw new ArgumentException("A resumed run goes on recording; its mode is Record.", nameof(options));

        var first = await FirstAsync(journal, run.Stream, 1, cancellationToken).ConfigureAwait(false)
            ?? throw new RunNotFoundException(run, "the journal has no run of this name");
        if (first.Version > 1)
            throw new RunNotFoundException(run, "its start was deleted, and with it the seed of its steps; begin a run of another name");
        if (RunTranslation.TryReadStart(first, out var reason) is not (var recorded, var root))
            throw new RunNotFoundException(run, reason);
        if (recorded.DiffersIn(pin) is { Count: > 0 } fields)
            throw new PinMismatchException(run, recorded, pin, fields);
        if (await EndOfAsync(journal, run, cancellationToken).ConfigureAwait(false) is not null)
            throw new RunEndedException(run);
        var core = new RunCore(journal, run, recorded, root, options, runVersion: null);
        core.Logger?.RunResumed(run, recorded);
        return new Run(core);
    }

    /// <summary>Starts a run, or resumes it where an earlier process stopped. A program makes this call each time it starts.</summary>
    /// <param name="journal">The journal. It stays the caller's, and is disposed after the run.</param>
    /// <param name="run">The run's name, the same each time.</param>
    /// <param name="pin">The pin of the recording, the same each time.</param>
    /// <param name="options">How it is recorded; the mode is Record, and the name is <paramref name="run"/>.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>The run; to be disposed by the caller.</returns>
    /// <exception cref="PinMismatchException">The run is there under another pin; the message names the fields.</exception>
    /// <exception cref="RunEndedException">The run has ended; a new run needs another name.</exception>
    /// <exception cref="RunNotFoundException">The run is there, and its start cannot be read.</exception>
    /// <exception cref="ArgumentException">The options ask for mode Off or another name, or the pin has no JSON form.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the start was written.</exception>
    public static async Task<Run> StartOrResumeRunAsync(
        this IJournal journal, RunId run, RunPin pin, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(pin);
        options ??= new RunOptions();
        if (options.Mode != RecordMode.Record)
            throw new ArgumentException(
                "A run that may be resumed is recorded; use StartRunAsync for a run in mode Off.", nameof(options));
        if (options.RunId is { } named && named != run)
            throw new ArgumentException($"The options name the run '{named}', the call the run '{run}'; name it once.", nameof(options));
        if (await journal.HighestVersionAsync(run.Stream, cancellationToken).ConfigureAwait(false) == 0)
        {
            try
            {
                return await journal.StartRunAsync(pin, options with { RunId = run }, cancellationToken).ConfigureAwait(false);
            }
            catch (RunExistsException)
            {
                // Another one began it in between.
            }
        }

        return await journal.ResumeRunAsync(run, pin, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Every run that was recorded, in the order of their starts.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The runs; those of which the start was deleted are left out, and streams below <c>$run/</c> that name no run.</returns>
    public static async Task<IReadOnlyList<RunInfo>> RunsAsync(this IJournal journal, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        var runs = new List<RunInfo>();
        var streams = await journal.StreamsAsync(RunTranslation.StreamPrefix, cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var stream in streams)
        {
            if (stream.Floor > 0 || RunTranslation.TryReadRun(stream.Stream) is not { } id) continue;
            if (await FirstAsync(journal, stream.Stream, 1, cancellationToken).ConfigureAwait(false) is not { } first) continue;
            var end = await EndOfAsync(journal, id, cancellationToken).ConfigureAwait(false);
            var pin = RunTranslation.TryReadStart(first, out _)?.Pin;
            runs.Add(new RunInfo(id, pin, first.Position, first.Time, stream.HighestVersion, end?.Position));
        }

        runs.Sort((one, other) => one.StartedPosition.CompareTo(other.StartedPosition));
        return runs;
    }

    private static async ValueTask<JournalEntry?> EndOfAsync(IJournal journal, RunId run, CancellationToken cancellationToken)
    {
        var highest = await journal.HighestVersionAsync(run.Stream, cancellationToken).ConfigureAwait(false);
        var last = await FirstAsync(journal, run.Stream, highest, cancellationToken).ConfigureAwait(false);
        return last is not null && RunTranslation.IsEnd(last) ? last : null;
    }

    private static ValueTask<JournalEntry?> FirstAsync(
        IJournal journal, StreamId stream, long version, CancellationToken cancellationToken) =>
        journal.ReadKeptAsync(stream, version, cancellationToken: cancellationToken).FirstOrDefaultAsync(cancellationToken);
}
