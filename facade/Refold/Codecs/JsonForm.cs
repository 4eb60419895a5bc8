// The canonical bytes of values of one type, written only if they bring the value back, and read only if they would be written so.
// Made by Codec.Json and JsonTypes, once for each type; what cannot be exact is refused then.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Refold.Interop;

namespace Refold;

/// <summary>A value that was written, read back and written again, each time the same.</summary>
/// <param name="Type">The entry type.</param>
/// <param name="Payload">The canonical bytes.</param>
/// <param name="Back">What they were read back as.</param>
internal readonly record struct SettledValue<T>(string Type, ReadOnlyMemory<byte> Payload, T Back);

internal sealed class JsonForm<T>
{
    private readonly JsonTypeInfo<T> typeInfo;
    private readonly NullRule nulls;
    private readonly JsonWhole whole;

    /// <summary>The form of a type under options that <see cref="JsonRules.Over"/> made.</summary>
    /// <exception cref="ArgumentException">Values of the type, or of a type in it, cannot be brought back exactly.</exception>
    public JsonForm(JsonSerializerOptions options)
    {
        typeInfo = (JsonTypeInfo<T>)JsonRules.TypeInfo(options, typeof(T));
        JsonAudit.Require(typeInfo);
        nulls = NullRules.Of(typeInfo);
        whole = JsonWhole.Of(typeInfo);
    }

    /// <summary>Whether a path may lead to a value.</summary>
    public bool MayLead(string[] steps) => JsonPaths.MayLead(typeInfo.Options, typeof(T), steps);

    /// <summary>The canonical bytes of a value.</summary>
    /// <exception cref="FormatException">It has none from which it comes back as it is.</exception>
    public ReadOnlyMemory<byte> Write(T value) => Write(value, default, out _, out _);

    /// <summary>The canonical bytes of a value, which may have the room around them, and what comes back from them.</summary>
    /// <returns>Null where it comes back as it is, but the serializer writes that in other bytes.</returns>
    /// <exception cref="FormatException">It has none from which it comes back as it is.</exception>
    public (ReadOnlyMemory<byte> Payload, T Back)? TrySettle(T value, PayloadRoom room)
    {
        var payload = Write(value, room, out var back, out var isSame);
        return isSame ? (payload, back) : null;
    }

    private ReadOnlyMemory<byte> Write(T value, PayloadRoom room, out T back, out bool isSame)
    {
        if (value is null) throw new FormatException("it is null");
        var json = room.Before > 0 ? Serialize(value, room) : Serialize(value);
        JsonNumbers.RequireExact(json.Span);
        var payload = CanonicalJson.IsSurelyCanonical(json.Span) ? json : CanonicalJson.OfJson(json);
        nulls.Require(value, "");
        (back, isSame) = RequireSame(value, json, payload);
        return payload;
    }

    /// <summary>The value of a payload.</summary>
    /// <exception cref="FormatException">The payload is not what is written for a value of the type.</exception>
    public T Read(ReadOnlySpan<byte> payload)
    {
        var value = Deserialize(payload);
        nulls.Require(value!, "");
        var scratch = JsonScratch.Lend();
        var json = Serialize(value, scratch);
        if (!payload.SequenceEqual(json.Span)) RequireSameText(payload, json);
        scratch.GiveBack();
        return value;
    }

    private static void RequireSameText(ReadOnlySpan<byte> payload, ReadOnlyMemory<byte> json)
    {
        var canonical = CanonicalJson.OfJson(json);
        if (payload.SequenceEqual(canonical.Span)) return;
        // Spaces, the order of members, escapes and the digits of a number are an author's own; anything else is another text.
        if (JsonNumbers.HasNegativeZero(payload) || !CanonicalJson.OfJson(payload.ToArray()).Span.SequenceEqual(canonical.Span))
            throw new FormatException($"it would be written otherwise: {Excerpt(canonical.Span)}");
    }

