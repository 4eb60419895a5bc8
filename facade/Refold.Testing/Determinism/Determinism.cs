// Deciding what was recorded again in further processes, each under another culture: what hides on one machine is named.
// Called by the tests of whoever keeps recorded runs.
using System.Reflection;

namespace Refold.Testing;

/// <summary>Checking that decisions depend on step, state and command alone.</summary>
public static class Determinism
{
    /// <summary>Decides every recorded command again in four further processes, each under a culture of its own and with its own seed of
    /// string hashes, twice in each. A rule that formats or compares by culture, depends on a hash order, reads a clock or keeps a value
    /// in a static field gives another result there. A difference does not throw; it is in the report.</summary>
    /// <param name="journal">The journal; only read. Its entries are handed to the processes in a temporary file.</param>
    /// <param name="aggregates">The type whose public static properties and fields are the aggregates, such as
    /// <c>typeof(Order)</c>.</param>
    /// <param name="options">Which run, which cultures, how long.</param>
    /// <param name="cancellationToken">Ends the processes.</param>
    /// <returns>The verdict of each culture.</returns>
    /// <exception cref="DeterminismException">The check has no result: a process could not be started, ended too early, exceeded the time
    /// limit, has no such culture, or could not decide; or the journal has no recorded command.</exception>
    public static Task<DeterminismReport> CheckAsync(
        IJournal journal, Type aggregates, DeterminismOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(aggregates);
        return CheckAsync(journal, aggregates.Assembly, aggregates, options ?? new DeterminismOptions(), cancellationToken);
    }

    /// <summary>As with a type, over the aggregates of all public types of an assembly, as the tool's <c>replay --with</c> finds
    /// them.</summary>
    /// <param name="journal">The journal; only read.</param>
    /// <param name="aggregates">The assembly.</param>
    /// <param name="options">Which run, which cultures, how long.</param>
    /// <param name="cancellationToken">Ends the processes.</param>
    /// <returns>The verdict of each culture.</returns>
    /// <exception cref="DeterminismException">As with a type.</exception>
    public static Task<DeterminismReport> CheckAsync(
        IJournal journal, Assembly aggregates, DeterminismOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(aggregates);
        return CheckAsync(journal, aggregates, null, options ?? new DeterminismOptions(), cancellationToken);
    }

    private static async Task<DeterminismReport> CheckAsync(
        IJournal journal, Assembly assembly, Type? type, DeterminismOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(journal);
        options = options.Validated();
        using var files = new ProcessFiles();
        await files.WriteAsync(journal, cancellationToken).ConfigureAwait(false);
        var order = new CheckOrder(files.Journal, assembly.Location, assembly.FullName!, type?.FullName, options.Run?.Value);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var checks = options.Cultures
            .Select((culture, index) => CheckProcess.RunAsync(files, order, culture, index, options.Timeout, ending.Token))
            .ToArray();
        try
        {
            return new DeterminismReport(await Task.WhenAll(checks).ConfigureAwait(false));
        }
        catch
        {
            // The files go only when nobody reads them any more.
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(checks.Select(check => check.ContinueWith(_ => { }, TaskScheduler.Default))).ConfigureAwait(false);
            throw;
        }
    }
}

/// <summary>Run, cultures and time limit of the check.</summary>
public sealed record DeterminismOptions
{
    /// <summary>The run whose commands are decided again.</summary>
    /// <value>Default: null, every run of the journal.</value>
    public RunId? Run { get; init; }

    /// <summary>The cultures, each in a process of its own; the empty name is the invariant one.</summary>
    /// <value>Default: invariant, tr-TR (another case of i), sv-SE (another order of letters, another minus), ar-SA (another calendar,
    /// other separators). At least one.</value>
    public IReadOnlyList<string> Cultures { get; init; } = ["", "tr-TR", "sv-SE", "ar-SA"];

    /// <summary>The time limit of a process. The check fails when a process exceeds it.</summary>
    /// <value>Default: two minutes. Above zero, at most 24 days.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    internal DeterminismOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(Cultures);
        if (Cultures.Count == 0) throw new ArgumentException("Without a culture nothing is checked.", nameof(Cultures));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero, nameof(Timeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Timeout, TimeSpan.FromDays(24), nameof(Timeout));
        return this;
    }
}

/// <summary>The check has no result: a process could not be started, ended too early or too late, or could not decide.</summary>
public sealed class DeterminismException : Exception
{
    internal DeterminismException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
