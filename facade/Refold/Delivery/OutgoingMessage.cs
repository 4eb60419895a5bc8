// A message that a decision sends. The core's OutgoingMessage, mirrored.
// Made by Decision.Send; read by tests of deciders.
using Refold.Interop;

namespace Refold;

/// <summary>A message that a decision sends, before it has a number. Immutable.</summary>
public sealed class OutgoingMessage
{
    internal OutgoingMessage(Core.OutgoingMessage value) => Value = value;

    internal Core.OutgoingMessage Value { get; }

    /// <summary>The name of the outbox.</summary>
    public string Outbox => Value.Outbox;

    /// <summary>The message.</summary>
    public object? Message => Value.Value;

    /// <summary>Whom it is for; null where the outbox says it all.</summary>
    public string? Recipient => Value.Recipient.ToReference();

    /// <summary>The time before which it is not delivered, UTC; null: at once.</summary>
    public DateTimeOffset? DeliverAfter => Value.DeliverAfter.ToNullable();

    /// <summary>The place of the event that caused it among the events of its decision, from 0; null where none is named.</summary>
    public int? CausedBy => Value.Event.ToNullable();

    /// <summary>The outbox and the recipient; what is sent may be a secret.</summary>
    /// <returns>The words.</returns>
    public override string ToString() => Value.ToString();
}