    /// <summary>The value of a payload, where reading it proves what <see cref="Write(T)"/> would give: the payload.</summary>
    /// <returns>False where that is not proved; nothing is said of the payload then.</returns>
    /// <remarks>All that such a value holds stands in its JSON, and the payload is that JSON in canonical form: read once more, it gives
    /// what was read here, which is written as it was here. Getters, setters and constructors are trusted to do the same each
    /// time.</remarks>
    public bool TryProve(ReadOnlySpan<byte> payload, out T value)
    {
        value = default!;
        if (!whole.IsWhole) return false;
        try
        {
            if (JsonSerializer.Deserialize(payload, typeInfo) is not { } read) return false;
            nulls.Require(read, "");
            if (!JsonScratch.Writes(read, typeInfo, payload)) return false;
            // Without an escape the serializer writes names and texts as the canonical form does.
            if (!(whole.IsWrittenCanonical && !payload.Contains((byte)'\\')) && !CanonicalJson.IsSurelyCanonical(payload)) return false;
            value = read;
            return true;
        }
        catch (Exception fault) when (CodecFunctions.IsFault(fault))
        {
            // Read says what is wrong.
            return false;
        }
    }

    private (T Back, bool IsSame) RequireSame(T value, ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> payload)
    {
        T back;
        try
        {
            back = Deserialize(payload.Span);
        }
        catch (FormatException unreadable)
        {
            throw new FormatException($"what is written for it cannot be read again: {unreadable.Message}", unreadable);
        }

        if (Difference(value, back) is { } difference) throw new FormatException($"it does not come back as it is: {difference}");
        var scratch = JsonScratch.Lend();
        var again = Serialize(back, scratch);
        var isSame = again.Span.SequenceEqual(json.Span);
        if (!isSame && !CanonicalJson.OfJson(again).Span.SequenceEqual(payload.Span))
            throw new FormatException($"what comes back is written otherwise: {Excerpt(again.Span)}");
        scratch.GiveBack();
        return (back, isSame);
    }

    private static string? Difference(T value, T back)
    {
        try
        {
            return Likeness.Difference(typeof(T), value, back);
        }
        catch (Exception fault) when (CodecFunctions.IsFault(fault))
        {
            throw new FormatException($"it cannot be compared with what comes back: {CodecFunctions.Reason(fault)}", fault);
        }
    }

    private ReadOnlyMemory<byte> Serialize(T value)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(value, typeInfo);
        }
        catch (Exception fault) when (CodecFunctions.IsFault(fault))
        {
            throw new FormatException(CodecFunctions.Reason(fault), fault);
        }
    }

    // Behind so many bytes of an array, and before so many.
    private ReadOnlyMemory<byte> Serialize(T value, PayloadRoom room)
    {
        var scratch = JsonScratch.Lend();
        var json = Serialize(value, scratch);
        byte[] roomy = new byte[room.Before + json.Length + room.Behind];
        json.CopyTo(roomy.AsMemory(room.Before));
        scratch.GiveBack();
        return roomy.AsMemory(room.Before, json.Length);
    }

    // Valid until the scratch is given back.
    private ReadOnlyMemory<byte> Serialize(T value, JsonScratch scratch)
    {
        try
        {
            return scratch.Write(value, typeInfo);
        }
        catch (Exception fault) when (CodecFunctions.IsFault(fault))
        {
            throw new FormatException(CodecFunctions.Reason(fault), fault);
        }
    }

    private T Deserialize(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, typeInfo) ?? throw new FormatException("it is null");
        }
        catch (Exception fault) when (fault is not FormatException && CodecFunctions.IsFault(fault))
        {
            throw new FormatException(CodecFunctions.Reason(fault), fault);
        }
    }

    private static string Excerpt(ReadOnlySpan<byte> json)
    {
        const int Most = 200;
        var text = Encoding.UTF8.GetString(json);
        return text.Length <= Most ? text : text[..Most] + "...";
    }
}
