// Records the dispatch scenario, from the beginning or from where a killed recording ended.
// Called by `refold record`.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Refold.Cli.Shell;

namespace Refold.Cli.Scenarios;

/// <summary>What was recorded.</summary>
/// <param name="Commands">Lines of the log: the external entries. Each has one derived entry, an event or a refusal.</param>
/// <param name="Refused">How many of them were refused.</param>
/// <param name="AlreadyThere">How many an earlier recording had brought in.</param>
/// <param name="StateHash">The hash of the final state.</param>
/// <param name="Root">The run's root random state.</param>
internal sealed record DispatchSummary(long Commands, long Refused, long AlreadyThere, string? StateHash, RngState Root);

/// <param name="journal">Where to.</param>
/// <param name="id">The run.</param>
/// <param name="pin">The run's pin.</param>
/// <param name="durable">Told the position up to which everything is durable, in order.</param>
internal sealed class DispatchRecorder(ILocalJournal journal, RunId id, RunPin pin, Action<long> durable)
{
    private readonly Aggregate<DispatchState, DispatchCommand, Dispatched, DispatchRefusal> scenario = DispatchPin.Scenario(pin);
    private long commands;
    private long refused;

    /// <summary>How many commands of the run are durable.</summary>
    public long Commands => commands;

    /// <summary>Whether all that were recorded before were compared with the log, so that <see cref="Commands"/> counts them.</summary>
    public bool IsRecording { get; private set; }

    /// <summary>Records the lines of a log. Interrupted, it ends at the next line, and what was begun is durable.</summary>
    public async Task<DispatchSummary> RecordAsync(Stream input, string path, CancellationToken cancellationToken = default)
    {
        using var source = DispatchInput.Read(input, path, cancellationToken).GetEnumerator();
        bool more = source.MoveNext();
        // Control entries have times from the log too: a clock would give every recording another head.
        var clock = more ? source.Current.Time : DateTimeOffset.UnixEpoch;
        // One flow of commands, decided in the order of the log: the same log gives the same head.
        var options = new RunOptions { RunId = id, StartTime = clock, Order = RunOrder.Submitted };
        var found = (await journal.RunsAsync(cancellationToken)).FirstOrDefault(info => info.Id == id);
        if (found?.Pin?.DiffersIn(pin) is { Count: > 0 } fields)
            throw new ToolException(
                ExitCode.Conflict,
                $"The run '{id}' was recorded with another {string.Join(", ", fields)}; give the same options, or another --run ID.");

        if (found is null && journal.HighestVersion(id.Stream) > 0)
            throw new ToolException(
                ExitCode.Conflict, $"The start of the run '{id}' was deleted, so nothing goes on with it; choose another --run ID.");
        foreach (var recorded in RecordedCommands(found))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!more || !IsSame(recorded, source.Current))
                throw new ToolException(ExitCode.Conflict, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{path}, line {commands + 1}: the run '{id}' was recorded from other lines; "
                    + $"resume it with the same log, or choose another --run ID."));
            clock = source.Current.Time;
            commands++;
            more = source.MoveNext();
        }

        long alreadyThere = commands;
        IsRecording = true;
        if (found is { HasEnded: true })
        {
            if (more)
                throw new ToolException(ExitCode.Conflict, FormattableString.Invariant(
                    $"{path}, line {commands + 1}: the run '{id}' has ended before this line; choose another --run ID."));
            return new DispatchSummary(commands, refused, alreadyThere, RecordedStateHash(), RngState.FromSeed(pin.Seed));
        }

        await using var run = found is null
            ? await journal.StartRunAsync(pin, options, cancellationToken)
            : await journal.ResumeRunAsync(id, pin, options, cancellationToken);
        var streams = run.Streams(scenario);
        var window = new Window<ExecutionResult<DispatchState, Dispatched, DispatchRefusal>>(Count);
        try
        {
            for (; more; more = source.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                clock = source.Current.Time;
                // A command that was given is waited for: what is said to be durable is then all there is.
                var step = new ExecuteOptions { Time = clock };
                await window.AddAsync(streams.ExecuteAsync(Dispatch.Category, source.Current.Command, step, CancellationToken.None));
            }
        }
        finally
        {
            await window.CompleteAsync();
        }

        var end = await run.FinishAsync(clock, CancellationToken.None);
        return new DispatchSummary(commands, refused, alreadyThere, end.StateHash, run.Root);
    }

    private void Count(ExecutionResult<DispatchState, Dispatched, DispatchRefusal> result)
    {
        commands++;
        if (!result.IsAccepted)
            refused++;
        durable(result.Receipt!.LastPosition);
    }

    private IEnumerable<JournalEntry> RecordedCommands(RunInfo? found)
    {
        if (found is null)
            yield break;
        foreach (var entry in journal.ReadStream(id.Stream))
        {
            if (entry.Role == EntryRole.Command)
                yield return entry;
            else if (entry.Role == EntryRole.Refusal)
                refused++;
        }
    }

    /// <summary>A recorded command is an envelope around the command's own JSON, which stands in it as it is.</summary>
    private bool IsSame(JournalEntry recorded, TimedCommand line)
    {
        var expected = scenario.Commands.Encode(line.Command);
        using var envelope = JsonDocument.Parse(recorded.Payload);
        return recorded.Type == expected.Type
            && recorded.Time == line.Time
            && envelope.RootElement.GetProperty("data").GetRawText() == Encoding.UTF8.GetString(expected.Payload.Span);
    }

    private string? RecordedStateHash()
    {
        var last = journal.ReadStream(id.Stream, journal.HighestVersion(id.Stream)).Single();
        using var payload = JsonDocument.Parse(last.Payload);
        return payload.RootElement.GetProperty("stateHash").GetString();
    }
}
