// Between decisions with messages, outboxes and message entries, and the core's.
// Used by Outbox, Decision, runs and the dispatcher.
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>What a message entry says.</summary>
/// <param name="Ordinal">Its place among the messages of its command, from 1.</param>
/// <param name="Recipient">Whom it is for.</param>
/// <param name="DeliverAfter">The time before which it is not delivered.</param>
/// <param name="EventId">The id of the event that caused it.</param>
/// <param name="Payload">The bytes of its codec.</param>
internal sealed record MessageParts(int Ordinal, string? Recipient, DateTimeOffset? DeliverAfter, Guid? EventId, Encoded Payload);

internal static class DeliveryTranslation
{
    /// <summary>What the streams of outboxes begin with.</summary>
    public static string StreamPrefix => Core.Outbox.prefix;

    /// <summary>What the streams of facts about messages begin with.</summary>
    public static string LogPrefix => "$outbox-log/";

    public static Core.Outbox<T> Outbox<T>(string name, Codec<T> codec) => Core.Outbox.create(name, codec.Value);

    public static bool IsOutbox(StreamId stream) => Core.Outbox.isOne(stream);

    /// <summary>Whether the stream is an outbox's: its messages, or the facts about them.</summary>
    public static bool IsOfOutbox(StreamId stream) =>
        IsOutbox(stream) || stream.Value.StartsWith(LogPrefix, StringComparison.Ordinal);

    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    public static void CheckName(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        Core.Text.validate("outbox", Core.Outbox.nameBytes, name).ValueOrThrow(parameter);
    }

    /// <exception cref="ArgumentException">The recipient breaks a rule.</exception>
    public static OutgoingMessage Message<T>(
        Outbox<T> outbox, T message, string? recipient, DateTimeOffset? deliverAfter, int? causedBy)
    {
        if (recipient is not null)
            Core.Text.validate("recipient", Core.Outbox.recipientBytes, recipient).ValueOrThrow(nameof(recipient));
        Core.IMessageSource<T> source = outbox.Value;
        return new OutgoingMessage(new Core.OutgoingMessage(
            outbox.Name,
            message,
            recipient.ToOption(),
            (deliverAfter?.ToUniversalTime()).ToOption(),
            causedBy.ToOption(),
            source.Form(message)));
    }

    public static Core.Decision<TEvent, TError> ToCore<TEvent, TError>(this Decision<TEvent, TError> decision)
    {
        if (decision.TryGetError(out var error)) return Core.Decision.refuse<TError, TEvent>(error);
        var accepted = Core.Decision.accept<TEvent, TError>(decision.Events.ToFSharpList());
        return decision.Messages.Count == 0
            ? accepted
            : Core.Decision.withMessages(decision.Messages.Select(message => message.Value).ToFSharpList(), accepted);
    }

    /// <summary>The parts of a decision; no array is copied.</summary>
    public static Core.DecidedParts<TEvent, TError> ToParts<TEvent, TError>(this Decision<TEvent, TError> decision) =>
        decision.TryGetError(out var error)
            ? new Core.DecidedParts<TEvent, TError>(true, [], error, FSharpList<Core.OutgoingMessage>.Empty)
            : new Core.DecidedParts<TEvent, TError>(
                false, decision.EventArray, default!, decision.Messages.Count == 0
                    ? FSharpList<Core.OutgoingMessage>.Empty
                    : decision.Messages.Select(message => message.Value).ToFSharpList());

    public static Decision<TEvent, TError> ToDecision<TEvent, TError>(this Core.Decision<TEvent, TError> decision) =>
        decision.Outcome.ToDecision(decision.Messages);

    public static Decision<TEvent, TError> ToDecision<TEvent, TError>(
        this FSharpResult<FSharpList<TEvent>, TError> outcome, FSharpList<Core.OutgoingMessage> messages) =>
        outcome.IsError ? Decision.Refuse<TEvent, TError>(outcome.ErrorValue)
        : Accepted<TEvent, TError>(ListModule.ToArray(outcome.ResultValue), messages);

    /// <summary>Events and messages. The array is the decision's.</summary>
    public static Decision<TEvent, TError> Accepted<TEvent, TError>(TEvent[] events, FSharpList<Core.OutgoingMessage> messages)
    {
        var accepted = new Decision<TEvent, TError>(new DecisionContent<TEvent, TError> { IsRefused = false, Events = events });
        return messages.IsEmpty ? accepted : accepted.With([.. messages.Select(message => new OutgoingMessage(message))]);
    }

    /// <summary>What a message entry says; null, with the reason, where it is none.</summary>
    public static MessageParts? TryRead(JournalEntry entry, out string reason)
    {
        reason = entry.Role == EntryRole.Message ? "" : "it has another role";
        if (reason.Length > 0) return null;
        var read = Core.MessageContentModule.tryRead(entry.Value.Data.Payload);
        if (read.IsError)
        {
            reason = read.ErrorValue.ToString();
            return null;
        }

        var content = read.ResultValue;
        return new MessageParts(
            content.Ordinal,
            content.Recipient.ToReference(),
            content.DeliverAfter.ToNullable(),
            content.Event.ToNullable(),
            new Encoded(entry.Type, entry.SchemaVersion, content.Data.Memory));
    }

    /// <summary>The payload of a message that is the <paramref name="ordinal"/>th of its command.</summary>
    public static ReadOnlyMemory<byte> Envelope(
        int ordinal, string? recipient, DateTimeOffset? deliverAfter, Guid? eventId, ReadOnlyMemory<byte> payload) =>
        Core.MessageContentModule.write(new Core.MessageContent(
            ordinal, recipient.ToOption(), deliverAfter.ToOption(), eventId.ToOption(), Core.Bytes.Wrap(payload))).Memory;

    /// <summary>Whether an entry matches a query.</summary>
    public static bool Matches(Query query, JournalEntry entry) => Core.QueryModule.matches(entry.Value.Data, query.Value);

    /// <summary>The hash over what a consumer consumes.</summary>
    public static string RegionOf(string journal, Query query) => Core.HashModule.ofParts(
        "refold.consumer-region",
        FuncConvert.FromAction<Core.ByteWriter>(writer =>
        {
            writer.Text(journal);
            writer.Int32(query.Items.Count);
            foreach (var item in query.Items)
            {
                Write(writer, item.Types);
                Write(writer, item.Tags);
            }
        })).ToString();

    private static void Write(Core.ByteWriter writer, IReadOnlyList<string> texts)
    {
        writer.Int32(texts.Count);
        foreach (var text in texts) writer.Text(text);
    }
}
