// The run of a host: opened when the host starts, closed when it stops, injected in between and before.
// Made by RefoldBuilder.AddRun; driven by RunHosting.
namespace Refold;

/// <summary>The run of a host, and what its start resumed. Injected like <see cref="Run"/>.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class HostedRun
{
    private readonly HostedStart start = new();

    internal HostedRun() => Run = new Run(start);

    /// <summary>The run. It can be injected anywhere, and used once the host has started it: before the <c>StartAsync</c> of every hosted
    /// service.</summary>
    public Run Run { get; }

    /// <summary>Whether the host has started it.</summary>
    public bool IsStarted => start.IsStarted;

    /// <summary>What became of the operations that were cut off before this start; empty until they are resumed.</summary>
    public IReadOnlyList<ResumedOperation> Resumed { get; internal set; } = [];

    internal void Begin(Run opened) => start.Begin(opened.Inner);
}
