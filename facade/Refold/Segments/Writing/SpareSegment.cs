// The next segment before it has its name: zeros, flushed, made on another thread while the active one fills. FORMAT.md, "Directory".
// Used by SegmentStore, which takes it when it goes on in the next segment.
namespace Refold.Segments;

/// <summary>Makes spare segments. Used by one thread at a time; what it makes ahead, another thread makes.</summary>
/// <param name="device">The directory.</param>
/// <param name="background">Where spares are made ahead.</param>
internal sealed class SpareSegment(WatchedDirectory device, TaskScheduler background) : IDisposable
{
    private Task<IStorageFile?>? ahead;
    private (long Bytes, long Failures) aheadOf;

    /// <summary>Begins to make a spare of a size, once until it is taken. Where that fails, for want of room or otherwise, it is
    /// tried again when it is needed.</summary>
    public void MakeAhead(long bytes)
    {
        if (ahead is not null) return;
        aheadOf = (bytes, device.Failures);
        try
        {
            ahead = Task.Factory.StartNew(() => TryMake(bytes), CancellationToken.None, TaskCreationOptions.LongRunning, background);
        }
        catch (TaskSchedulerException)
        {
            // A scheduler that takes no more work.
        }
    }

    /// <summary>Waits for what is being made.</summary>
    public void Wait() => ahead?.GetAwaiter().GetResult();

    /// <summary>The spare that was made ahead, once it is ready; where there is none of this size, one that is made now. So it is where a
    /// flush of the directory has failed since: it may have taken back the name of the spare, or given it to an earlier one.</summary>
    /// <exception cref="IOException">There is no room, or the device failed. Then there is no spare.</exception>
    public IStorageFile Take(long bytes)
    {
        var made = ahead?.GetAwaiter().GetResult();
        ahead = null;
        if (made is not null && aheadOf == (bytes, device.Failures)) return made;
        made?.Dispose();
        return Make(bytes);
    }

    /// <summary>Waits for what is being made, closes it, and removes it where the device lets it.</summary>
    public void Dispose()
    {
        if (ahead is null) return;
        ahead.GetAwaiter().GetResult()?.Dispose();
        ahead = null;
        TryRemove();
    }

    /// <summary>Removes the spare that was taken and could not be used.</summary>
    public void TryRemove()
    {
        try
        {
            SegmentStore.RemoveSpare(device);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It holds nothing, and is removed before the next one is made.
        }
    }

    private IStorageFile? TryMake(long bytes)
    {
        try
        {
            return Make(bytes);
        }
#pragma warning disable CA1031 // Whatever was thrown: if it lasts, whoever needs the spare meets it again, and gives the answers.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private IStorageFile Make(long bytes)
    {
        IStorageFile? file = null;
        try
        {
            SegmentStore.RemoveSpare(device);
            file = device.Create(FileNames.Spare);
            SegmentStore.WriteZeros(file, 0, bytes);
            // Some file systems look for room only now. The name need not last: the rename that follows is made durable.
            file.Flush();
            return file;
        }
        catch
        {
            file?.Dispose();
            TryRemove();
            throw;
        }
    }
}
