// What a JSON codec cannot bring back exactly is refused: types when the codec is made, values when they are encoded, texts when they
// are decoded. Run by `dotnet test`.
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xunit;
using static Refold.Tests.Codecs.JsonCodecTests;

namespace Refold.Tests.Codecs;

public class RefusedShapeTests
{
    private static readonly JsonSerializerOptions[] Faces =
    [
        RefusedContext.Default.Options, new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver() },
    ];

    [Theory]
    [InlineData(typeof(Moved), "Moved.By.Item1")]
    [InlineData(typeof(DeepMoved), "DeepMoved.By[][].Item1")]
    [InlineData(typeof(Inlined), "Inlined.Numbers")]
    [InlineData(typeof(Vectored), "Vectored.By")]
    [InlineData(typeof(Complexed), "Complexed.Value")]
    [InlineData(typeof(PublicField), "PublicField.Number")]
    [InlineData(typeof(PublicFieldBesideProperty), "PublicFieldBesideProperty.Number")]
    [InlineData(typeof(PrivateSetter), "PrivateSetter.Number")]
    [InlineData(typeof(GetOnly), "GetOnly.Number")]
    [InlineData(typeof(GetOnlyList), "GetOnlyList.Numbers")]
    [InlineData(typeof(Ignored), "Ignored.Other")]
    [InlineData(typeof(NothingPublic), "nothing of")]
    [InlineData(typeof(OfInterface), "OfInterface.Shape")]
    [InlineData(typeof(OfAbstract), "OfAbstract.Shapes[]")]
    [InlineData(typeof(Undiscriminated), "without a discriminator")]
    [InlineData(typeof(OfObject), "OfObject.Value")]
    [InlineData(typeof(OfElement), "OfElement.Value")]
    [InlineData(typeof(OfNode), "OfNode.Value")]
    [InlineData(typeof(ByDouble), "ByDouble.Values")]
    [InlineData(typeof(ByHalf), "ByHalf.Values")]
    [InlineData(typeof(Stacked), "the order of a stack turns")]
    [InlineData(typeof(ImmutablyStacked), "the order of a stack turns")]
    [InlineData(typeof(ReadOnlyMapped), "ReadOnlyMapped.Numbers")]
    [InlineData(typeof(Extended), "Extended.More")]
    [InlineData(typeof(NamesWithTitle), "without its member Title")]
    public void ATypeThatLosesSomething_MakesNoCodec(Type type, string place) => Assert.All(Faces, options =>
    {
        var make = typeof(RefusedShapeTests).GetMethod(nameof(Make), BindingFlags.Static | BindingFlags.NonPublic)!;
        var error = Assert.Throws<TargetInvocationException>(() => make.MakeGenericMethod(type).Invoke(null, [options]));
        Assert.Contains(place, Assert.IsType<ArgumentException>(error.InnerException).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void AValueThatLosesSomething_IsNotEncoded()
    {
        Texted texts = new("x", 'x', [], [], []);
        var hidden = new HiddenState { Number = 3 };
        hidden.Step();
        Collected plain = new([], [], [], []);
        Refuses(hidden, "at steps");
        Refuses(new Rounded { Value = 1.005 }, "at value");
        Refuses(new Root(1), "", isAccepted: true);
        Refuses<Root>(new Leafed(1, "x"), "Leafed becomes");
        Refuses(new Based(new Leafed(1, "x"), []), "at Root");
        Refuses(new Based(new Root(1), [new Root(1), new Leafed(1, "x")]), "at Others[1]");
        Refuses(texts with { Text = "\ud800" }, "lone surrogate");
        Refuses(texts with { Letter = '\ud800' }, "half of a surrogate pair");
        Refuses(texts with { Texts = ["a", null!] }, "null may not stand in Texts");
        Refuses(texts with { ByName = new() { ["a"] = null! } }, "null may not stand in ByName");
        Refuses(texts with { ByName = new() { ["\udc00"] = "a" } }, "lone surrogate");
        Refuses(texts with { Nested = [["a"], [null!]] }, "null may not stand in Nested[]");
        Refuses(texts, "", isAccepted: true);
        Refuses(new List<string> { null! }, "null may not stand in it");
        Refuses(plain, "", isAccepted: true);
        var ignoringCase = StringComparer.OrdinalIgnoreCase;
        Refuses(plain with { Words = new(ignoringCase) { "a" } }, "at Words: its comparer");
        Refuses(plain with { ByWord = new(ignoringCase) { ["a"] = 1 } }, "at ByWord: its comparer");
        Refuses(plain with { Immutable = ImmutableHashSet.Create<string>(ignoringCase, "a") }, "at Immutable: its comparer");
        Refuses(plain with { Sorted = new(StringComparer.Ordinal) { "a" } }, "at Sorted: its comparer");
        Refuses(plain with { Words = new(StringComparer.Ordinal) { "a" } }, "", isAccepted: true);
        Refuses(new Ordering(new SortedDictionary<string, int> { ["a"] = 1 }), "at Values");
        Refuses(new Ordering(ImmutableDictionary<string, int>.Empty.Add("a", 1)), "", isAccepted: true);
        Refuses(new Ordering(ImmutableDictionary.Create<string, int>(ignoringCase).Add("a", 1)), "at Values: its comparer");
        // An array that was never made is no empty one.
        Refuses(new Arrayed(default), "default instance");
        Refuses(new Arrayed([]), "", isAccepted: true);
        Assert.NotEqual(Description.Of(typeof(Arrayed), new Arrayed(default)), Description.Of(typeof(Arrayed), new Arrayed([])));
        Refuses(new Throwing(1) with { Number = -1 }, "numbers count from 0");
    }

    [Fact]
    public void AValueThatNestsTooDeep_IsNotEncoded_AndOneThatNestsDeepIs()
    {
        Tree tree = new("leaf", []);
        // A tree is an object with an array, two levels.
        for (var level = 1; level < 256; level++) tree = new Tree("node", [tree]);
        Refuses(tree, "", isAccepted: true);
        Refuses(new Tree("root", [tree]), "depth is larger than the maximum");
    }

    [Theory]
    [InlineData("\"Number\":-1", "\"Number\":-0")]
    [InlineData("\"Number\":-1", "\"Number\":-1.0")]
    [InlineData("\"Number\":-1", "\"Number\":-1e0")]
    [InlineData("\"Colour\":\"Red\"", "\"Colour\":\"red\"")]
    [InlineData("\"Colour\":\"Red\"", "\"Colour\":\" Red\"")]
    [InlineData("\"Colour\":\"Red\"", "\"Colour\":\"Red, Blue\"")]
    [InlineData("\"Colour\":\"Red\"", "\"Colour\":\"1\"")]
    [InlineData("-aabbccddeeff\"", "-AABBCCDDEEFF\"")]
    [InlineData("\"Span\":\"00:00:01\"", "\"Span\":\"0:0:1\"")]
    [InlineData("\"Bytes\":\"AP8=\"", "\"Bytes\":\"AP9=\"")]
    [InlineData("\"Time\":\"2024-02-29T00:00:00Z\"", "\"Time\":\"2024-02-29T00:00:00.0Z\"")]
    [InlineData("\"Numbers\":[1,2]", "\"Numbers\":[2,1]")]
    [InlineData("\"Number\":-1,", "")]
    public void ATextThatIsNotWrittenSo_IsNotRead(string written, string other)
    {
        Strict value = new(
            -1, Colour.Red, new Guid("00112233-4455-6677-8899-aabbccddeeff"), TimeSpan.FromSeconds(1), [0, 255],
            new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc), [1, 2]);
        Assert.All(Faces, options =>
        {
            var codec = Make<Strict>(options);
            var json = Text(codec.Encode(value));
            Assert.Contains(written, json, StringComparison.Ordinal);
            var edited = new Encoded("shape", 1, Bytes(json.Replace(written, other, StringComparison.Ordinal)));
            Assert.Equal("undecodable", Assert.Throws<CodecException>(() => codec.Decode(edited)).Code);
            // What is free: spaces, the order of members, escapes.
            var free = json.Replace("\"Colour\":\"Red\",", "", StringComparison.Ordinal).TrimEnd('}') + ", \"Colour\" : \"R\\u0065d\" }";
            Assert.Equal(Colour.Red, codec.Decode(new Encoded("shape", 1, Bytes(free))).Colour);
        });
    }

    [Fact]
    public void WhatIsMissingOrNull_IsNotRead() => Assert.All(Faces, options =>
    {
        Unreadable<InitOnly>(options, """{"Absent":null,"Number":1}""");
        Unreadable<InitOnly>(options, """{"Absent":null,"Text":"x"}""");
        Unreadable<InitOnly>(options, """{"Number":1,"Text":"x"}""");
        Unreadable<Optional>(options, """{"Number":1,"Other":2}""");
        Unreadable<List<string>>(options, "[null]");
        Unreadable<Texted>(options, """{"ByName":{},"Letter":"x","Nested":[[null]],"Text":"","Texts":[]}""");
        Unreadable<Texted>(options, """{"ByName":{"a":null},"Letter":"x","Nested":[],"Text":"","Texts":[]}""");
        Unreadable<Texted>(options, """{"ByName":{},"Letter":"x","Nested":[],"Text":"","Texts":[null]}""");
        Unreadable<Throwing>(options, """{"Number":-1}""");
        Unreadable<Paid>(options, """{"Figures":[],"Payment":{"Amount":"1","kind":"coin"}}""");
    });

    [Fact]
    public void ADiscriminator_IsReadWhereverItStands() => Assert.All(Faces, options =>
    {
        var codec = Make<Paid>(options);
        var encoded = codec.Encode(new Paid(new Cash(1.5m), []));
        Assert.Equal("""{"Figures":[],"Payment":{"Amount":"1.5","kind":"cash"}}""", Text(encoded));
        Assert.Equal(new Cash(1.5m), codec.Decode(encoded).Payment);
    });

    private static void Refuses<T>(T value, string reason, bool isAccepted = false) => Assert.All(Faces, options =>
    {
        var codec = Make<T>(options);
        if (isAccepted) codec.Decode(codec.Encode(value));
        else Assert.Contains(reason, Assert.Throws<CodecException>(() => codec.Encode(value)).Message, StringComparison.Ordinal);
    });

    private static void Unreadable<T>(JsonSerializerOptions options, string json) =>
        Assert.Equal(
            "undecodable", Assert.Throws<CodecException>(() => Make<T>(options).Decode(new Encoded("shape", 1, Bytes(json)))).Code);

    private static Codec<T> Make<T>(JsonSerializerOptions options) => Codec.Json((JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)), "shape");
}
