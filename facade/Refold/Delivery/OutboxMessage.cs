// A message as it is handed over, and what a round of handing over came to.
// Given to the function of a dispatcher; answered by DeliverDueAsync and by the extensions of journals.
namespace Refold;

/// <summary>A message as it is handed over. It may be handed over more than once: <see cref="Id"/> is the same each time.</summary>
/// <typeparam name="TMessage">The message.</typeparam>
/// <param name="Number">Its number in the outbox, from 1: given by the store, without gaps, never reused.</param>
/// <param name="Id">Its id, the same at every attempt and on every machine: what a receiver that has seen it knows it by.</param>
/// <param name="Message">The message.</param>
/// <param name="Recipient">Whom it is for; null where the outbox says it all.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
/// <param name="SentAt">The recorded time of the step that sent it, UTC.</param>
/// <param name="DeliverAfter">The time before which it was not to be delivered; null for none.</param>
/// <param name="CorrelationId">What belongs together.</param>
/// <param name="CommandId">The id of the command that sent it; null where it was imported without.</param>
/// <param name="EventId">The id of the event that the decision named as its cause; null for none.</param>
/// <param name="Run">The run that sent it.</param>
public sealed record OutboxMessage<TMessage>(
    long Number,
    Guid Id,
    TMessage Message,
    string? Recipient,
    int Attempt,
    DateTimeOffset? SentAt,
    DateTimeOffset? DeliverAfter,
    Guid CorrelationId,
    Guid? CommandId,
    Guid? EventId,
    RunId? Run)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(OutboxMessage<TMessage>), PrintMembers);
}

/// <summary>What one round of a dispatcher came to.</summary>
/// <param name="IsOwner">Whether the dispatcher has the outbox. False: another one has it, and nothing was handed over or appended since
/// that showed.</param>
/// <param name="Confirmed">How many messages were handed over and confirmed.</param>
/// <param name="Delivered">How many were handed over and wait for a confirmation.</param>
/// <param name="Failed">How many attempts failed, dead ones included.</param>
/// <param name="Dead">How many messages were given up.</param>
/// <param name="NextDue">When the next message is due; null where none waits.</param>
public sealed record DeliveryRound(bool IsOwner, int Confirmed, int Delivered, int Failed, int Dead, DateTimeOffset? NextDue)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(DeliveryRound), PrintMembers);
}

/// <summary>Where an outbox stands.</summary>
/// <param name="Sent">The highest number that was given; numbers are never reused.</param>
/// <param name="SettledTo">Up to this number every message is confirmed, or was deleted: the messages up to it may be deleted
/// (<see cref="IJournal.DeleteToAsync"/>).</param>
/// <param name="Unconfirmed">The messages that wait, dead letters not counted.</param>
/// <param name="DeadLetters">The numbers of messages that were given up.</param>
/// <param name="Dispatcher">The dispatcher that has the outbox; null for none.</param>
public sealed record OutboxStatus(
    long Sent, long SettledTo, IReadOnlyList<long> Unconfirmed, IReadOnlyList<long> DeadLetters, string? Dispatcher)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(() =>
        $"OutboxStatus {{ Sent = {Sent}, SettledTo = {SettledTo}, Unconfirmed = [{string.Join(", ", Unconfirmed)}], "
        + $"DeadLetters = [{string.Join(", ", DeadLetters)}], Dispatcher = {Dispatcher} }}");
}
