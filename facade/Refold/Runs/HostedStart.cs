// The start of a run that a host starts: what is injected before is the run already, and is used from then on.
// Made and ended by HostedRun; asked by Run.
namespace Refold;

/// <summary>Whether the host has started the run, and what it started. Safe for use by many threads.</summary>
internal sealed class HostedStart
{
    private readonly Lock gate = new();
    private readonly List<Action<RunCore>> waiting = [];
    private volatile RunCore? core;

    /// <summary>Whether the run is there.</summary>
    public bool IsStarted => core is not null;

    /// <summary>The run.</summary>
    /// <exception cref="InvalidOperationException">The host has not started it.</exception>
    public RunCore Core => core ?? throw new InvalidOperationException(
        "The run is started with the host, before its hosted services are: use it from StartAsync on, not in a constructor.");

    /// <summary>Done now, or when the run is started.</summary>
    public void When(Action<RunCore> started)
    {
        lock (gate)
        {
            if (core is null)
            {
                waiting.Add(started);
                return;
            }
        }

        started(core);
    }

    /// <summary>The host has started it.</summary>
    public void Begin(RunCore started)
    {
        List<Action<RunCore>> all;
        lock (gate)
        {
            core = started;
            all = [.. waiting];
            waiting.Clear();
        }

        foreach (var one in all) one(started);
    }
}
