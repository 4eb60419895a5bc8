// Encoding what a test names, and the lines of a message about it.
// Used by scenarios.
using System.Globalization;
using System.Text;

namespace Refold.Testing;

internal static class ScenarioText
{
    // A message is read at a terminal: the last events say most.
    private const int MostLines = 20;

    /// <summary>The value as it would be recorded.</summary>
    public static Encoded Encode<T>(string what, Codec<T> codec, T value)
    {
        try
        {
            return codec.Encode(value);
        }
        catch (Exception thrown)
        {
            throw new ScenarioException($"{what} cannot be encoded: {thrown.Message}", thrown);
        }
    }

    /// <summary>The value as its codec reads it back, which is what a fold of the journal sees.</summary>
    public static T Settle<T>(string what, Codec<T> codec, T value)
    {
        var encoded = Encode(what, codec, value);
        T back;
        try
        {
            back = codec.Decode(encoded);
        }
        catch (Exception thrown)
        {
            throw new ScenarioException($"{what} cannot be decoded from {ScenarioDifference.Show(encoded)}: {thrown.Message}", thrown);
        }

        var again = Encode(what, codec, back);
        return again.Equals(encoded)
            ? back
            : throw new ScenarioException(
                $"{what}: what is read back from {ScenarioDifference.Show(encoded)} is encoded as {ScenarioDifference.Show(again)}, so the "
                + "codec loses something");
    }

    public static string Command<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate, TCommand command)
    {
        try
        {
            return ScenarioDifference.Show(aggregate.Commands.Encode(command));
        }
        catch (CodecException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{command}");
        }
    }

    /// <summary>A name, and a numbered line for each value; the one that differs has a mark.</summary>
    public static string List(string name, IReadOnlyList<Encoded> values, int marked = 0)
    {
        if (values.Count == 0) return name + ": nothing";
        var text = new StringBuilder(name).Append(':');
        int first = Math.Max(0, (marked > 0 ? Math.Min(marked + (MostLines / 2), values.Count) : values.Count) - MostLines);
        if (first > 0) text.Append(CultureInfo.InvariantCulture, $"\n  ... {first} before");
        for (int index = first; index < Math.Min(values.Count, first + MostLines); index++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\n{(index + 1 == marked ? '>' : ' ')} {index + 1}. {ScenarioDifference.Show(values[index])}");
        }

        if (first + MostLines < values.Count) text.Append(CultureInfo.InvariantCulture, $"\n  ... {values.Count - first - MostLines} more");
        return text.ToString();
    }

    public static string Outcome(string name, EncodedOutcome outcome, int marked) =>
        outcome.IsRefused || outcome.Values.Count == 0 ? $"{name}: {outcome.Sentence()}" : List(name, outcome.Values, marked);

    /// <summary>The messages of both, where there are any.</summary>
    public static string Messages(EncodedOutcome expected, EncodedOutcome actual) =>
        expected.Messages.Count + actual.Messages.Count == 0
            ? ""
            : List("expected messages", expected.Messages) + "\n" + List("actual messages", actual.Messages) + "\n";

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
