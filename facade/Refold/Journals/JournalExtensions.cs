// The throwing twins of IJournal's Try methods, and the short forms of an append.
// Called by applications.
using Refold.Interop;

namespace Refold;

/// <summary>Members of every journal beside <see cref="IJournal"/>.</summary>
public static class JournalExtensions
{
    /// <summary>Appends an atomic batch, or throws.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="request">The batch with what it expects.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>The receipt, once the batch is durable.</returns>
    /// <exception cref="ConcurrencyException">A stream does not have the expected version. Nothing was appended.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended, for another reason.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the batch was written.</exception>
    public static ValueTask<Receipt> AppendAsync(
        this IJournal journal, AppendRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(request);
        return Boundary.Of(ReceiptAsync(journal, request, cancellationToken));
    }

    /// <summary>Appends entries of one stream, or throws.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream; every entry is one of it.</param>
    /// <param name="expected">The version it must have.</param>
    /// <param name="entries">The entries, in order.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>The receipt, once the batch is durable.</returns>
    /// <exception cref="ArgumentException">An entry is one of another stream.</exception>
    /// <exception cref="ConcurrencyException">The stream does not have the expected version. Nothing was appended.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended, for another reason.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the batch was written.</exception>
    public static ValueTask<Receipt> AppendAsync(
        this IJournal journal, StreamId stream, ExpectedVersion expected, IReadOnlyList<EntryData> entries,
        CancellationToken cancellationToken = default) =>
        journal.AppendAsync(RequestOf(stream, expected, entries), cancellationToken);

    /// <summary>Appends entries of one stream; the twin of
    /// <see cref="AppendAsync(IJournal, StreamId, ExpectedVersion, IReadOnlyList{EntryData}, CancellationToken)"/>
    /// that does not throw.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream; every entry is one of it.</param>
    /// <param name="expected">The version it must have.</param>
    /// <param name="entries">The entries, in order.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>How the append ended.</returns>
    /// <exception cref="ArgumentException">An entry is one of another stream.</exception>
    public static ValueTask<AppendResult> TryAppendAsync(
        this IJournal journal, StreamId stream, ExpectedVersion expected, IReadOnlyList<EntryData> entries,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return journal.TryAppendAsync(RequestOf(stream, expected, entries), cancellationToken);
    }

    /// <summary>Encodes and appends an atomic batch.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="request">The batch with what it expects.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>How the append ended: <see cref="AppendFailure.Invalid"/> where an entry, the key or the batch breaks a rule.</returns>
    public static ValueTask<AppendResult> TryAppendAsync(
        this IJournal journal, AppendRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(request);
        return AppendAsync(journal, request, isAwaitedInside: false, cancellationToken);
    }

    /// <summary>Where the entries with an id are; see <see cref="ILocalJournal.FindById"/>. A journal that is not local is read
    /// whole.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="id">The id, as <see cref="JournalEntry.Id"/> has it.</param>
    /// <param name="cancellationToken">Cancels the read; a local journal looks at it before it begins, and is asked in one go.</param>
    /// <returns>Their positions, ascending; none where no entry has the id.</returns>
    public static ValueTask<IReadOnlyList<long>> FindByIdAsync(
        this IJournal journal, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return journal is ILocalJournal local
            ? LocalReads.Answer(cancellationToken, () => local.FindById(id))
            : Boundary.Of(ReadPositionsAsync(journal, entry => entry.Id == id, cancellationToken));
    }

    /// <summary>Where the entries are that something brought about; see <see cref="ILocalJournal.CausedBy"/>. A journal that is not local
    /// is read whole.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="id">The id of the cause.</param>
    /// <param name="cancellationToken">Cancels the read; a local journal looks at it before it begins, and is asked in one go.</param>
    /// <returns>Their positions, ascending; none where there is none.</returns>
    public static ValueTask<IReadOnlyList<long>> CausedByAsync(
        this IJournal journal, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return journal is ILocalJournal local
            ? LocalReads.Answer(cancellationToken, () => local.CausedBy(id))
            : Boundary.Of(ReadPositionsAsync(journal, entry => entry.CausationId == id, cancellationToken));
    }

