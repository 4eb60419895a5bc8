// The facts about the messages of an outbox, as they lie in $outbox-log/NAME: taken, delivered, confirmed, failed, dead, requeued.
// Written and read by OutboxLog.
using System.Globalization;
using System.Text.Json;

namespace Refold;

/// <summary>A fact. Its time is the entry's.</summary>
/// <param name="Type">One of the types below.</param>
internal sealed record OutboxFact(string Type)
{
    public const string Taken = "$outbox.taken";
    public const string Released = "$outbox.released";
    public const string Delivered = "$outbox.delivered";
    public const string Confirmed = "$outbox.confirmed";
    public const string Failed = "$outbox.failed";
    public const string Dead = "$outbox.dead";
    public const string Requeued = "$outbox.requeued";

    private const int MostCharacters = 1024;

    /// <summary>The number of the message; 0 where it is about none.</summary>
    public long Number { get; init; }

    /// <summary>How often it was handed over, this time included; 0 where that is not said.</summary>
    public int Attempt { get; init; }

    /// <summary>The type of what was thrown.</summary>
    public string? Error { get; init; }

    /// <summary>What it said, at most 1024 characters.</summary>
    public string? Reason { get; init; }

    /// <summary>The dispatcher, of taken and released.</summary>
    public string? Dispatcher { get; init; }

    /// <summary>Which numbers are settled, of taken: first and last of each range, rising.</summary>
    public IReadOnlyList<(long First, long Last)> Settled { get; init; } = [];

    /// <summary>The highest number that it is about; 0 for none.</summary>
    public long Highest => Type == Taken ? Settled.Select(range => range.Last).DefaultIfEmpty().Max() : Number;

    public static StreamId StreamOf(string outbox) => StreamId.Create(Interop.DeliveryTranslation.LogPrefix + outbox);

    /// <summary>A failure as it is recorded.</summary>
    public static OutboxFact OfFailure(long number, int attempt, Exception failure)
    {
        var reason = Interop.CodecFunctions.Reason(failure);
        if (reason.Length > MostCharacters) reason = reason[..MostCharacters];
        // A message that was cut in half, or holds half a character.
        reason = string.Concat(reason.Select((character, index) =>
            char.IsSurrogate(character) && !IsPaired(reason, index) ? '\uFFFD' : character));
        return new OutboxFact(Failed) { Number = number, Attempt = attempt, Error = failure.GetType().ToString(), Reason = reason };
    }

    private static bool IsPaired(string text, int index) =>
        (char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        || (char.IsLowSurrogate(text[index]) && index > 0 && char.IsHighSurrogate(text[index - 1]));

    /// <summary>What is appended.</summary>
    public EntryData ToEntry(string outbox, DateTimeOffset time, JournalEntry? message) => new(StreamOf(outbox), Type, Payload())
    {
        Role = EntryRole.Fact,
        Time = time,
        CorrelationId = message?.CorrelationId,
        CausationId = message?.Id,
    };

    private ReadOnlyMemory<byte> Payload()
    {
        var writer = new Core.ByteWriter(128);
        var members = new Core.JsonObjectWriter(writer);
        if (Attempt > 0) members.Integer("attempt", Attempt);
        if (Dispatcher is not null) members.Text("dispatcher", Dispatcher);
        if (Error is not null) members.Text("error", Error);
        if (Number > 0) members.Integer("number", Number);
        if (Reason is not null) members.Text("reason", Reason);
        if (Type == Taken)
        {
            members.Name("settled");
            writer.Utf8("[" + string.Join(",", Settled.Select(Range)) + "]");
        }

        members.Close();
        return writer.WrittenMemory;

        static string Range((long First, long Last) range) =>
            string.Create(CultureInfo.InvariantCulture, $"[{range.First},{range.Last}]");
    }

    /// <summary>What an entry says; null where it is no fact about messages.</summary>
    public static OutboxFact? TryRead(JournalEntry entry)
    {
        if (entry.Role != EntryRole.Fact || !entry.Type.StartsWith("$outbox.", StringComparison.Ordinal)) return null;
        try
        {
            using var document = JsonDocument.Parse(entry.Payload);
            var root = document.RootElement;
            return new OutboxFact(entry.Type)
            {
                Number = root.TryGetProperty("number", out var number) ? number.GetInt64() : 0,
                Attempt = root.TryGetProperty("attempt", out var attempt) ? attempt.GetInt32() : 0,
                Error = root.TryGetProperty("error", out var error) ? error.GetString() : null,
                Reason = root.TryGetProperty("reason", out var reason) ? reason.GetString() : null,
                Dispatcher = root.TryGetProperty("dispatcher", out var dispatcher) ? dispatcher.GetString() : null,
                Settled = root.TryGetProperty("settled", out var settled)
                    ? [.. settled.EnumerateArray().Select(range => (range[0].GetInt64(), range[1].GetInt64()))]
                    : [],
            };
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
