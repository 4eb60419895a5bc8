// Given a recorded run, when it is decided again, then it matches or diverges: replay as a test.
// Called by the tests of whoever keeps recorded runs.
using System.Text;

namespace Refold.Testing;

/// <summary>Beginning a scenario of a recorded run.</summary>
public static class RecordedScenario
{
    /// <summary>A run that a journal recorded: <c>await journal.Given(run).When(Order.Aggregate).ThenMatchesAsync()</c>.</summary>
    /// <param name="journal">The journal; only read.</param>
    /// <param name="run">The run.</param>
    /// <returns>The run, to be decided again.</returns>
    public static RecordedRunScenario Given(this IJournal journal, RunId run)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        return new RecordedRunScenario(journal, run);
    }
}

/// <summary>A recorded run. Immutable.</summary>
public sealed class RecordedRunScenario
{
    private readonly IJournal journal;
    private readonly RunId run;

    internal RecordedRunScenario(IJournal journal, RunId run) => (this.journal, this.run) = (journal, run);

    /// <summary>Every command of it is decided again, as by <see cref="ReplayExtensions.VerifyAsync(IJournal, RunId, Aggregate[])"/>, once
    /// what follows is awaited.</summary>
    /// <param name="aggregates">The aggregates of every category that the run gave commands to.</param>
    /// <returns>The run, to be compared.</returns>
    public ReplayedScenario When(params Aggregate[] aggregates)
    {
        ArgumentNullException.ThrowIfNull(aggregates);
        return new ReplayedScenario(journal, run, [.. aggregates]);
    }
}

/// <summary>A recorded run that is decided again. Immutable.</summary>
public sealed class ReplayedScenario
{
    private readonly IJournal journal;
    private readonly RunId run;
    private readonly IReadOnlyList<Aggregate> aggregates;

    internal ReplayedScenario(IJournal journal, RunId run, IReadOnlyList<Aggregate> aggregates) =>
        (this.journal, this.run, this.aggregates) = (journal, run, aggregates);

    /// <summary>Expects the same outcome of every command, byte for byte.</summary>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The report, which also says what could not be compared.</returns>
    /// <exception cref="ScenarioException">An outcome differs: the message names the entry, the field, the command and the
    /// state before it. Or nothing was recorded.</exception>
    /// <exception cref="RunNotFoundException">No entry of the journal is of such a run.</exception>
    /// <exception cref="AggregateNotGivenException">A command of the run was for a stream whose aggregate is not among those
    /// given.</exception>
    public async Task<ReplayReport> ThenMatchesAsync(CancellationToken cancellationToken = default)
    {
        var report = await VerifyAsync(cancellationToken).ConfigureAwait(false);
        return report.Matched ? report : throw Unexpected(report, "");
    }

    /// <summary>Expects the first difference at this entry and in this field: the effect of a changed rule.</summary>
    /// <param name="position">Its position.</param>
    /// <param name="path">JSON pointer into its NDJSON form: "/data/Quantity"; empty for the whole entry.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The divergence.</returns>
    /// <exception cref="ScenarioException">Everything matches, or something else differs first.</exception>
    /// <exception cref="RunNotFoundException">No entry of the journal is of such a run.</exception>
    /// <exception cref="AggregateNotGivenException">A command of the run was for a stream whose aggregate is not among those
    /// given.</exception>
    public async Task<Divergence> ThenDivergesAsync(long position, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        var report = await VerifyAsync(cancellationToken).ConfigureAwait(false);
        return report.Divergence is { } found && found.Position == position && found.Path == path
            ? found
            : throw Unexpected(
                report,
                $"expected a difference at position {ScenarioText.Number(position)}, {(path == "" ? "the entry" : path)}; actual:\n");
    }

    private static ScenarioException Unexpected(ReplayReport report, string wanted)
    {
        var message = new StringBuilder(wanted).Append(report);
        if (report.Divergence is not { } found) return new ScenarioException(message.ToString());
        if (found.Command is { } command) message.Append("\ncommand: ").Append(command);
        if (found.StateBefore is { } state) message.Append("\nstate before: ").Append(state);
        message.Append("\nto do: ").Append(found.Remedy);
        var difference = new ScenarioDifference(0, "the entry", found.Path, found.ByteOffset, found.Expected, found.Actual);
        return new ScenarioException(message.ToString(), difference);
    }

    private Task<ReplayReport> VerifyAsync(CancellationToken cancellationToken) =>
        journal.VerifyAsync(run, aggregates, new VerifyOptions(), cancellationToken);
}
