// The commit: decide, one write at the tail, one flush, publish, answer. FORMAT.md and the order of storage.md, "Commit".
// Called by SegmentWriter, one group at a time.
namespace Refold.Segments;

/// <summary>The writing end of an open journal. Used by one thread at a time.</summary>
internal sealed partial class SegmentLog
{
    // A group is closed when it has this many bytes, so that its first append does not wait for ever.
    private const int GroupBytes = 4 * 1024 * 1024;

    private readonly SegmentStore store;
    private readonly Action<long> published;
    private readonly JournalObserver? observer;
    private readonly Action? unflushed;

    // Another one once the files were replaced.
    private SegmentIndex index;
    private readonly List<Format.SegmentItem> items = [];
    private readonly List<(PendingWrite Write, AppendResult? Answer, bool IsCertain)> answers = [];
    private Core.ByteWriter buffer = new(64 * 1024);
    private long number;
    private Head head;
    private long entries;
    private Exception? failure;

    /// <param name="store">The files.</param>
    /// <param name="index">What is committed.</param>
    /// <param name="published">Told each new head position, once it can be read.</param>
    /// <param name="observer">Told what was committed and what failed; none where a copy is written.</param>
    /// <param name="unflushed">Told after each group that leaves something to flush.</param>
    public SegmentLog(
        SegmentStore store, SegmentIndex index, Action<long> published, JournalObserver? observer = null, Action? unflushed = null)
    {
        (this.store, this.index, this.published, this.observer, this.unflushed) = (store, index, published, observer, unflushed);
        head = index.Head;
        store.Columns = segment => this.index.ColumnsOf(segment);
    }

    /// <summary>The answer of a journal that takes no writes.</summary>
    public static AppendResult Unavailable(string reason, Exception? cause) =>
        new AppendResult.NotAppended(new AppendFailure.Unavailable(reason, cause));

    private static AppendResult Lost(Exception cause) => Unavailable(cause.Message.TrimEnd('.'), cause);

    /// <summary>Commits the first writes of a list, as many as go into one write and one flush, and answers them.</summary>
    /// <returns>How many were answered; at least one.</returns>
    public int Commit(List<PendingWrite> waiting)
    {
        if (failure is null && waiting[0] is PendingChange change)
        {
            change.Make(this);
            return 1;
        }

        var (taken, isDecided) = (0, false);
        try
        {
            taken = failure is null ? Collect(waiting) : 0;
            isDecided = true;
            if (failure is null) WriteAndFlush();
        }
#pragma warning disable CA1031 // Whatever was thrown: nothing more is written, no flush is repeated.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Poison(exception);
            // Where the index could not be read, nothing of the group was written.
            var inDoubt = isDecided ? new AppendResult.OutcomeUnknown(exception) : Unavailable("the index cannot be read", exception);
            // In a place that was lost nothing is acknowledged, not even what was before.
            var acknowledged = exception is PlaceLostException ? Lost(exception) : null;
            foreach (var (write, answer, isCertain) in answers)
                write.Answer(!isCertain ? inDoubt : answer is AppendResult.NotAppended ? answer : acknowledged ?? answer);
            answers.Clear();
        }

        foreach (var (write, answer, _) in answers) write.Answer(answer);
        answers.Clear();
        if (failure is null) Prepare();
        if (failure is null)
        {
            GiveBack(waiting, taken);
            return taken;
        }

