// The first difference between the outcome a test names and the one that was decided, over the bytes that would be recorded.
// Used by scenarios; payloads are compared by the core, as verification compares them.
using System.Globalization;

namespace Refold.Testing;

/// <param name="Event">Which event, from 1; 0 for the outcome, the refusal or the state.</param>
/// <param name="What">What differs, in words: "event 1", "the refusal".</param>
/// <param name="Path">JSON pointer into the entry's NDJSON form.</param>
/// <param name="ByteOffset">Where payloads that are no JSON differ first.</param>
/// <param name="Expected">What the test names.</param>
/// <param name="Actual">What came.</param>
internal sealed record ScenarioDifference(int Event, string What, string Path, int? ByteOffset, string Expected, string Actual)
{
    private const string Absent = "absent";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{What}{(Path == "" ? "" : ", " + Path)}{(ByteOffset is { } from ? $" from byte {from}" : "")}: "
        + $"expected {Expected}, actual {Actual}");

    public static ScenarioDifference? Find(EncodedOutcome expected, EncodedOutcome actual)
    {
        if (expected.IsRefused != actual.IsRefused)
            return new(0, "the outcome", "", null, expected.Sentence(), actual.Sentence());
        for (int index = 0; index < Math.Max(expected.Values.Count, actual.Values.Count); index++)
        {
            (int number, string what) = expected.IsRefused
                ? (0, "the refusal")
                : (index + 1, string.Create(CultureInfo.InvariantCulture, $"event {index + 1}"));
            if (Find(number, what, expected.Values.ElementAtOrDefault(index), actual.Values.ElementAtOrDefault(index)) is { } found)
                return found;
        }

        for (int index = 0; index < Math.Max(expected.Messages.Count, actual.Messages.Count); index++)
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"message {index + 1}");
            if (Find(0, what, expected.Messages.ElementAtOrDefault(index), actual.Messages.ElementAtOrDefault(index)) is { } found)
                return found;
        }

        return null;
    }

    public static ScenarioDifference? Find(int number, string what, Encoded? expected, Encoded? actual)
    {
        if (expected is null || actual is null)
            return new(number, what, "", null, Show(expected), Show(actual));
        if (expected.Type != actual.Type)
            return new(number, what, "/type", null, expected.Type, actual.Type);
        if (expected.SchemaVersion != actual.SchemaVersion)
            return new(number, what, "/schemaVersion", null, Text(expected.SchemaVersion), Text(actual.SchemaVersion));
        var (wanted, made) = (Core.Bytes.Wrap(expected.Payload), Core.Bytes.Wrap(actual.Payload));
        // The place of the entry does not matter here: it is named by its number.
        var data = new EntryData(StreamId.Create("scenario"), expected.Type, expected.Payload);
        var entry = new JournalEntry(1, 1, 1, data).Value;
        return Core.PayloadDifference.find(entry, wanted, made) is { Value: { } found }
            ? new(number, what, found.Path, found.ByteOffset?.Value, found.Expected, found.Actual)
            : null;
    }

    public static string Show(Encoded? value) =>
        value is null ? Absent : $"{value.Type} {Core.PayloadDifference.show(Core.Bytes.Wrap(value.Payload))}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Events or a refusal, as they would be recorded.</summary>
/// <param name="IsRefused">Whether it is a refusal.</param>
/// <param name="Values">The events in order, or the one refusal.</param>
internal sealed record EncodedOutcome(bool IsRefused, IReadOnlyList<Encoded> Values)
{
    /// <summary>The messages in order, as they would be recorded; each type with its outbox.</summary>
    public IReadOnlyList<Encoded> Messages { get; init; } = [];

    public string Sentence() => (IsRefused, Values.Count) switch
    {
        (true, _) => "refused: " + ScenarioDifference.Show(Values[0]),
        (false, 0) => "accepted without events",
        (false, 1) => "accepted: " + ScenarioDifference.Show(Values[0]),
        _ => string.Create(CultureInfo.InvariantCulture, $"accepted: {Values.Count} events"),
    };
}
