// What a decision answers: events with messages, or a refusal as a value. Shaped like NodaTime's ParseResult.
// Returned by Decide functions; read by runs and by tests of deciders.
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>Events, or a refusal. Made from a collection expression of events, from one event, or from an error:
/// <c>[new Placed(sku)]</c>, <c>[]</c>, <c>new Placed(sku)</c>, <c>OrderError.AlreadyPlaced</c>.</summary>
/// <typeparam name="TEvent">The event. For an interface write the collection expression: C# converts no interface
/// implicitly.</typeparam>
/// <typeparam name="TError">The refusal. For an interface call <see cref="Decision.Refuse{TEvent, TError}"/>. If it is the same type as
/// the events, C# cannot tell the two conversions apart (error CS0457): write the collection expression for events, or
/// <see cref="Decision.Accept{TEvent, TError}(TEvent)"/>, and <see cref="Decision.Refuse{TEvent, TError}"/> for a refusal.</typeparam>
/// <remarks>Opaque: made as above or by <see cref="Decision"/>, read through its members, so that later versions can add to a decision.
/// The default value is accepted without events: nothing happens.</remarks>
[CollectionBuilder(typeof(Decision), nameof(Decision.Accept))]
public readonly struct Decision<TEvent, TError>
{
    private readonly DecisionContent<TEvent, TError>? content;

    internal Decision(DecisionContent<TEvent, TError> content) => this.content = content;

    /// <summary>Whether it is a refusal.</summary>
    public bool IsRefused => content is { IsRefused: true };

    /// <summary>Whether it is no refusal.</summary>
    public bool IsAccepted => !IsRefused;

    /// <summary>The events, in order; none where refused.</summary>
    public IReadOnlyList<TEvent> Events => content?.Events ?? [];

    /// <summary>The same, not to be changed.</summary>
    internal TEvent[] EventArray => content?.Events ?? [];

    /// <summary>The messages that are sent with the events, in order; none where refused.</summary>
    public IReadOnlyList<OutgoingMessage> Messages => content?.Messages ?? [];

    /// <summary>Why it is refused.</summary>
    /// <exception cref="InvalidOperationException">It is accepted.</exception>
    public TError Error => content is { IsRefused: true } refused
        ? refused.Error!
        : throw new InvalidOperationException("The decision is no refusal.");

    /// <summary>Why it is refused, if it is.</summary>
    /// <param name="error">The refusal.</param>
    /// <returns>Whether it is one.</returns>
    public bool TryGetError([MaybeNullWhen(false)] out TError error)
    {
        error = content is null ? default : content.Error;
        return IsRefused;
    }

    /// <summary>The decision with one more message, behind those before. It is recorded with the events, or with none, in one batch:
    /// <c>Decision.Accept&lt;OrderEvent, OrderError>([new Placed(sku)]).Send(payments, new Charge(total))</c>. A refusal stays as it is: it
    /// sends nothing.</summary>
    /// <typeparam name="TMessage">The messages of the outbox.</typeparam>
    /// <param name="outbox">Where it waits until it is delivered.</param>
    /// <param name="message">The message.</param>
    /// <param name="recipient">Whom it is for, 1 to 512 UTF-8 bytes without control characters; null where the outbox says it all.</param>
    /// <param name="deliverAfter">The time before which it is not delivered, recorded in UTC. It is an absolute time: for a delay write
    /// <c>step.Now.AddHours(1)</c>. Null: at once.</param>
    /// <param name="causedBy">The event that caused it, by its place among the decision's events, from 0; null to name none.</param>
    /// <returns>The decision with the message.</returns>
    /// <exception cref="ArgumentException">The recipient breaks a rule.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The decision has no such event.</exception>
    public Decision<TEvent, TError> Send<TMessage>(
        Outbox<TMessage> outbox,
        TMessage message,
        string? recipient = null,
        DateTimeOffset? deliverAfter = null,
        int? causedBy = null)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        if (IsRefused) return this;
        if (causedBy is { } place && (place < 0 || place >= Events.Count))
        {
            throw new ArgumentOutOfRangeException(
                nameof(causedBy), $"The decision has no event at place {place.ToString(CultureInfo.InvariantCulture)}");
        }

        return With(
            (content?.Messages ?? []).Add(Interop.DeliveryTranslation.Message(outbox, message, recipient, deliverAfter, causedBy)));
    }

    /// <summary>The same events with these messages.</summary>
    internal Decision<TEvent, TError> With(ImmutableList<OutgoingMessage> messages) => new(new DecisionContent<TEvent, TError>
    {
        IsRefused = false,
        Events = content?.Events ?? [],
        Messages = messages,
    });

    /// <summary>The events, as for <c>foreach</c>.</summary>
    /// <returns>An enumerator over <see cref="Events"/>.</returns>
    public IEnumerator<TEvent> GetEnumerator() => Events.GetEnumerator();

    /// <summary>A refusal.</summary>
    /// <param name="error">Why.</param>
    public static implicit operator Decision<TEvent, TError>(TError error) => Decision.Refuse<TEvent, TError>(error);

    /// <summary>One event.</summary>
    /// <param name="happened">What happens.</param>
    public static implicit operator Decision<TEvent, TError>(TEvent happened) => Decision.Accept<TEvent, TError>([happened]);

    /// <summary>"refused: ERROR", or "accepted: EVENT, EVENT" and whereto messages are sent.</summary>
    /// <returns>The words.</returns>
    public override string ToString()
    {
        var decision = this;
        return Interop.InvariantText.Of(() => decision.IsRefused
            ? $"refused: {decision.Error}"
            : "accepted: " + (decision.Events.Count == 0 ? "nothing" : string.Join(", ", decision.Events))
                + string.Concat(decision.Messages.Select(message => "; sent " + message)));
    }
}

/// <summary>What a decision says. Immutable.</summary>
internal sealed class DecisionContent<TEvent, TError>
{
    public required bool IsRefused { get; init; }

    public TEvent[] Events { get; init; } = [];

    // So that a decision of many messages is not copied with each.
    public ImmutableList<OutgoingMessage> Messages { get; init; } = [];

    public TError? Error { get; init; }
}

/// <summary>Making decisions in words.</summary>
public static class Decision
{
    /// <summary>Events; none: nothing happens. Collection expressions call this.</summary>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="events">The events, in order.</param>
    /// <returns>The decision.</returns>
    public static Decision<TEvent, TError> Accept<TEvent, TError>(ReadOnlySpan<TEvent> events) =>
        new(new DecisionContent<TEvent, TError> { IsRefused = false, Events = events.ToArray() });

    /// <summary>One event: <c>Decision.Accept&lt;string, string&gt;("placed")</c>.</summary>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="happened">What happens.</param>
    /// <returns>The decision.</returns>
    public static Decision<TEvent, TError> Accept<TEvent, TError>(TEvent happened) =>
        new(new DecisionContent<TEvent, TError> { IsRefused = false, Events = [happened] });

    /// <summary>Events; none: nothing happens.</summary>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="events">The events, in order; enumerated once, here.</param>
    /// <returns>The decision.</returns>
    public static Decision<TEvent, TError> Accept<TEvent, TError>(IEnumerable<TEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        return new Decision<TEvent, TError>(new DecisionContent<TEvent, TError> { IsRefused = false, Events = [.. events] });
    }

    /// <summary>A refusal.</summary>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="error">Why.</param>
    /// <returns>The decision.</returns>
    public static Decision<TEvent, TError> Refuse<TEvent, TError>(TError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new Decision<TEvent, TError>(new DecisionContent<TEvent, TError> { IsRefused = true, Error = error });
    }
}
