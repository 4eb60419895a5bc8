// The types that the codec tests write and read, with their serializer context.
// Used by CodecTests and JsonCodecTests.
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Refold.Tests.Codecs;

public abstract record Ordered;

public sealed record Placed(string Sku, long Quantity) : Ordered;

public sealed record Won(int Prize) : Ordered;

public sealed record Unknown(int Value) : Ordered;

public enum Size
{
    Small = 1,
    Iri = 2,
}

public enum Aliased
{
    One = 1,
    Uno = 1,
}

public sealed record Everything(
    long Int64,
    ulong UInt64,
    Int128 Int128,
    UInt128 UInt128,
    decimal Decimal,
    double Double,
    float Single,
    Half Half,
    string Text,
    string? Absent,
    Size Size,
    DateTimeOffset Moment,
    DateTime Date,
    long? Maybe,
    ImmutableList<double> Doubles,
    Dictionary<long, string> ByNumber,
    Dictionary<DateTimeOffset, int> ByMoment,
    ImmutableHashSet<string> Words,
    HashSet<long> Numbers);

public sealed record Loose(Raw Value);

/// <summary>A number as the text that is written.</summary>
[JsonConverter(typeof(RawConverter))]
public readonly record struct Raw(string Text);

internal sealed class RawConverter : JsonConverter<Raw>
{
    public override Raw Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(Encoding.ASCII.GetString(reader.ValueSpan));

    public override void Write(Utf8JsonWriter writer, Raw value, JsonSerializerOptions options) => writer.WriteRawValue(value.Text);
}

[JsonSerializable(typeof(Ordered))]
[JsonSerializable(typeof(Placed))]
[JsonSerializable(typeof(Won))]
[JsonSerializable(typeof(Everything))]
[JsonSerializable(typeof(Loose))]
internal sealed partial class ModelsContext : JsonSerializerContext;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
[JsonSerializable(typeof(Placed))]
internal sealed partial class LenientContext : JsonSerializerContext;