    /// <summary>Encodes and appends, for code of the library that awaits the answer by <see cref="Boundary.Following"/>.</summary>
    internal static ValueTask<AppendResult> AppendInsideAsync(
        this IJournal journal, AppendRequest request, CancellationToken cancellationToken) =>
        AppendAsync(journal, request, isAwaitedInside: true, cancellationToken);

    private static async ValueTask<IReadOnlyList<long>> ReadPositionsAsync(
        IJournal journal, Func<JournalEntry, bool> isMeant, CancellationToken cancellationToken)
    {
        var positions = new List<long>();
        await foreach (var entry in journal.ReadAllAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
            if (isMeant(entry)) positions.Add(entry.Position);
        return positions;
    }

    private static ValueTask<AppendResult> AppendAsync(
        IJournal journal, AppendRequest request, bool isAwaitedInside, CancellationToken cancellationToken)
    {
        if (request.IsGated)
        {
            var gated = GatedAppend.AppendAsync(journal, request, cancellationToken);
            return isAwaitedInside ? gated : Boundary.Of(gated);
        }

        // A journal of the library that tells nobody of the batch gives back what it is made of.
        var (batch, failure) = request.Encoded(isLent: journal is LocalJournal { GivesBatchesBack: true });
        if (batch is not null)
        {
            batch.AllowSynchronousContinuations = isAwaitedInside && journal is LocalJournal { AnswersOnItsThread: true };
            return journal.TryAppendAsync(batch, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        var refused = new AppendResult.NotAppended(failure!);
        JournalObserver.Of(journal)?.Refused(refused);
        return new ValueTask<AppendResult>(refused);
    }

    /// <summary>Restores one batch where it was in another journal, or throws; as used by import and copy.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="batch">The entries of one batch, in position order.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>The receipt, once the batch is durable.</returns>
    /// <exception cref="ConcurrencyException">The versions do not continue a stream.</exception>
    /// <exception cref="NotAppendedException">The places do not fit behind the head, or another reason.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the batch was written.</exception>
    public static async ValueTask<Receipt> RestoreAsync(
        this IJournal journal, IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        return (await journal.TryRestoreAsync(batch, cancellationToken).ConfigureAwait(false)).ReceiptOrThrow();
    }

    /// <summary>The receipt, or the exception that says why there is none.</summary>
    /// <param name="result">How an append ended.</param>
    /// <returns>The receipt.</returns>
    /// <exception cref="ConcurrencyException">A stream did not have the expected version.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended, for another reason.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the batch was written.</exception>
    public static Receipt ReceiptOrThrow(this AppendResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result switch
        {
            AppendResult.Appended appended => appended.Receipt,
            AppendResult.NotAppended refused => throw refused.Failure.ToException(),
            AppendResult.OutcomeUnknown unknown => throw new OutcomeUnknownException(unknown.Cause),
            _ => throw new ArgumentException("No such result.", nameof(result)),
        };
    }

    private static async ValueTask<Receipt> ReceiptAsync(IJournal journal, AppendRequest request, CancellationToken cancellationToken)
    {
        var appending = AppendAsync(journal, request, isAwaitedInside: true, cancellationToken).AsTask();
        await Boundary.Following(appending);
        return (await appending.ConfigureAwait(false)).ReceiptOrThrow();
    }

    private static AppendRequest RequestOf(StreamId stream, ExpectedVersion expected, IReadOnlyList<EntryData> entries)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(entries);
        if (entries.FirstOrDefault(entry => entry.Stream != stream) is { } stray)
            throw new ArgumentException($"An entry belongs to '{stray.Stream}', not to '{stream}'.", nameof(entries));
        return new AppendRequest(entries) { Expected = new Dictionary<StreamId, ExpectedVersion> { [stream] = expected } };
    }
}
