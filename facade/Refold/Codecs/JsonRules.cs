// The rules of Refold's JSON, laid over a user's serializer metadata: exact numbers as strings, strict reading, canonical bytes.
// Called by Codec.Json.
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Refold.Interop;

namespace Refold;

internal static class JsonRules
{
    // 2^53: beyond it, neighbouring integers are one IEEE 754 double, which is what a JSON number is (RFC 8785 section 3.2.2.3).
    private static readonly BigInteger LargestExact = BigInteger.One << 53;

    /// <summary>The user's options with the rules on top. Metadata, naming and the user's converters for other types stay.</summary>
    public static JsonSerializerOptions Over(JsonSerializerOptions basis)
    {
        var options = new JsonSerializerOptions(basis)
        {
            AllowDuplicateProperties = false,
            AllowTrailingCommas = false,
            IndentSize = 0,
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            ReadCommentHandling = JsonCommentHandling.Disallow,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            WriteIndented = false,
        };

        // Before the user's own: a converter of theirs must not make a number inexact.
        JsonConverter[] own =
        [
            new ExactNumberConverter<long>(NumberStyles.AllowLeadingSign),
            new ExactNumberConverter<ulong>(NumberStyles.None),
            new ExactNumberConverter<Int128>(NumberStyles.AllowLeadingSign),
            new ExactNumberConverter<UInt128>(NumberStyles.None),
            new ExactNumberConverter<decimal>(NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint),
            new FloatConverter<double>(),
            new FloatConverter<float>(),
            new FloatConverter<Half>(),
            new ValidStringConverter(),
            new UnambiguousDateTimeConverter(),
            new UnambiguousDateTimeOffsetConverter(),
            new SetConverterFactory(),
        ];
        for (var index = 0; index < own.Length; index++) options.Converters.Insert(index, own[index]);
        options.Converters.Add(new NamedEnumConverter());
        return options;
    }

    /// <summary>The metadata of a type under the rules.</summary>
    /// <exception cref="ArgumentException">The user's context does not know the type.</exception>
    public static JsonTypeInfo<T> TypeInfo<T>(JsonSerializerOptions options)
    {
        try
        {
            return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        }
        catch (NotSupportedException unknown)
        {
            throw new ArgumentException(
                $"The JsonSerializerContext does not know {typeof(T)}; add [JsonSerializable(typeof({typeof(T).Name}))] to it.", unknown);
        }
    }

    /// <summary>The canonical bytes of a value.</summary>
    /// <exception cref="FormatException">It has none.</exception>
    public static ReadOnlyMemory<byte> Write<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        if (value is null) throw new FormatException("it is null");
        var json = JsonSerializer.SerializeToUtf8Bytes(value, typeInfo);
        RequireExactIntegers(json);
        return CanonicalJson.OfJson(json);
    }

    /// <summary>The value of a payload.</summary>
    /// <exception cref="JsonException">The payload does not fit the type.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> payload, JsonTypeInfo<T> typeInfo) =>
        JsonSerializer.Deserialize(payload.Span, typeInfo) ?? throw new FormatException("it is null");

    // Refold's converters write none of these; a user's converter or a JsonElement may, and the canonical form would round it.
    private static void RequireExactIntegers(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.Number || reader.ValueSpan.Length < 16 || reader.ValueSpan.IndexOfAny(".eE"u8) >= 0)
                continue;
            var number = BigInteger.Parse(
                System.Text.Encoding.ASCII.GetString(reader.ValueSpan), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            if (BigInteger.Abs(number) > LargestExact)
                throw new FormatException(
                    $"the number {number.ToString(CultureInfo.InvariantCulture)} is not exact as a JSON number; write it as a string");
        }
    }
}
