// The page facade/docs/changing-events.md as it stands: its code is the code below, and each kind of change reads what was written before.
// Run by `dotnet test`.
using System.Text;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class ChangingEventsTests
{
    private const string Page = "facade/docs/changing-events.md";

    [Fact]
    public void ItsCode_IsTheCodeOfThisFile()
    {
        var code = Flat(SourceTree.Read("tests/Refold.Tests/Documentation/ChangingEventsTests.cs"));
        var blocks = Fence().Matches(SourceTree.Read(Page)).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(6, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public void ARenamedProperty_KeepsItsNameInThePayload() =>
        Assert.Equal("""{"Quantity":3}""", Written(Codec.Json(Shop.Default.Renamed, "renamed"), new Renamed(3)));

    [Fact]
    public void ANewField_IsFilledIn()
    {
        var withCurrency = Codec.Json(Shop.Default.Placed, "placed")
            .WithVersion("placed", 2)
            .WithJsonUpcast("placed", 1, json =>
            {
                json["Currency"] = "EUR";
                return json;
            });
        Assert.Equal(new Placed("1.10", "EUR"), withCurrency.Decode(Payload("placed", 1, """{"Price":"1.10"}""")));
        Assert.Equal(new Placed("1.10", "USD"), withCurrency.Decode(Payload("placed", 2, """{"Currency":"USD","Price":"1.10"}""")));
        // The current version is read without an upcast, and is complete.
        Undecodable(withCurrency, Payload("placed", 2, """{"Price":"1.10"}"""));
        Undecodable(withCurrency, Payload("placed", 1, "[]"));
        Undecodable(withCurrency.WithVersion("placed", 3), Payload("placed", 2, """{"Currency":"USD","Price":"1.10"}"""), "missing-upcast");
        Undecodable(withCurrency, Payload("placed", 3, """{"Currency":"USD","Price":"1.10"}"""), "newer-schema");
    }

    [Fact]
    public void ARenamedField_IsMoved()
    {
        var renamed = Codec.Json(Shop.Default.Shipped, "shipped")
            .WithVersion("shipped", 2)
            .WithJsonUpcast("shipped", 1, json =>
            {
                json["Carrier"] = json["Company"]?.DeepClone();
                json.Remove("Company");
                return json;
            });
        Assert.Equal(
            new Shipped("Post", 9007199254740993),
            renamed.Decode(Payload("shipped", 1, """{"Company":"Post","Grams":"9007199254740993"}""")));
        Assert.Equal(new Shipped("Post", 1), renamed.Decode(Payload("shipped", 2, """{"Carrier":"Post","Grams":"1"}""")));
        // What the upcast makes of a payload that never had the member is not read.
        Undecodable(renamed, Payload("shipped", 1, """{"Grams":"1"}"""));
    }

    [Fact]
    public void ASplitField_IsUnderstoodByTypes()
    {
        var split = Codec.Json(Shop.Default.Named, "named")
            .WithVersion("named", 2)
            .WithUpcast("named", 1, Shop.Default.NamedOnce, Shop.Default.Named, once =>
            {
                var parts = once.Name.Split(' ', 2);
                return new Named(parts[0], parts.Length > 1 ? parts[1] : "");
            });
        Assert.Equal(new Named("Ada", "King Lovelace"), split.Decode(Payload("named", 1, """{"Name":"Ada King Lovelace"}""")));
        Assert.Equal(new Named("Ada", ""), split.Decode(Payload("named", 1, """{"Name":"Ada"}""")));
        Assert.Equal(new Named("Ada", "King"), split.Decode(Payload("named", 2, """{"First":"Ada","Last":"King"}""")));
        // The old form is read as strictly as the new one.
        Undecodable(split, Payload("named", 1, """{"Name":"Ada","Age":36}"""));
    }

    [Fact]
    public void ARemovedField_IsLeftOut()
    {
        var removed = Codec.Json(Shop.Default.Cancelled, "cancelled")
            .WithVersion("cancelled", 2)
            .WithJsonUpcast("cancelled", 1, json =>
            {
                json.Remove("Reason");
                return json;
            });
        Assert.Equal(new Cancelled(7), removed.Decode(Payload("cancelled", 1, """{"Order":7,"Reason":"late"}""")));
        Assert.Equal(new Cancelled(7), removed.Decode(Payload("cancelled", 2, """{"Order":7}""")));
    }

    [Fact]
    public void AHierarchy_HasAVersionForEachType()
    {
        var events = Codec.Json(Shop.Default.ShopEvent, types => types
                .Add<Placed>("placed", schemaVersion: 2)
                .Add<Cancelled>("cancelled"))
            .WithJsonUpcast("placed", 1, json =>
            {
                json["Currency"] = "EUR";
                return json;
            });
        Assert.Equal(new Placed("1.10", "EUR"), events.Decode(Payload("placed", 1, """{"Price":"1.10"}""")));
        Assert.Equal(new Cancelled(7), events.Decode(Payload("cancelled", 1, """{"Order":7}""")));
        Assert.Equal(2, events.Encode(new Placed("1.10", "EUR")).SchemaVersion);
        Assert.Equal(1, events.Encode(new Cancelled(7)).SchemaVersion);
    }

    [Fact]
    public async Task OldEntries_AreFoldedAndCounted()
    {
        var events = Codec.Json(Shop.Default.Named, "named").WithVersion("named", 2)
            .WithUpcast("named", 1, Shop.Default.NamedOnce, Shop.Default.Named, once => new Named(once.Name, ""));
        var names = Aggregate.Create(
            "name", "", (_, _, _) => Decision.Accept<Named, string>([]), (all, named) => all + named.First + ";",
            Codec.Text("name"), events, Codec.Text("refused"));
        await using var journal = new InMemoryJournal();
        await journal.AppendAsync(new AppendRequest(
            new EntryData("name/1", "named", Encoding.UTF8.GetBytes("""{"Name":"Ada"}""")),
            new EntryData("name/1", "named", Encoding.UTF8.GetBytes("""{"First":"Eve","Last":""}""")) { SchemaVersion = 2 }));
        Assert.Equal("Ada;Eve;", (await journal.FoldAsync("name/1", names)).State);
    }

    private static Encoded Payload(string type, int version, string json) => new(type, version, Encoding.UTF8.GetBytes(json));

    private static string Written<T>(Codec<T> codec, T value) => Encoding.UTF8.GetString(codec.Encode(value).Payload.Span);

    private static void Undecodable<T>(Codec<T> codec, Encoded payload, string code = "undecodable") =>
        Assert.Equal(code, Assert.Throws<CodecException>(() => codec.Decode(payload)).Code);

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}

internal abstract record ShopEvent;

internal sealed record Placed(string Price, string Currency) : ShopEvent;

internal sealed record Cancelled(int Order) : ShopEvent;

internal sealed record Shipped(string Carrier, long Grams);

internal sealed record NamedOnce(string Name);

internal sealed record Named(string First, string Last);

internal sealed record Renamed([property: JsonPropertyName("Quantity")] int Pieces);

[JsonSerializable(typeof(ShopEvent)), JsonSerializable(typeof(Placed)), JsonSerializable(typeof(Cancelled))]
[JsonSerializable(typeof(Shipped)), JsonSerializable(typeof(NamedOnce)), JsonSerializable(typeof(Named)), JsonSerializable(typeof(Renamed))]
internal sealed partial class Shop : JsonSerializerContext;
