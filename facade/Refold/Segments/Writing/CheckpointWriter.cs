// Checkpoints: index rows of the active segment, written beside appends so that the next opening need not scan
// its frames. FORMAT.md, "Checkpoint".
// Used by SegmentStore: after commits, at close, and around compactions.
namespace Refold.Segments;

/// <summary>Writes checkpoints, one at a time, and removes older ones. One that fails harms nobody: there is
/// the one before, or the scan.</summary>
/// <param name="device">The directory.</param>
/// <param name="commit">COMMIT.</param>
/// <param name="background">Where checkpoints are written beside appends.</param>
internal sealed class CheckpointWriter(IStorageDevice device, CommitFile commit, TaskScheduler background)
{
    private readonly Lock gate = new();
    private Task running = Task.CompletedTask;
    private bool isPaused;

    /// <summary>Held from a rename to the flush of the directory that it needs: a flush that fails in between, and fails
    /// nothing else, would hide that.</summary>
    public Lock Renaming { get; } = new();

    /// <summary>Told why a checkpoint could not be written.</summary>
    public Action<Exception> Failed { get; set; } = _ => { };

    /// <summary>Begins to write a checkpoint, unless one is being written or a compaction is going on.</summary>
    /// <param name="make">Makes it, its pages in the writer that it is given; called where it is written.</param>
    /// <returns>Whether it was begun.</returns>
    public bool TryBegin(Func<Core.ByteWriter, Format.CheckpointFile> make)
    {
        // Begun outside the lock: a scheduler may run it at once.
        var task = new Task(() => Write(make), CancellationToken.None, TaskCreationOptions.LongRunning);
        lock (gate)
        {
            if (isPaused || !running.IsCompleted) return false;
            running = task;
        }

        try
        {
            task.Start(background);
            return true;
        }
        catch (TaskSchedulerException exception)
        {
            // A scheduler that takes no more work.
            lock (gate) running = Task.CompletedTask;
            Failed(exception);
            return false;
        }
    }

    /// <summary>Writes a checkpoint now, or tells why not.</summary>
    public void Write(Func<Core.ByteWriter, Format.CheckpointFile> make)
    {
        var pages = Core.ByteWriter.RentLarge(SegmentSealing.PageBytes);
        try
        {
            // First, so that a checkpoint never leads COMMIT: whoever removes it takes away no more than rows.
            commit.FlushBeside();
            Put(make(pages));
        }
#pragma warning disable CA1031 // Whatever was thrown, no append and no close fails by it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            TryRemove(name => name == Format.FileName.checkpointUnfinished);
            Failed(exception);
        }
        finally
        {
            pages.Release();
        }
    }

    /// <summary>Waits for the one that is being written; no other is begun until <see cref="Resume"/>.</summary>
    public void Pause()
    {
        lock (gate) isPaused = true;
        Wait();
    }

    /// <summary>From now on checkpoints are written again.</summary>
    public void Resume()
    {
        lock (gate) isPaused = false;
    }

    /// <summary>Waits for the one that is being written.</summary>
    public void Wait()
    {
        Task task;
        lock (gate) task = running;
        // One that its scheduler did not take has been told of.
        Task.WhenAny(task).GetAwaiter().GetResult();
    }

    /// <summary>Removes what opening could not use, but for what belongs to another journal or a newer program.</summary>
    /// <param name="names">The files.</param>
    public void RemoveUnusable(IReadOnlyCollection<string> names)
    {
        if (names.Count > 0) TryRemove(name => names.Contains(name) && IsOurs(name));
    }

    /// <summary>Removes every checkpoint of this journal.</summary>
    public void RemoveAll() => TryRemove(name => Format.FileName.tryCheckpoint(name) is not null && IsOurs(name));

    private void Put(Format.CheckpointFile checkpoint)
    {
        CompactionFiles.Write(device, Format.FileName.checkpointUnfinished, file =>
        {
            file.Write(checkpoint.Root.Span, 0);
            file.Write(checkpoint.Pages.Span, checkpoint.Root.Length);
        });
        lock (Renaming)
        {
            // One that could not be used may have the name.
            if (device.List().Contains(checkpoint.Name)) device.Delete(checkpoint.Name);
            device.Rename(Format.FileName.checkpointUnfinished, checkpoint.Name);
            device.FlushDirectory();
        }

        TryRemove(name => name != checkpoint.Name && Format.FileName.tryCheckpoint(name) is not null && IsOurs(name));
    }

    private bool IsOurs(string name)
    {
        var root = CheckpointLoading.ReadRoot(device, name);
        return root.IsOk ? root.ResultValue.JournalId == commit.JournalId : !root.ErrorValue.IsFutureVersion;
    }

    /// <summary>Best effort: nothing relies on their being gone.</summary>
    private void TryRemove(Func<string, bool> isMeant)
    {
        try
        {
            foreach (var name in device.List().Where(isMeant)) device.Delete(name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Opening ignores them, and says so.
        }
    }
}
