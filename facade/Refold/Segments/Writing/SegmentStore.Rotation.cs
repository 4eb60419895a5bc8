// Going on in the next segment: the one that is full is sealed, the spare gets its name. FORMAT.md, "Directory".
// Called by SegmentLog where a batch does not fit, and by SegmentStore for the first segment.
namespace Refold.Segments;

/// <summary>There is no room for the next segment; nothing was written.</summary>
internal sealed class NoRoomException(Exception innerException) : IOException(innerException.Message, innerException);

internal sealed partial class SegmentStore
{
    /// <summary>Begins the next segment: of the usual size, or as large as is needed; where this one is empty, it gets as large.
    /// Everything about it is durable on return.</summary>
    /// <param name="frameBytes">Bytes of the frames that have to fit.</param>
    /// <param name="head">The head before them.</param>
    /// <exception cref="NoRoomException">There is no room; the journal is as it was.</exception>
    public void Rotate(long frameBytes, Head head)
    {
        // First of all: a flush that fails while room is made must have nothing to lose.
        Flush(head);
        RequireHeld();
        if (TryGrow(frameBytes)) return;
        // Not under the lock: whoever holds it must not wait for another thread.
        spare.Wait();
        lock (checkpoints.Renaming) BeginNext(frameBytes, head);
        RequireHeld();
        IsSealed = false;
        (hasStaleCheckpoint, CheckpointedTo) = (hasStaleCheckpoint || CheckpointedTo > 0, 0);
        StoreCommit(head);
        commit.File.Flush();
    }

    /// <summary>A segment that has no frame yet is not sealed for a batch that is larger.</summary>
    private bool TryGrow(long frameBytes)
    {
        if (frameBytes == 0 || segments.Count == 0 || IsSealed || Active.Header.FirstFrame != LastFrame + 1) return false;
        try
        {
            sealing.Grow(Active, Aligned(NextOffset + frameBytes));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NoRoomException(exception);
        }

        Sealed = null;
        return true;
    }

    private void BeginNext(long frameBytes, Head head)
    {
        var failures = device.Failures;
        var begin = NextOffsetBehind(Format.SegmentHeaderModule.bytes);
        var bytes = Math.Max(segmentBytes, Aligned(begin + frameBytes));
        var (file, seal) = MakeRoom(bytes, head);
        var first = head.Position + 1;
        var generation = segments.Count > 0 && Active.Name.FirstPosition == first ? Active.Name.Generation + 1 : 0;
        var name = new Format.SegmentName(first, generation);
        // As the journal was begun.
        var hasIds = segments.Count > 0 ? Active.Header.HasIds : options.Segments.IndexIds;
        var header = new Format.SegmentHeader(commit.JournalId, generation, first, LastFrame + 1, head.Hash, bytes, hasIds);
        try
        {
            // Before the next segment gets its name: only the last one may end in half a footer.
            if (seal is not null) SegmentSealing.Seal(Active, seal);
            file.Write(Format.SegmentHeaderModule.encode(header).Span, 0);
            file.Flush();
            device.Rename(FileNames.Spare, name.ToString());
            device.FlushDirectory();
            device.RequireNoFailureSince(failures);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        Sealed = seal is null ? null : (Active, SegmentSealing.TrailerOf(Active, seal));
        if (segments.Count > 0) OpenFiles.Release(Active.File, SegmentFile.Check(Active.Header, Sealed?.Trailer));
        lock (segments) segments.Add(new SegmentFile(name, header, Handles.Pin(name.ToString(), file)));
        Tail = Format.SegmentHeaderModule.bytes;
        (FlushedFrame, flushedTo) = (LastFrame, Tail);
        sealing.Clear();
    }

    /// <summary>The spare, and the room in which the segment that is full is sealed: all that can fail for want of room.</summary>
    private (IStorageFile Spare, Format.SegmentSeal? Seal) MakeRoom(long bytes, Head head)
    {
        IStorageFile? file = null;
        try
        {
            file = spare.Take(bytes);
            return (file, segments.Count == 0 || IsSealed ? null : sealing.Prepare(Active, Columns(Active), Tail, LastFrame, head));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            if (file is not null) spare.TryRemove();
            throw new NoRoomException(exception);
        }
    }
}
