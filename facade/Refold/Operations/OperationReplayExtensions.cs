// Replaying a run with its operations: verified first, then each operation again over what was recorded of it.
// Called by applications, tests and tools.
namespace Refold;

/// <summary>Replay of runs with operations. Nothing here writes, sends, or reads the clock.</summary>
public static class OperationReplayExtensions
{
    /// <summary>Verifies a run as <see cref="ReplayExtensions.VerifyAsync(IJournal, RunId, Aggregate[])"/> does. Then runs every attempt of
    /// the run's operations again. Calls, clock readings and commands are answered from the record and compared with it; so is the output.
    /// Random numbers and GUIDs are the recorded ones.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="run">The run.</param>
    /// <param name="operations">The program's operations, by their names. One that is not given is a finding, and the verdict at best
    /// <see cref="ReplayVerdict.Incomplete"/>.</param>
    /// <param name="aggregates">The aggregates of every category that the run gave commands to.</param>
    /// <param name="options">Further comparisons of the verification; default: none.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The verdict. The first difference by position is the divergence, the others are findings, independent of the operations'
    /// scheduling: a request that was not recorded (<see cref="DivergenceCause.UnrecordedInput"/>), a recorded one that is no longer asked
    /// for, another command, another output. Interrupted attempts are findings, and compared as far as recorded.</returns>
    /// <exception cref="RunNotFoundException">No entry of the journal is of such a run.</exception>
    /// <exception cref="AggregateNotGivenException">A command of the run was for a stream whose aggregate is not among those
    /// given.</exception>
    public static Task<ReplayReport> ReplayAsync(
        this IJournal journal,
        RunId run,
        IReadOnlyList<Operation> operations,
        IReadOnlyList<Aggregate> aggregates,
        VerifyOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(aggregates);
        OperationExtensions.CheckNames(operations);
        return Task.Run(
            async () =>
            {
                var verified = await journal.VerifyAsync(run, aggregates, options ?? new VerifyOptions(), cancellationToken)
                    .ConfigureAwait(false);
                var replay = new OperationReplay(journal, verified, operations, options?.UpTo is not null);
                return await replay.RunAsync(cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }
}
