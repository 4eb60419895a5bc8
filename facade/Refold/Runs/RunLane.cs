// What a run has to do with one stream: the commands that wait for it in the order of their calls, and the state loaded for them.
// Kept by RunPipeline under its lock, as long as a command for the stream is not settled, and some of those that are idle for the next.
namespace Refold;

internal sealed class RunLane(StreamId stream)
{
    public StreamId Stream => stream;

    /// <summary>The commands of which no step was made, or is to be made anew.</summary>
    public WorkQueue Waiting { get; } = new(isOfLane: true);

    /// <summary>How many steps were made and are not settled.</summary>
    public int InFlight { get; set; }

    /// <summary>Whether a step is just being made.</summary>
    public bool IsMaking { get; set; }

    /// <summary>The loading of the state; null where none is on its way. None is while a step is in flight.</summary>
    public RunLoad? Load { get; set; }

    /// <summary>The state that was loaded for the first that waits.</summary>
    public KeptState? Loaded { get; set; }

    /// <summary>Whether it was idle and is kept for the next command of its stream.</summary>
    public bool IsKept { get; set; }

    public bool IsIdle => Waiting.First is null && InFlight == 0 && !IsMaking;
}
