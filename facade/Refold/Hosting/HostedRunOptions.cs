// How a host starts, resumes and ends its run.
// Given to RefoldBuilder.AddRun; checked by HostedRunOptionsValidator when the host starts.
using Microsoft.Extensions.Options;

namespace Refold;

/// <summary>What becomes of a host's run when the host stops.</summary>
public enum RunAtShutdown
{
    /// <summary>It is left open: the next start of the host under the same pin goes on with it.</summary>
    LeaveOpen = 0,

    /// <summary>It is ended (<see cref="Run.FinishAsync"/>), which reads the whole run; the next start begins a new one. Where operations
    /// are cut off, or there is no time left, it is left open.</summary>
    Finish = 1,
}

/// <summary>When a host resumes operations that were cut off.</summary>
public enum OperationsAtStart
{
    /// <summary>Before any hosted service starts; the start of the host waits for them.</summary>
    Before = 0,

    /// <summary>Beside the start of the host, which does not wait for them.</summary>
    Beside = 1,

    /// <summary>Not at all: they wait for a call with their key.</summary>
    Not = 2,
}

/// <summary>How a host starts, resumes and ends its run.</summary>
public sealed class HostedRunOptions
{
    /// <summary>What the host's runs are named after. Where the run of that name has ended, or was recorded under another pin, the next is
    /// named <c>NAME/2</c>, and so on.</summary>
    /// <value>Default: null, model and version of the pin: <c>orders-1.4.0</c>, so that a new version is a new run.</value>
    public string? RunName { get; set; }

    /// <summary>How the run is recorded. It names no <see cref="RunOptions.RunId"/>, and its mode is
    /// <see cref="RecordMode.Record"/>.</summary>
    /// <value>Default: as in <see cref="RunOptions"/>.</value>
    public RunOptions Run { get; set; } = new();

    /// <summary>What becomes of the run when the host stops.</summary>
    /// <value>Default: <see cref="RunAtShutdown.LeaveOpen"/>.</value>
    public RunAtShutdown AtShutdown { get; set; }

    /// <summary>When operations are resumed that were cut off. Those of <c>AddOperation</c> are; others are logged.</summary>
    /// <value>Default: <see cref="OperationsAtStart.Before"/>.</value>
    public OperationsAtStart Operations { get; set; }

    /// <summary>How long stopping waits for operations, commands and snapshots that are under way, when all hosted services have stopped.
    /// <c>HostOptions.ShutdownTimeout</c> ends it before where that is less. Operations that have not ended by then are cut off: nothing
    /// more of them is recorded, and the next start resumes them.</summary>
    /// <value>Default: 25 seconds, less than the 30 of <c>HostOptions.ShutdownTimeout</c>. Above zero, at most 24 days.</value>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(25);
}

internal sealed class HostedRunOptionsValidator : IValidateOptions<HostedRunOptions>
{
    public ValidateOptionsResult Validate(string? name, HostedRunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Refusal(options) is { } refusal ? ValidateOptionsResult.Fail(refusal) : ValidateOptionsResult.Success;
    }

    private static string? Refusal(HostedRunOptions options) => options switch
    {
        { Run: null } => "HostedRunOptions.Run is null; leave it as it is, or set RunOptions.",
        { Run.RunId: not null } => "HostedRunOptions.Run names a RunId; set HostedRunOptions.RunName, after which the host names its runs.",
        { Run.Mode: not RecordMode.Record } =>
            "HostedRunOptions.Run is in mode Off; a host's run is recorded. Start a run in mode Off with journal.StartRunAsync.",
        { RunName: { } name } when !RunId.TryCreate(name, out _) =>
            $"HostedRunOptions.RunName is '{name}', which is no name of a run; it has 1 to {RunId.MaxBytes} UTF-8 bytes.",
        _ when !Enum.IsDefined(options.AtShutdown) => "HostedRunOptions.AtShutdown is no RunAtShutdown; set LeaveOpen or Finish.",
        _ when !Enum.IsDefined(options.Operations) => "HostedRunOptions.Operations is no OperationsAtStart; set Before, Beside or Not.",
        _ when options.ShutdownTimeout <= TimeSpan.Zero || options.ShutdownTimeout > TimeSpan.FromDays(24) => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"HostedRunOptions.ShutdownTimeout is {options.ShutdownTimeout}; set more than zero, at most 24 days."),
        _ => null,
    };
}
