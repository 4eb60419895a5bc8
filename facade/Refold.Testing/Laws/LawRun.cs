// One sequence of commands, decided one by one, with the law asked after each.
// Used by CommandSequences; laws are handed its steps.
namespace Refold.Testing;

/// <summary>A command, its decision, and everything before it.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
/// <param name="Before">The state that the command was decided on.</param>
/// <param name="Command">The command.</param>
/// <param name="Decision">The decision.</param>
/// <param name="State">The state after it.</param>
/// <param name="Events">Every event so far, this decision's included.</param>
/// <param name="Decisions">Every decision so far, this one included.</param>
public sealed record SequenceStep<TState, TCommand, TEvent, TError>(
    TState Before,
    TCommand Command,
    Decision<TEvent, TError> Decision,
    TState State,
    IReadOnlyList<TEvent> Events,
    IReadOnlyList<Decision<TEvent, TError>> Decisions)
{
    /// <summary>The command and the decision, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => FormattableString.Invariant($"{Command}: {Decision}");
}

/// <param name="Reason">What is broken, in a sentence.</param>
/// <param name="Lines">A line for each command up to it.</param>
/// <param name="State">The state behind them.</param>
/// <param name="Thrown">What the law or the aggregate's code threw.</param>
internal sealed record BrokenLaw(string Reason, IReadOnlyList<string> Lines, string State, Exception? Thrown);

internal static class LawRun
{
    /// <summary>The first command that the law does not hold after; null where it holds.</summary>
    public static BrokenLaw? Broken<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        TCommand[] commands,
        Func<SequenceStep<TState, TCommand, TEvent, TError>, bool> law)
    {
        var place = ScenarioPlace.Of(aggregate);
        var state = aggregate.Decider.NewInitial is { } make ? make() : aggregate.Decider.Initial;
        List<string> lines = [];
        List<TEvent> events = [];
        List<Decision<TEvent, TError>> decisions = [];
        foreach (var command in commands)
        {
            var before = state;
            ScenarioResult<TState, TEvent, TError> made;
            try
            {
                made = ScenarioStep.Make(aggregate, place, before, command, checksCodecs: false);
            }
            catch (StepFault fault)
            {
                return new(
                    fault.Message, [.. lines, ScenarioText.Command(aggregate, command)], Show(aggregate, before), fault.InnerException);
            }

            (state, place) = (made.State, made.After);
            lines.Add($"{ScenarioDifference.Show(made.Command)}: {Line(made.Outcome)}");
            events.AddRange(made.Decision.Events);
            decisions.Add(made.Decision);
            try
            {
                if (!law(new(before, command, made.Decision, state, [.. events], [.. decisions])))
                    return new("The law does not hold.", lines, Show(aggregate, state), null);
            }
            catch (Exception thrown)
            {
                return new($"The law does not hold: {thrown.Message}", lines, Show(aggregate, state), thrown);
            }
        }

        return null;
    }

    private static string Line(EncodedOutcome outcome) =>
        (outcome.Values.Count <= 1 ? outcome.Sentence() : "accepted: " + string.Join(", ", outcome.Values.Select(ScenarioDifference.Show)))
        + string.Concat(outcome.Messages.Select(message => "; sent " + ScenarioDifference.Show(message)));

    private static string Show<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate, TState state)
    {
        try
        {
            return aggregate.State is { } codec ? ScenarioDifference.Show(codec.Encode(state)) : FormattableString.Invariant($"{state}");
        }
        catch (CodecException)
        {
            return FormattableString.Invariant($"{state}");
        }
    }
}
