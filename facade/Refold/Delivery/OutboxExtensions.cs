// Looking at an outbox and confirming its messages without a dispatcher: by a receiver in another place, or at a desk.
// Called by applications.
using Refold.Interop;

namespace Refold;

/// <summary>Looking at outboxes, confirming messages and handing dead letters over again, in any journal.</summary>
public static class OutboxExtensions
{
    /// <summary>Where an outbox stands now. Reads all of its messages and facts that are there; a dispatcher knows it without
    /// (<see cref="OutboxDispatcher{TMessage}.StatusAsync"/>).</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="outbox">The outbox's name.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The status. Where <see cref="OutboxStatus.Sent"/> is 0, nothing was sent through an outbox of this name yet, or the name is
    /// a mistake.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    public static async Task<OutboxStatus> OutboxStatusAsync(
        this IJournal journal, string outbox, CancellationToken cancellationToken = default)
    {
        var log = Open(journal, outbox);
        await log.RefreshAsync(cancellationToken).ConfigureAwait(false);
        return log.Status();
    }

    /// <summary>Confirms a message: no dispatcher hands it over again.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="outbox">The outbox's name.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>True once that is durable; false where there is no such message, or it was confirmed before: then nothing is
    /// appended.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    /// <exception cref="OutboxUnknownException">The journal has no such outbox.</exception>
    public static Task<bool> ConfirmMessageAsync(
        this IJournal journal, string outbox, long number, CancellationToken cancellationToken = default) =>
        SettleAsync(journal, outbox, number, OutboxFact.Confirmed, cancellationToken);

    /// <summary>Has a dead letter handed over again by the outbox's dispatcher, as if it had never been.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="outbox">The outbox's name.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>True once that is durable; false where it is no dead letter: then nothing is appended.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    /// <exception cref="OutboxUnknownException">The journal has no such outbox.</exception>
    public static Task<bool> RequeueMessageAsync(
        this IJournal journal, string outbox, long number, CancellationToken cancellationToken = default) =>
        SettleAsync(journal, outbox, number, OutboxFact.Requeued, cancellationToken);

    private static async Task<bool> SettleAsync(
        IJournal journal, string outbox, long number, string type, CancellationToken cancellationToken)
    {
        var log = Open(journal, outbox);
        var isKnown = await journal.HighestVersionAsync(log.Messages, cancellationToken).ConfigureAwait(false) > 0
            || await journal.HighestVersionAsync(log.Facts, cancellationToken).ConfigureAwait(false) > 0;
        if (!isKnown) throw new OutboxUnknownException(outbox);
        var clock = JournalObserver.Of(journal)?.TimeProvider ?? TimeProvider.System;
        return await log.SettleAsync(number, type, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
    }

    private static OutboxLog Open(IJournal journal, string outbox)
    {
        ArgumentNullException.ThrowIfNull(journal);
        DeliveryTranslation.CheckName(outbox, nameof(outbox));
        return new OutboxLog(journal, outbox);
    }
}
