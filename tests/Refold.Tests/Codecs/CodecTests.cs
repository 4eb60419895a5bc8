// Codecs of functions, enums and text; schema versions and upcasts.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using Xunit;
using static Refold.Tests.Codecs.JsonCodecTests;

namespace Refold.Tests.Codecs;

public class CodecTests
{
    private static readonly Codec<int> Number = Codec.Create<int>(
        "number",
        value => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)),
        payload => int.Parse(Encoding.ASCII.GetString(payload.Span), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));

    [Fact]
    public void Functions_EncodeAndDecode()
    {
        Assert.Equal(new Encoded("number", 1, Bytes("-5")), Number.Encode(-5));
        Assert.Equal(-5, Number.Decode(new Encoded("number", 1, Bytes("-5"))));
        Assert.Equal(-5, Number.Decode(new JournalEntry(1, 1, 1, new EntryData("s", "number", Bytes("-5")))));
    }

    [Fact]
    public void WhateverIsThrownWhileDecoding_IsUndecodable_WithItsCause()
    {
        var error = Assert.Throws<CodecException>(() => Number.Decode(new Encoded("number", 1, Bytes("x"))));
        Assert.Equal("undecodable", error.Code);
        Assert.IsType<FormatException>(error.InnerException);
        error = Assert.Throws<CodecException>(() => Number.Decode(new Encoded("number", 1, Bytes("99999999999"))));
        Assert.Equal("undecodable", error.Code);
        Assert.IsType<OverflowException>(error.InnerException);
        var upcasting = Number.WithVersion("number", 2).WithUpcast("number", 1, _ => throw new InvalidOperationException("no way"));
        error = Assert.Throws<CodecException>(() => upcasting.Decode(new Encoded("number", 1, Bytes("1"))));
        Assert.Equal("'number' cannot be decoded: no way.", error.Message);
        var silent = Codec.Create<int>("n", _ => default, _ => throw new SilentException());
        error = Assert.Throws<CodecException>(() => silent.Decode(new Encoded("n", 1, default)));
        Assert.Contains(nameof(SilentException), error.Message, StringComparison.Ordinal);
        var unwritable = Codec.Create<int>("n", _ => throw new FormatException("no"), _ => 0);
        Assert.Equal("unencodable", Assert.Throws<CodecException>(() => unwritable.Encode(1)).Code);
    }

    private sealed class SilentException : Exception
    {
        public override string Message => throw new InvalidOperationException("not even a message");
    }

    [Fact]
    public void UnknownType_AndNewerSchema_AreRefused()
    {
        Assert.Equal("unknown-type", Assert.Throws<CodecException>(() => Number.Decode(new Encoded("other", 1, Bytes("1")))).Code);
        var newer = Assert.Throws<CodecException>(() => Number.Decode(new Encoded("number", 2, Bytes("1"))));
        Assert.Equal("newer-schema", newer.Code);
        Assert.Contains("schema version 2", newer.Message, StringComparison.Ordinal);
    }

    // Version 1 was the number itself, version 2 counted in tens, version 3 is an object.
    private static readonly Codec<Won> Upcasting = Codec.Json(ModelsContext.Default.Won, "won")
        .WithVersion("won", 3)
        .WithUpcast("won", 2, payload => Bytes("{\"Prize\":" + Encoding.ASCII.GetString(payload.Span) + "0}"))
        .WithUpcast("won", 1, payload => payload.Span.EndsWith("0"u8) ? payload[..^1] : throw new FormatException("it is not in tens"));

    [Fact]
    public void Upcasts_AreAppliedInOrder_FromEveryOlderVersion()
    {
        Assert.Equal(new Encoded("won", 3, Bytes("{\"Prize\":40}")), Upcasting.Encode(new Won(40)));
        Assert.Equal(new Won(40), Upcasting.Decode(new Encoded("won", 3, Bytes("{\"Prize\":40}"))));
        Assert.Equal(new Won(40), Upcasting.Decode(new Encoded("won", 2, Bytes("4"))));
        Assert.Equal(new Won(40), Upcasting.Decode(new Encoded("won", 1, Bytes("40"))));
        Assert.Equal("undecodable", Assert.Throws<CodecException>(() => Upcasting.Decode(new Encoded("won", 1, Bytes("41")))).Code);
        Assert.Equal("newer-schema", Assert.Throws<CodecException>(() => Upcasting.Decode(new Encoded("won", 4, Bytes("{}")))).Code);
    }

    [Fact]
    public void AMissingLink_IsNamed()
    {
        var broken = Codec.Json(ModelsContext.Default.Won, "won").WithVersion("won", 3).WithUpcast("won", 1, payload => payload);
        var error = Assert.Throws<CodecException>(() => broken.Decode(new Encoded("won", 1, Bytes("40"))));
        Assert.Equal("missing-upcast", error.Code);
        Assert.Contains("schema version 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UpcastsThatCannotBeReached_AreRefusedWhenBuilt()
    {
        var codec = Codec.Text("text").WithVersion("text", 2);
        Assert.Throws<ArgumentException>(() => codec.WithUpcast("text", 2, payload => payload));
        Assert.Throws<ArgumentException>(() => codec.WithUpcast("other", 1, payload => payload));
        Assert.Throws<ArgumentOutOfRangeException>(() => codec.WithUpcast("text", 0, payload => payload));
        var upcast = codec.WithUpcast("text", 1, payload => payload);
        Assert.Throws<ArgumentException>(() => upcast.WithUpcast("text", 1, payload => payload));
        Assert.Throws<ArgumentException>(() => upcast.WithVersion("text", 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => codec.WithVersion("text", 0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tr-TR")]
    [InlineData("sv-SE")]
    public void Enum_IsItsName(string culture) => InCulture(culture, () =>
    {
        var codec = Codec.Enum<Size>("size");
        Assert.Equal(new Encoded("size", 1, Bytes("\"Iri\"")), codec.Encode(Size.Iri));
        Assert.Equal(Size.Iri, codec.Decode(codec.Encode(Size.Iri)));
        Assert.All(
            ["2", "\"2\"", "\"iri\"", "\"Huge\"", "\" Iri\"", "\"Small,Iri\"", "null", "Iri"],
            json =>
                Assert.Equal("undecodable", Assert.Throws<CodecException>(() => codec.Decode(new Encoded("size", 1, Bytes(json)))).Code));
        Assert.Equal("unencodable", Assert.Throws<CodecException>(() => codec.Encode((Size)3)).Code);
        Assert.Throws<ArgumentException>(() => Codec.Enum<Aliased>("aliased"));
    });

    [Fact]
    public void Text_IsAJsonString()
    {
        var codec = Codec.Text("text");
        Assert.Equal("\"a\\\"\\n\u20ac\"", Text(codec.Encode("a\"\n\u20ac")));
        Assert.Equal("a\"\n\u20ac", codec.Decode(codec.Encode("a\"\n\u20ac")));
        Assert.Equal("unencodable", Assert.Throws<CodecException>(() => codec.Encode("\ud800")).Code);
        Assert.Equal("unencodable", Assert.Throws<CodecException>(() => codec.Encode(null!)).Code);
        Assert.Equal("undecodable", Assert.Throws<CodecException>(() => codec.Decode(new Encoded("text", 1, Bytes("1")))).Code);
    }

    [Fact]
    public void NamesAndFunctions_AreChecked()
    {
        Assert.Throws<ArgumentException>(() => Codec.Text(""));
        Assert.Throws<ArgumentException>(() => Codec.Text("a\nb"));
        Assert.Throws<ArgumentException>(() => Codec.Text(new string('a', 257)));
        Assert.Throws<ArgumentException>(() => Codec.Text(null!));
        Assert.Throws<ArgumentNullException>(() => Codec.Create<int>("n", null!, _ => 0));
        Assert.Throws<ArgumentNullException>(() => Codec.Create<int>("n", _ => default, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => Codec.Create<int>("n", _ => default, _ => 0, 0));
        Assert.Throws<ArgumentNullException>(() => Number.Decode((Encoded)null!));
    }

    [Fact]
    public void Encoded_IsEqualByContent()
    {
        Assert.Equal(new Encoded("a", 1, Bytes("x")), new Encoded("a", 1, Bytes("x")));
        Assert.NotEqual(new Encoded("a", 1, Bytes("x")), new Encoded("a", 1, Bytes("y")));
        Assert.NotEqual(new Encoded("a", 1, Bytes("x")), new Encoded("a", 2, Bytes("x")));
        Assert.NotEqual(new Encoded("a", 1, Bytes("x")), new Encoded("b", 1, Bytes("x")));
    }
}
