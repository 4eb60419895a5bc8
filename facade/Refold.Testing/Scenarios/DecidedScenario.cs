// What came of a scenario's command, compared with what a test names.
// Answered by Scenario.When; each comparison answers the scenario behind it, for the next command.
using System.Collections.Immutable;
using System.Text;
using Refold.Interop;

namespace Refold.Testing;

/// <summary>The outcome of a command. Immutable.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
public sealed class DecidedScenario<TState, TCommand, TEvent, TError>
{
    private readonly Scenario<TState, TCommand, TEvent, TError> before;
    private readonly ScenarioPlace place;
    private readonly ScenarioResult<TState, TEvent, TError> made;
    private readonly ImmutableList<Encoded> messages;

    internal DecidedScenario(
        Scenario<TState, TCommand, TEvent, TError> before,
        ScenarioPlace place,
        ScenarioResult<TState, TEvent, TError> made,
        ImmutableList<Encoded>? messages = null) =>
        (this.before, this.place, this.made, this.messages) = (before, place, made, messages ?? []);

    /// <summary>Events or a refusal, as their codecs read them back.</summary>
    public Decision<TEvent, TError> Decision => made.Decision;

    /// <summary>The state after the events; after a refusal the one before.</summary>
    public TState State => made.State;

    /// <summary>Random words of 32 bits that were drawn.</summary>
    public ulong DrawnWords => made.DrawnWords;

    /// <summary>Names the next message that is expected to be sent; <see cref="Then"/> compares all of them, in recorded bytes:
    /// <c>.When(new Place("sku", 1)).ThenSends(payments, new Charge(1)).Then(new Placed("sku", 1))</c>. A message that is not named fails
    /// there too.</summary>
    /// <typeparam name="TMessage">The messages of the outbox.</typeparam>
    /// <param name="outbox">The outbox.</param>
    /// <param name="message">The message.</param>
    /// <param name="recipient">Whom it is for; null for nobody.</param>
    /// <param name="deliverAfter">The time before which it is not delivered; null: at once.</param>
    /// <param name="causedBy">The event that it names as its cause, by its place from 0; null for none.</param>
    /// <returns>The outcome with the expectation.</returns>
    /// <exception cref="ScenarioException">The message cannot be recorded.</exception>
    public DecidedScenario<TState, TCommand, TEvent, TError> ThenSends<TMessage>(
        Outbox<TMessage> outbox,
        TMessage message,
        string? recipient = null,
        DateTimeOffset? deliverAfter = null,
        int? causedBy = null)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        var encoded = ScenarioText.Encode("the expected message", outbox.Codec, message);
        Guid? cause = causedBy is { } index ? place.EventId(index) : null;
        var payload = DeliveryTranslation.Envelope(messages.Count + 1, recipient, deliverAfter, cause, encoded.Payload);
        var sent = new Encoded(ScenarioStep.SentType(encoded.Type, outbox.Name), encoded.SchemaVersion, payload);
        return new(before, place, made, messages.Add(sent));
    }

    /// <summary>Expects exactly these events, compared in recorded bytes; none: the command changes nothing. And exactly the messages that
    /// <see cref="ThenSends"/> named before; none: nothing is sent.</summary>
    /// <param name="expected">The events, in order.</param>
    /// <returns>The scenario with them, for the next command.</returns>
    /// <exception cref="ScenarioException">The outcome differs; the message names the first event and the field that
    /// differ.</exception>
    public Scenario<TState, TCommand, TEvent, TError> Then(params IEnumerable<TEvent> expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return Compare(new(
            false, [.. expected.Select(happened => ScenarioText.Encode("the expected event", before.Aggregate.Events, happened))]));
    }

    /// <summary>As <see cref="Then"/>, with events made of the step's own time, id and random numbers: the generator begins where the
    /// decision's began. <c>ThenFrom(step => [new Won(step.Random.Between(1, 100))])</c>.</summary>
    /// <param name="expected">Makes the events, in order.</param>
    /// <returns>The scenario with them, for the next command.</returns>
    /// <exception cref="ScenarioException">The outcome differs.</exception>
    public Scenario<TState, TCommand, TEvent, TError> ThenFrom(Func<Step, IEnumerable<TEvent>> expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return Then(expected(place.Step()));
    }

    /// <summary>It was refused, for this reason, compared in the bytes that would be recorded.</summary>
    /// <param name="error">The refusal.</param>
    /// <returns>The scenario as it was before the command.</returns>
    /// <exception cref="ScenarioException">It was accepted, or refused for another reason.</exception>
    public Scenario<TState, TCommand, TEvent, TError> ThenRefused(TError error) =>
        Compare(new(true, [ScenarioText.Encode("the expected refusal", before.Aggregate.Errors, error)]));

    private Scenario<TState, TCommand, TEvent, TError> Compare(EncodedOutcome events)
    {
        var expected = events with { Messages = messages };
        if (ScenarioDifference.Find(expected, made.Outcome) is not { } difference)
            return before.After(made.After, made.Decision.Events);
        var message = new StringBuilder()
            .Append(difference).Append('\n')
            .Append("when: ").Append(ScenarioDifference.Show(made.Command)).Append('\n')
            .Append(ScenarioText.Outcome("expected", expected, difference.Event)).Append('\n')
            .Append(ScenarioText.Outcome("actual", made.Outcome, difference.Event)).Append('\n')
            .Append(ScenarioText.Messages(expected, made.Outcome))
            .Append(before.Given());
        throw new ScenarioException(message.ToString(), difference);
    }
}