        for (; taken < waiting.Count; taken++)
            waiting[taken].Answer(failure is PlaceLostException ? Lost(failure) : Unavailable("an earlier write failed", failure));
        return taken;
    }

    /// <summary>Begins what no answer waits for. It calls a scheduler and a clock that others wrote.</summary>
    private void Prepare()
    {
        try
        {
            index.Settle(store.Active);
            store.PrepareNext();
            store.CheckpointIfDue(index.Head);
            if (store.HasUnflushed) unflushed?.Invoke();
        }
#pragma warning disable CA1031 // Whatever was thrown: past the writer it would leave all who wait without an answer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Poison(exception);
        }
    }

    /// <summary>Says that the journal is closed, if nothing is in doubt, and closes what only the writer has open.</summary>
    public void Close()
    {
        try
        {
            if (failure is null) store.MarkClosed(index.Head);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlaceLostException)
        {
            // Then it is as after a process that was killed: everything acknowledged is there.
            failure = exception;
        }
        finally
        {
            store.Dispose();
        }
    }

    private int Collect(List<PendingWrite> waiting)
    {
        // A large buffer is not kept for the small groups that follow.
        if (buffer.Length > GroupBytes) buffer = new Core.ByteWriter(64 * 1024);
        buffer.Clear();
        items.Clear();
        entries = 0;
        number = store.LastFrame + 1;
        var group = new GroupIndex(index);
        var taken = 0;
        foreach (var write in waiting)
        {
            // Alone in its group: what comes after it is decided with the entries gone, or goes into other files.
            if (write is not PendingAppend append)
            {
                if (taken > 0) break;
                if (write is PendingDeletion deletion) CollectDeletion(deletion);
                if (write is PendingForgetting forgetting) CollectForgetting(forgetting);
                return 1;
            }

            if (!CollectAppend(append, group)) break;
            taken++;
            if (buffer.Length >= GroupBytes || failure is not null) break;
        }

        return taken;
    }

    /// <returns>False if the append has to wait for the next group.</returns>
    private bool CollectAppend(PendingAppend write, GroupIndex group)
    {
        var decision = write.Decide(group);
        if (decision is not AppendDecision.Fresh { Batch: var placed })
        {
            AddDecided(write, decision);
            return true;
        }

        var batch = placed.Value;
        var start = buffer.Length;
        long size, next;
        int[] offsets;
        while (true)
        {
            var room = store.Room - start;
            (size, offsets, next) = Format.FrameBatch.tryWrite(store.Context, number, batch, write.Dropped, room, buffer);
            if (size <= room) break;
            if (start > 0) return false;
            if (MakeRoom(size, group.Head) is not { } refusal) continue;
            answers.Add((write, refusal, true));
            return true;
        }

        for (var item = 0; item < batch.Count; item++) offsets[item] += (int)store.NextOffset;
        number = next;
        group.Add(placed);
        head = batch.Head;
        entries += batch.Count;
        var stored = new Format.StoredBatch(batch, offsets, write.Dropped);
        Collect(Format.SegmentContent.NewBatch(stored), start);
        answers.Add((write, new AppendResult.Appended(placed.Receipt), false));
        return true;
    }

    private void AddDecided(PendingWrite write, AppendDecision decision)
    {
        // The first receipt of a key is certain if it was there before this group.
        answers.Add(decision switch
        {
            AppendDecision.Repeated { Receipt: var receipt } =>
                (write, new AppendResult.Appended(receipt) { IsRepeated = true }, receipt.Head.Position <= index.Head.Position),
            AppendDecision.Refused { Failure: var failure } => (write, new AppendResult.NotAppended(failure), true),
            _ => throw new ArgumentException("The batch is to be written.", nameof(decision)),
        });
    }

    private void CollectDeletion(PendingDeletion deletion)
    {
        var version = AppendRule.DeletedTo(deletion.Stream, deletion.Version, index.HighestVersion(deletion.Stream));
        if (version <= index.Floor(deletion.Stream))
        {
            answers.Add((deletion, null, true));
            return;
        }

        if (!HasRoom(deletion, Format.FrameBatch.deleteSize(deletion.Stream))) return;
        Format.FrameBatch.writeDelete(store.Context, number++, index.Head.Position, deletion.Stream, version, buffer);
        Collect(Format.SegmentContent.NewDeletion(deletion.Stream, version), 0);
        answers.Add((deletion, null, false));
    }

    private void CollectForgetting(PendingForgetting forgetting)
    {
        if (forgetting.Before <= index.KeysBefore)
        {
            answers.Add((forgetting, null, true));
            return;
        }

        if (!HasRoom(forgetting, Format.FrameBatch.forgetKeysSize)) return;
        Format.FrameBatch.writeForgetKeys(store.Context, number++, index.Head.Position, forgetting.Before, buffer);
        Collect(Format.SegmentContent.NewKeysForgotten(forgetting.Before), 0);
        answers.Add((forgetting, null, false));
    }

    /// <summary>Whether a frame that is alone in its group has room, if need be in the next segment; if not, it is answered.</summary>
    private bool HasRoom(PendingWrite write, long size)
    {
        if (store.Fits(size) || MakeRoom(size, index.Head) is not { } refusal) return true;
        answers.Add((write, refusal, true));
        return false;
    }

    /// <summary>Notes what lies in the buffer from an offset to its end.</summary>
    private void Collect(Format.SegmentContent content, int start) =>
        items.Add(new Format.SegmentItem(content, (int)store.NextOffset + start, (int)store.NextOffset + buffer.Length, number - 1));

    /// <summary>Goes on in a new segment: nothing of the group has been written, so a refusal is certain.</summary>
    private AppendResult? MakeRoom(long size, Head head)
    {
        try
        {
            store.Rotate(size, head);
            if (store.Sealed is var (segment, trailer)) index.Seal(segment, trailer);
            return null;
        }
        catch (NoRoomException exception)
        {
            return new AppendResult.NotAppended(new AppendFailure.NoRoom(exception.InnerException!.Message));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlaceLostException)
        {
            Poison(exception);
            return exception is PlaceLostException ? Lost(exception) : Unavailable("the next segment could not be begun", exception);
        }
    }

    private void WriteAndFlush()
    {
        if (buffer.Length > 0) Write();
        // After the flush and before the answers, also of repeated keys: whoever is answered finds it where the journal is opened.
        store.RequireHeld();
        if (buffer.Length == 0) return;
        foreach (var item in items) index.Take(item.Content, store.Active, item.LastFrame);
        published(index.Head.Position);
        if (entries > 0) observer?.Committed(items.Count, entries);
    }

    private void Write()
    {
        using var flush = observer is null ? default : observer.Flushing();
        store.Append(buffer.Written, items[^1].LastFrame, head);
        // What is deleted may go at once, so that in every mode a deletion is flushed before it is answered.
        if (!items[^1].Content.IsBatch) store.Flush(head);
        flush.Done();
    }

    /// <summary>Nothing more is written; for a <see cref="PendingChange"/> too.</summary>
    public void Poison(Exception exception)
    {
        if (failure is not null) return;
        failure = exception;
        observer?.Poisoned(exception);
    }
}
