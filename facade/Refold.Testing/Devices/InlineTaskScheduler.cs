// Runs tasks at once on the thread that starts them, so that what a store does in the background has its place in the order of operations.
// Given as SegmentOptions.Background to journals on a SimulatedDevice.
namespace Refold.Testing;

/// <summary>A scheduler without threads of its own.</summary>
public sealed class InlineTaskScheduler : TaskScheduler
{
    /// <summary>The one that is needed: it holds nothing.</summary>
    public static InlineTaskScheduler Instance { get; } = new();

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => TryExecuteTask(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
