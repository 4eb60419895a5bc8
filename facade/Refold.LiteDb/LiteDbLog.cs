// The commit: decide everything, one transaction, two flushes inside it, publish, answer. What LiteDB throws is never
// trusted: it is reopened, and the number of the last commit tells what became of the transaction. Called by
// LiteDbWriter, one group at a time, on its thread.
using LiteDB.Engine;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>The writing end of an open journal. Used by one thread.</summary>
/// <param name="database">The database.</param>
/// <param name="state">What is committed.</param>
/// <param name="reader">Looks up what a deletion needs.</param>
/// <param name="documents">Makes the documents of entries.</param>
/// <param name="published">Told each new head position, once it can be read.</param>
/// <param name="observer">Told what was committed and what failed.</param>
internal sealed class LiteDbLog(
    Database database, JournalState state, Reader reader, EntryBlocks documents, Action<long> published, JournalObserver observer)
{
    // A group is closed when it has this many bytes, so that its first append does not wait for ever.
    private const long GroupBytes = 4 * 1024 * 1024;

    private readonly LiteDbIndex index = new(database, state, reader, new WriterVersions());
    private readonly List<(PendingWrite Write, AppendResult? Answer, bool IsCertain)> answers = [];
    private Exception? failure;

    /// <summary>The answer of a journal that takes no writes.</summary>
    public static AppendResult Unavailable(string reason, Exception? cause) =>
        new AppendResult.NotAppended(new AppendFailure.Unavailable(reason, cause));

    /// <summary>Commits the first writes of a list, as many as go into one transaction, and answers them.</summary>
    /// <returns>How many were answered; at least one.</returns>
    public int Commit(List<PendingWrite> waiting)
    {
        var taken = 0;
        if (failure is null)
        {
            try
            {
                database.RequirePlace();
                var group = new TransactionGroup(state.View, documents);
                taken = Collect(waiting, group);
                if (group.IsEmpty) database.RequirePlace();
                else Write(group);
            }
            catch (PlaceLostException exception)
            {
                LosePlace(exception);
            }
#pragma warning disable CA1031 // Whatever was thrown: each caller is answered, and nothing is guessed.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Poison(exception);
                AnswerUncertain(new AppendResult.OutcomeUnknown(exception));
            }
        }

        foreach (var (write, answer, _) in answers) write.Answer(answer);
        answers.Clear();
        if (failure is not null)
        {
            for (; taken < waiting.Count; taken++)
                waiting[taken].Answer(Unavailable(
                    failure is PlaceLostException ? failure.Message : "an earlier write failed", failure));
        }

        return taken;
    }

    /// <summary>Carries what is in the log over into the data file when it has grown; between groups, after their answers.</summary>
    public void Tidy()
    {
        if (failure is not null) return;
        try
        {
            database.RequirePlace();
            if (state.View.Recent.IsFull) WritePlaces();
            if (failure is null && database.CheckpointIfDue()) database.WriteMark(state.View.Progress, flush: true);
        }
        catch (Exception exception) when (exception is PlaceLostException or JournalCorruptedException)
        {
            // Nothing is built upon a damage.
            Poison(exception);
        }
#pragma warning disable CA1031 // LiteDB may throw anything; what was committed is in the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Recover(exception);
        }
    }

    /// <summary>Leaves everything in the data file, if nothing is in doubt.</summary>
    public void Close()
    {
        if (failure is not null) return;
        try
        {
            if (!state.View.Recent.IsEmpty) WritePlaces();
            if (failure is not null) return;
            database.Checkpoint();
            database.WriteMark(state.View.Progress, flush: true);
        }
#pragma warning disable CA1031 // Then it is as after a process that was killed: everything acknowledged is in the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Poison(exception);
        }
    }

    private int Collect(List<PendingWrite> waiting, TransactionGroup group)
    {
        var overlay = new GroupIndex(index);
        var taken = 0;
        foreach (var write in waiting)
        {
            if (write is PendingDeletion deletion)
            {
                // Alone in its group: what comes after it is decided with the entries gone.
                if (taken > 0) break;
                CollectDeletion(deletion, group);
                return 1;
            }

            if (write is PendingVisit visit)
            {
                // Alone too: it is to see everything answered before it.
                if (taken > 0) break;
                if (visit.Run(database) is { } failed) Recover(failed);
                answers.Add((write, null, true));
                return 1;
            }

            switch (((PendingAppend)write).Decide(overlay))
            {
                case AppendDecision.Fresh { Batch: var batch }:
                    group.Add(batch, overlay.HighestVersion);
                    overlay.Add(batch);
                    answers.Add((write, new AppendResult.Appended(batch.Receipt), false));
                    break;
                case AppendDecision.Repeated { Receipt: var receipt }:
                    // The first receipt of a key is certain if it was there before this group.
                    answers.Add((
                        write, new AppendResult.Appended(receipt) { IsRepeated = true }, receipt.Head.Position <= index.Head.Position));
                    break;
                case AppendDecision.Refused { Failure: var failure }:
                    answers.Add((write, new AppendResult.NotAppended(failure), true));
                    break;
            }

            taken++;
            if (group.Bytes >= GroupBytes) break;
        }

        return taken;
    }

    private void CollectDeletion(PendingDeletion deletion, TransactionGroup group)
    {
        var version = AppendRule.DeletedTo(deletion.Stream, deletion.Version, index.HighestVersion(deletion.Stream));
        if (version > state.View.FloorOf(deletion.Stream))
            group.Delete(deletion.Stream, new Floor(version, reader.LastPosition(state.View, deletion.Stream, version)));
        answers.Add((deletion, null, group.IsEmpty));
    }

    private void Write(TransactionGroup group)
    {
        if (!IsCommitted(group.WriteTo, group.Commit, out var cause))
        {
            AnswerUncertain(failure is null ? NotWritten(cause!) : new AppendResult.OutcomeUnknown(cause!));
            return;
        }

        // Behind the flush and before the answer: who lost the place acknowledges nothing more.
        database.RequirePlace();
        var change = group.Change;
        state.Publish(change);
        index.Committed(change);
        published(change.Progress.Head.Position);
        if (group.Entries > 0) observer.Committed(group.Batches, group.Entries);
        MarkCommitted();
    }

    /// <summary>Lets documents say where the newest entries lie. Where that fails nothing is lost: the entries say it.</summary>
    private void WritePlaces()
    {
        // Should it fail, not each group is to try again.
        state.View.Recent.Defer();
        var change = new PlaceChange(database, state.View);
        try
        {
            if (!IsCommitted(change.WriteTo, change.Progress.Commit, out var cause))
            {
                // Nothing is built upon a damage.
                if (cause is JournalCorruptedException && failure is null) Poison(cause);
                return;
            }

            database.RequirePlace();
            state.Publish(change);
            MarkCommitted();
        }
#pragma warning disable CA1031 // It may be committed: to go on from the state before would take it back.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Poison(exception);
        }
    }

    /// <summary>Writes a transaction and finds out what became of it.</summary>
    private bool IsCommitted(Action<LiteEngine> change, long commit, out Exception? cause)
    {
        try
        {
            using var flush = observer.Flushing();
            database.Write(change);
            flush.Done();
            cause = null;
            return true;
        }
#pragma warning disable CA1031 // LiteDB may throw anything, also after the transaction was confirmed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            cause = exception;
            return Recover(exception) && database.ReadProgress().Commit == commit;
        }
    }

    /// <summary>Begins anew with what is committed; where that is in doubt, or fails, nothing is written any more.</summary>
    private bool Recover(Exception exception)
    {
        index.BeginAnew();
        try
        {
            if (!database.IsInDoubt)
            {
                database.Reopen();
                return true;
            }
        }
#pragma warning disable CA1031 // Then only opening the journal again helps.
        catch (Exception second)
#pragma warning restore CA1031
        {
            exception = new AggregateException(exception, second);
        }

        Poison(exception);
        return false;
    }

    private void MarkCommitted()
    {
        try
        {
            database.WriteMark(state.View.Progress, flush: false);
        }
        catch (IOException exception)
        {
            // The transaction is durable. A mark that stays behind would hide a later loss.
            Poison(exception);
        }
    }

    // Certain: LiteDB began anew, and the transaction is not there.
    private static AppendResult NotWritten(Exception exception) => exception is IOException
        ? new AppendResult.NotAppended(new AppendFailure.NoRoom(exception.Message))
        : Unavailable("LiteDB refused the transaction: " + exception.Message, exception);

    private void AnswerUncertain(AppendResult answer)
    {
        for (var item = 0; item < answers.Count; item++)
        {
            if (!answers[item].IsCertain) answers[item] = answers[item] with { Answer = answer };
        }
    }

    /// <summary>What would have been acknowledged is not: nobody finds it where the journal was.</summary>
    private void LosePlace(PlaceLostException exception)
    {
        Poison(exception);
        for (var item = 0; item < answers.Count; item++)
        {
            if (answers[item].Answer is null or AppendResult.Appended)
                answers[item] = answers[item] with { Answer = new AppendResult.OutcomeUnknown(exception) };
        }
    }

    private void Poison(Exception exception)
    {
        if (failure is not null) return;
        failure = exception;
        observer.Poisoned(exception);
    }
}
