// JSON codecs over a JsonSerializerContext: exact, canonical, strict, and the same under every culture.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using Xunit;

namespace Refold.Tests.Codecs;

public class JsonCodecTests
{
    private static readonly Codec<Everything> Codec = Refold.Codec.Json(ModelsContext.Default.Everything, "everything");

    private static readonly Codec<Ordered> Hierarchy =
        Refold.Codec.Json(ModelsContext.Default.Ordered, types => types.Add<Placed>("placed", schemaVersion: 2).Add<Won>("won"));

    private static readonly Everything Edges = new(
        long.MinValue, ulong.MaxValue, Int128.MinValue, UInt128.MaxValue, 1.10m, -0.0, 0.1f, (Half)0.5, "\u20ac \"\\/\n\U0001F600", null,
        Size.Iri,
        new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(-5)).AddTicks(1),
        new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc),
        null,
        [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e21, 1e-7, 123456789.125, double.Epsilon, double.MaxValue],
        new() { [long.MaxValue] = "max", [-1] = "minus" },
        new() { [new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.FromHours(1))] = 7 },
        ["b", "a", "\u00e4", "I", "i", "\u0131"],
        [3, -20, 100]);

    private const string EdgesJson =
        """{"Absent":null,"ByMoment":{"2024-01-01T00:00:00.0000000+01:00":7},"ByNumber":{"-1":"minus","9223372036854775807":"max"}"""
        + ""","Date":"2024-02-29T00:00:00Z","Decimal":"1.10","Double":"-0","Doubles":["NaN","Infinity","-Infinity",1e+21"""
        + """,1e-7,123456789.125,5e-324,1.7976931348623157e+308],"Half":0.5"""
        + ""","Int128":"-170141183460469231731687303715884105728","Int64":"-9223372036854775808","Maybe":null"""
        + ""","Moment":"2024-02-29T01:02:03.0000001-05:00","Numbers":["-20","100","3"],"Single":0.1"""
        + ""","Size":"Iri","Text":"€ \"\\/\n"""
        + """😀","UInt128":"340282366920938463463374607431768211455","UInt64":"18446744073709551615","Words":["I","a","b","i","ä","ı"]}""";

    [Theory]
    [InlineData("")]
    [InlineData("tr-TR")]
    [InlineData("sv-SE")]
    public void EdgeValues_AreTheseBytes_AndReadBack_InEveryCulture(string culture) => InCulture(culture, () =>
    {
        var encoded = Codec.Encode(Edges);
        Assert.Equal(EdgesJson.Replace("\n", "\\n", StringComparison.Ordinal), Text(encoded));
        var read = Codec.Decode(encoded);
        Assert.Equal(encoded, Codec.Encode(read));
        Assert.Equal(Edges.Int128, read.Int128);
        Assert.True(double.IsNegative(read.Double));
        Assert.Equal("1.10", read.Decimal.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(Edges.Doubles, read.Doubles);
        Assert.Equal(Edges.Moment, read.Moment);
        Assert.Equal(Edges.Moment.Offset, read.Moment.Offset);
        Assert.Equal(DateTimeKind.Utc, read.Date.Kind);
        Assert.True(Edges.Words.SetEquals(read.Words));
    });

    [Theory]
    [InlineData("0")]
    [InlineData("0.0")]
    [InlineData("1.000")]
    [InlineData("-79228162514264337593543950335")]
    [InlineData("0.0000000000000000000000000001")]
    public void Decimal_KeepsItsScale(string text)
    {
        var value = decimal.Parse(text, CultureInfo.InvariantCulture);
        var encoded = Codec.Encode(Edges with { Decimal = value });
        Assert.Equal(decimal.GetBits(value), decimal.GetBits(Codec.Decode(encoded).Decimal));
        Assert.Equal(encoded, Codec.Encode(Codec.Decode(encoded)));
    }

    [Fact]
    public void Decimal_NegativeZero_IsWrittenAsTheZeroItEquals() =>
        Assert.Equal(Codec.Encode(Edges with { Decimal = 0.0m }), Codec.Encode(Edges with { Decimal = -0.0m }));

    [Fact]
    public void SetsAndMaps_FilledInAnyOrder_AreTheSameBytes()
    {
        HashSet<long> other = [100, 5, 3, -20];
        other.Remove(5);
        var shuffled = Edges with { Numbers = other, ByNumber = new() { [-1] = "minus", [long.MaxValue] = "max" } };
        Assert.Equal(Codec.Encode(Edges), Codec.Encode(shuffled));
    }

    [Theory]
    [InlineData("unknown member", "{\"Prize\":1,\"More\":2}")]
    [InlineData("missing member", "{}")]
    [InlineData("repeated member", "{\"Prize\":1,\"Prize\":1}")]
    [InlineData("other case", "{\"prize\":1}")]
    [InlineData("number as string", "{\"Prize\":\"1\"}")]
    [InlineData("fraction", "{\"Prize\":1.5}")]
    [InlineData("out of range", "{\"Prize\":2147483648}")]
    [InlineData("comment", "{\"Prize\":1/**/}")]
    [InlineData("trailing comma", "{\"Prize\":1,}")]
    [InlineData("two values", "{\"Prize\":1}{}")]
    [InlineData("null", "null")]
    [InlineData("nothing", "")]
    public void WhatWasNotWrittenHere_IsRefused(string what, string json)
    {
        var error = Assert.Throws<CodecException>(() => Hierarchy.Decode(new Encoded("won", 1, Bytes(json))));
        Assert.True(error.Code == "undecodable", what);
    }

    [Theory]
    [InlineData("\"Int64\":\"-9223372036854775808\"", "\"Int64\":-1")]
    [InlineData("\"Int64\":\"-9223372036854775808\"", "\"Int64\":\"+1\"")]
    [InlineData("\"Int64\":\"-9223372036854775808\"", "\"Int64\":\"01\"")]
    [InlineData("\"Int64\":\"-9223372036854775808\"", "\"Int64\":\"-0\"")]
    [InlineData("\"Int64\":\"-9223372036854775808\"", "\"Int64\":\" 1\"")]
    [InlineData("\"UInt64\":\"18446744073709551615\"", "\"UInt64\":\"18446744073709551616\"")]
    [InlineData("\"Decimal\":\"1.10\"", "\"Decimal\":1.10")]
    [InlineData("\"Decimal\":\"1.10\"", "\"Decimal\":\"1,10\"")]
    [InlineData("\"Double\":\"-0\"", "\"Double\":\"1.5\"")]
    [InlineData("\"Double\":\"-0\"", "\"Double\":\"nan\"")]
    [InlineData("\"Double\":\"-0\"", "\"Double\":1e400")]
    [InlineData("\"Single\":0.1", "\"Single\":1e39")]
    [InlineData("\"Moment\":\"2024-02-29T01:02:03.0000001-05:00\"", "\"Moment\":\"2024-02-29T01:02:03\"")]
    [InlineData("\"Moment\":\"2024-02-29T01:02:03.0000001-05:00\"", "\"Moment\":\"2024-02-29\"")]
    [InlineData("\"Date\":\"2024-02-29T00:00:00Z\"", "\"Date\":\"2024-02-29T00:00:00+01:00\"")]
    [InlineData("\"Size\":\"Iri\"", "\"Size\":2")]
    [InlineData("\"Size\":\"Iri\"", "\"Size\":\"Huge\"")]
    [InlineData("[\"-20\",\"100\",\"3\"]", "[\"3\",\"3\"]")]
    [InlineData("\"Maybe\":null", "\"Maybe\":7")]
    [InlineData("\"Words\":[", "\"Words\":null,\"x\":[")]
    [InlineData("\"Text\":\"", "\"Text\":null,\"x\":\"")]
    public void AValueInAnotherForm_IsRefused(string written, string other)
    {
        var json = EdgesJson.Replace("\n", "\\n", StringComparison.Ordinal);
        Assert.Contains(written, json, StringComparison.Ordinal);
        var error = Assert.Throws<CodecException>(() =>
            Codec.Decode(new Encoded("everything", 1, Bytes(json.Replace(written, other, StringComparison.Ordinal)))));
        Assert.Equal("undecodable", error.Code);
    }

    [Fact]
    public void LocalTime_LoneSurrogate_EnumWithoutName_HaveNoPayload()
    {
        Everything[] values =
        [
            Edges with { Date = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Local) },
            Edges with { Text = "\ud800" },
            Edges with { Words = ["\udc00"] },
            Edges with { ByNumber = new() { [1] = "\ud800x" } },
            Edges with { Size = (Size)9 },
        ];
        Assert.All(values, value => Assert.Equal("unencodable", Assert.Throws<CodecException>(() => Codec.Encode(value)).Code));
    }

    [Theory]
    [InlineData("9007199254740992", "9007199254740992")]
    [InlineData("9007199254740994", "9007199254740994")]
    [InlineData("1e16", "10000000000000000")]
    [InlineData("99999999999999984", "99999999999999980")]
    [InlineData("0.1", "0.1")]
    [InlineData("9007199254740993", null)]
    [InlineData("1.00000000000000000001", null)]
    [InlineData("1e400", null)]
    [InlineData("-0", null)]
    [InlineData("-0.0e5", null)]
    public void ANumberThatADoubleRounds_IsRefused_NotRounded(string written, string? canonical)
    {
        var codec = Refold.Codec.Json(ModelsContext.Default.Loose, "loose");
        if (canonical is null)
            Assert.Contains("not exact", Refused(codec, written), StringComparison.Ordinal);
        else if (canonical == written)
            Assert.Equal("{\"Value\":" + canonical + "}", Text(codec.Encode(new Loose(new Raw(written)))));
        else
            // The number is exact; its text, which this converter reads back, is not.
            Assert.Contains("at Value", Refused(codec, written), StringComparison.Ordinal);
    }

    private static string Refused(Codec<Loose> codec, string number) =>
        Assert.Throws<CodecException>(() => codec.Encode(new Loose(new Raw(number)))).Message;

    [Fact]
    public void TheContextsNamesStay_ItsLooserRulesDoNot()
    {
        var codec = Refold.Codec.Json(LenientContext.Default.Placed, "placed");
        Assert.Equal("{\"quantity\":\"3\",\"sku\":\"a\"}", Text(codec.Encode(new Placed("a", 3))));
        Assert.Throws<CodecException>(() => codec.Decode(new Encoded("placed", 1, Bytes("{\"quantity\":3,\"sku\":\"a\"}"))));
    }

    [Fact]
    public void Hierarchy_WritesTheNamesThatWereGiven_AndThePlainPayload()
    {
        Assert.Equal(new Encoded("placed", 2, Bytes("{\"Quantity\":\"3\",\"Sku\":\"a\"}")), Hierarchy.Encode(new Placed("a", 3)));
        Assert.Equal(new Encoded("won", 1, Bytes("{\"Prize\":-7}")), Hierarchy.Encode(new Won(-7)));
        Assert.Equal(new Won(-7), Hierarchy.Decode(Hierarchy.Encode(new Won(-7))));
        Assert.Equal(["placed", "won"], Hierarchy.TypeNames);
    }

    [Fact]
    public void Hierarchy_RefusesWhatWasNotAdded()
    {
        var error = Assert.Throws<CodecException>(() => Hierarchy.Encode(new Unknown(1)));
        Assert.Equal("unencodable", error.Code);
        Assert.Contains("Unknown", error.Message, StringComparison.Ordinal);
        Assert.Equal("unknown-type", Assert.Throws<CodecException>(() => Hierarchy.Decode(new Encoded("lost", 1, Bytes("{}")))).Code);
    }

    [Fact]
    public void Hierarchy_CannotBeBuiltWrong()
    {
        Assert.Throws<ArgumentException>(() =>
            Refold.Codec.Json(ModelsContext.Default.Ordered, types => types.Add<Placed>("a").Add<Won>("a")));
        Assert.Throws<ArgumentException>(() =>
            Refold.Codec.Json(ModelsContext.Default.Ordered, types => types.Add<Won>("a").Add<Won>("b")));
        Assert.Throws<ArgumentException>(() => Refold.Codec.Json(ModelsContext.Default.Ordered, types => { }));
        Assert.Throws<ArgumentException>(() => Refold.Codec.Json(ModelsContext.Default.Ordered, types => types.Add<Won>("")));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Refold.Codec.Json(ModelsContext.Default.Ordered, types => types.Add<Won>("won", 0)));
        var unknown = Assert.Throws<ArgumentException>(() =>
            Refold.Codec.Json(ModelsContext.Default.Ordered, types => types.Add<Unknown>("unknown")));
        Assert.Contains("[JsonSerializable(typeof(Unknown))]", unknown.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => Refold.Codec.Json<Placed>(null!, "placed"));
    }

    internal static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    internal static string Text(Encoded encoded) => Encoding.UTF8.GetString(encoded.Payload.Span);

    internal static void InCulture(string name, Action test)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
        try
        {
            test();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
