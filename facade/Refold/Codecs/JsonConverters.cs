// JSON forms of single values that are exact, culture-free and read back as written.
// Registered by JsonRules.
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Refold;

/// <summary>Numbers that a double cannot hold, always as strings, also as property names. Only the text
/// that writing gives is read.</summary>
internal sealed class ExactNumberConverter<T>(NumberStyles styles) : JsonConverter<T>
    where T : struct, INumber<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? Parse(reader.GetString()!)
            : throw new JsonException($"A string is expected: {typeof(T).Name} is never a JSON number.");

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Text(value));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Text(value));

    private static string Text(T value) => value.ToString(null, CultureInfo.InvariantCulture);

    private T Parse(string text) =>
        T.TryParse(text, styles, CultureInfo.InvariantCulture, out var value) && Text(value) == text
            ? value
            : throw new JsonException($"'{text}' is no {typeof(T).Name} in its one form.");
}

/// <summary>Floating-point numbers as JSON numbers, except "-0", "NaN", "Infinity" and "-Infinity"; as
/// property names always strings.</summary>
internal sealed class FloatConverter<T> : JsonConverter<T>
    where T : struct, IBinaryFloatingPointIeee754<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number => Number(Encoding.ASCII.GetString(reader.ValueSpan)),
        JsonTokenType.String =>
            Word(reader.GetString()!) ?? throw new JsonException("Of strings, only -0, NaN, Infinity and -Infinity are numbers."),
        _ => throw new JsonException("A number is expected."),
    };

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString()!;
        return Word(text) ?? Number(text);
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (IsWord(value)) writer.WriteStringValue(Text(value));
        else writer.WriteRawValue(Text(value), skipInputValidation: true);
    }

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Text(value));

    private static bool IsWord(T value) => !T.IsFinite(value) || (T.IsZero(value) && T.IsNegative(value));

    private static string Text(T value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static T? Word(string text) => text switch
    {
        "-0" => T.NegativeZero,
        "NaN" => T.NaN,
        "Infinity" => T.PositiveInfinity,
        "-Infinity" => T.NegativeInfinity,
        _ => null,
    };

    private static T Number(string text) =>
        T.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
            out var value)
            && T.IsFinite(value)
            ? value
            : throw new JsonException($"'{text}' is outside the range of {typeof(T).Name}.");
}

/// <summary>Strings that have a UTF-8 form; the serializer would replace a lone surrogate silently.</summary>
internal sealed class ValidStringConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString() : throw new JsonException("A string is expected.");

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!;

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(Valid(value));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Valid(value));

    private static string Valid(string value)
    {
        if (!value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return value;
        for (var rest = value.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != System.Buffers.OperationStatus.Done)
                throw new JsonException("A string has a lone surrogate.");
            rest = rest[consumed..];
        }

        return value;
    }
}

/// <summary>Characters that have a UTF-8 form: no half of a surrogate pair.</summary>
internal sealed class ValidCharConverter : JsonConverter<char>
{
    public override char Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? One(reader.GetString()!) : throw new JsonException("A string is expected.");

    public override char ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        One(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, char value, JsonSerializerOptions options) => writer.WriteStringValue([Valid(value)]);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, char value, JsonSerializerOptions options) =>
        writer.WritePropertyName([Valid(value)]);

    private static char One(string text) => text.Length == 1 ? text[0] : throw new JsonException("One character is expected.");

    private static char Valid(char value) =>
        !char.IsSurrogate(value) ? value : throw new JsonException("A character is half of a surrogate pair.");
}

/// <summary>Dates and times that mean the same on every machine: UTC, or without any zone; never local time.</summary>
internal sealed class UnambiguousDateTimeConverter : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        NotLocal(reader.GetDateTime());

    public override DateTime ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DateTime.TryParseExact(reader.GetString(), "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var value)
            ? NotLocal(value)
            : throw new JsonException("A property name is no time in the round-trip form.");

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WriteStringValue(NotLocal(value));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WritePropertyName(NotLocal(value).ToString("O", CultureInfo.InvariantCulture));

    private static DateTime NotLocal(DateTime value) =>
        value.Kind != DateTimeKind.Local
            ? value
            : throw new JsonException("A local time means another moment on another machine; use UTC or DateTimeOffset.");
}

/// <summary>Moments with their offset; one without would be read with the offset of the machine.</summary>
internal sealed class UnambiguousDateTimeOffsetConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString();
        var value = reader.GetDateTimeOffset();
        // An offset is Z or the six characters of +hh:mm behind the time.
        var hasOffset = text!.EndsWith('Z') || (text.Contains('T', StringComparison.Ordinal) && text[^6] is '+' or '-');
        return hasOffset ? value : throw new JsonException("The time has no offset.");
    }

    public override DateTimeOffset ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DateTimeOffset.TryParseExact(reader.GetString(), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value)
            ? value
            : throw new JsonException("A property name is no moment in the round-trip form.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString("O", CultureInfo.InvariantCulture));
}

/// <summary>Enums by name, unless the enum names a converter itself. A value without a name has no form.</summary>
internal sealed class NamedEnumConverter : JsonConverterFactory
{
    private readonly JsonStringEnumConverter names = new(namingPolicy: null, allowIntegerValues: false);

    public override bool CanConvert(Type typeToConvert) =>
        names.CanConvert(typeToConvert) && typeToConvert.GetCustomAttribute<JsonConverterAttribute>() is null;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        names.CreateConverter(typeToConvert, options);
}
