// Shapes that a JSON codec must take, each with a value that has something to lose.
// Used by AcceptedShapeTests, through the source generator and through reflection.
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Numerics;
using System.Text.Json.Serialization;

namespace Refold.Tests.Codecs;

public sealed record Positional(int Number, string Text, bool IsSet);

public record struct Place(double Latitude, double Longitude);

public readonly record struct Money(decimal Amount, string Currency);

public sealed record InitOnly
{
    public int Number { get; init; } = 5;

    public string Text { get; init; } = "default";

    public string? Absent { get; init; }
}

public sealed class WithRequired
{
    public required string Name { get; init; }

    public required List<int> Numbers { get; set; }
}

public sealed class Settable
{
    public int Number { get; set; }

    public List<string>? Names { get; set; }
}

public sealed class Constructed(int number, string text)
{
    public int Number { get; } = number;

    public string Text { get; } = text;
}

public sealed record Optional(int Number, int Other = 7, string? Text = null);

public sealed record Computed(int Left, int Right)
{
    public int Sum => Left + Right;
}

public sealed class PrivateField
{
    private int number;

    public int Number
    {
        get => number;
        set => number = value;
    }
}

public struct WithPublicField
{
    [JsonInclude]
    public int Number;
}

public sealed class WithInternalSetter
{
    [JsonInclude]
    public int Number { get; internal set; }

    public static WithInternalSetter Of(int number) => new() { Number = number };
}

public sealed record Renamed([property: JsonPropertyName("z-first")] int A, [property: JsonPropertyName("a-last")] int Z);

public record Root(int Number);

public sealed record Leafed(int Number, string Text) : Root(Number);

public sealed record Tree(string Name, ImmutableList<Tree> Children);

public sealed record Generic<T>(T Value, IReadOnlyList<T> Others);

public sealed record Nullables(int? Number, DateOnly? Day, Size? Size, Place? Place, string? Text, List<string?> Texts, int?[] Numbers);

public sealed record Numbers(
    sbyte A, byte B, short C, ushort D, int E, uint F, long G, ulong H, Int128 I, UInt128 J, Half K, float L, double M, decimal N,
    BigInteger O);

public sealed record Times(DateTime Utc, DateTime Unspecified, DateTimeOffset Moment, DateOnly Day, TimeOnly Hour, TimeSpan Span);

public sealed record Keyed(
    Dictionary<string, int> A, Dictionary<Guid, int> B, Dictionary<int, string> C, Dictionary<bool, int> D, Dictionary<char, int> E,
    Dictionary<decimal, int> F, Dictionary<Size, int> G, Dictionary<DateOnly, int> H, Dictionary<TimeSpan, int> I,
    Dictionary<UInt128, int> J);

public sealed class Names : List<string>;

public sealed class WordsWithoutCase() : HashSet<string>(StringComparer.OrdinalIgnoreCase);

[Flags]
public enum Rights
{
    None = 0,
    Read = 1,
    Write = 2,
    Run = 4,
}

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Cash), "cash")]
[JsonDerivedType(typeof(Card), "card")]
public abstract record Payment(decimal Amount);

public sealed record Cash(decimal Amount) : Payment(Amount);

public sealed record Card(decimal Amount, string Number) : Payment(Amount);

[JsonDerivedType(typeof(Square), 1)]
[JsonDerivedType(typeof(Circle), 2)]
public interface IFigure;

public sealed record Square(double Side) : IFigure;

public sealed record Circle(double Radius) : IFigure;

public sealed record Paid(Payment Payment, List<IFigure> Figures);

internal static class AcceptedShapes
{
    private static readonly Dictionary<string, object> Values = new(StringComparer.Ordinal)
    {
        ["positional record"] = new Positional(-3, "\u20ac \"\\/\n\U0001F600", true),
        ["record struct"] = new Place(-0.0, double.NaN),
        ["readonly record struct"] = new Money(1.10m, "EUR"),
        ["init members"] = new InitOnly { Number = 0, Text = "" },
        ["required members"] = new WithRequired { Name = "a", Numbers = [3, 1, 2] },
        ["class with setters"] = new Settable { Number = 3, Names = ["b", "a"] },
        ["class with constructor"] = new Constructed(3, "x"),
        ["optional parameters"] = new Optional(1, 2, "x"),
        ["computed member"] = new Computed(1, 2),
        ["property over a private field"] = new PrivateField { Number = 3 },
        ["included field"] = new WithPublicField { Number = 3 },
        ["included internal setter"] = WithInternalSetter.Of(3),
        ["renamed members"] = new Renamed(1, 2),
        ["concrete base"] = new Root(1),
        ["derived record as itself"] = new Leafed(1, "x"),
        ["recursive record"] = new Tree("a", [new Tree("b", [new Tree("c", [])]), new Tree("d", [])]),
        ["generic record"] = new Generic<long>(long.MaxValue, [1, long.MinValue]),
        ["generic record of texts"] = new Generic<string>("a", ["b", "c"]),
        ["nullables with values"] = new Nullables(1, new DateOnly(2024, 2, 29), Size.Iri, new Place(1, 2), "x", ["a", null], [1, null]),
        ["nullables without"] = new Nullables(null, null, null, null, null, [], []),
        ["numbers of every kind"] = new Numbers(
            sbyte.MinValue, 255, short.MinValue, ushort.MaxValue, int.MinValue, uint.MaxValue, long.MinValue, ulong.MaxValue,
            Int128.MinValue, UInt128.MaxValue, Half.Epsilon, float.MaxValue, 9007199254740994, 79228162514264337593543950335m,
            BigInteger.Pow(-7, 99)),
        ["times"] = new Times(
            new DateTime(638000000000000001, DateTimeKind.Utc), new DateTime(2024, 2, 29, 1, 2, 3, DateTimeKind.Unspecified),
            new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromMinutes(-330)).AddTicks(7), new DateOnly(1, 1, 1),
            new TimeOnly(23, 59, 59, 999, 999), TimeSpan.MinValue),
        ["keys of every kind"] = new Keyed(
            new() { ["b"] = 1, ["a"] = 2 }, new() { [new Guid("00112233-4455-6677-8899-aabbccddeeff")] = 1 },
            new() { [-1] = "x", [10] = "y" }, new() { [true] = 1, [false] = 0 }, new() { ['\u00e9'] = 1 }, new() { [1.10m] = 1 },
            new() { [Size.Iri] = 1 }, new() { [new DateOnly(2024, 2, 29)] = 1 }, new() { [TimeSpan.FromTicks(-1)] = 1 },
            new() { [UInt128.MaxValue] = 1 }),
        ["bool"] = true,
        ["int"] = -3,
        ["long"] = long.MinValue,
        ["Int128"] = Int128.MaxValue,
        ["UInt128"] = UInt128.MaxValue,
        ["Half"] = (Half)0.1,
        ["float"] = 0.1f,
        ["double"] = 1e16,
        ["double beyond integers"] = 5e-324,
        ["decimal"] = 1.00m,
        ["BigInteger"] = BigInteger.Pow(2, 200),
        ["char"] = '\u20ac',
        ["string"] = "\u2028\u0000<&>'",
        ["Guid"] = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
        ["DateTime"] = new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc),
        ["DateTimeOffset"] = new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.FromHours(14)),
        ["DateOnly"] = DateOnly.MaxValue,
        ["TimeOnly"] = TimeOnly.MaxValue,
        ["TimeSpan"] = TimeSpan.MaxValue,
        ["Uri"] = new Uri("https://example.org/a%20b?c=d#e"),
        ["Version"] = new Version(1, 2, 3),
        ["enum"] = Size.Iri,
        ["flags"] = Rights.Read | Rights.Run,
        ["bytes"] = new byte[] { 0, 255, 128 },
        ["array"] = new[] { 3, 1, 2 },
        ["array of arrays"] = new[] { new[] { 1 }, Array.Empty<int>() },
        ["List"] = new List<string> { "b", "a" },
        ["Dictionary"] = new Dictionary<string, List<int>> { ["b"] = [1], ["a"] = [] },
        ["Dictionary, ordinal"] = new Dictionary<string, List<int>>(StringComparer.Ordinal) { ["b"] = [1] },
        ["SortedDictionary"] = new SortedDictionary<int, string> { [3] = "x", [1] = "y" },
        ["SortedList"] = new SortedList<int, string> { [3] = "x", [1] = "y" },
        ["ConcurrentDictionary"] = new ConcurrentDictionary<int, string> { [3] = "x" },
        ["HashSet"] = new HashSet<long> { 3, -20, 100 },
        ["SortedSet"] = new SortedSet<int> { 3, -20, 100 },
        ["ImmutableArray"] = ImmutableArray.Create(3, 1, 2),
        ["ImmutableList"] = ImmutableList.Create("b", "a"),
        ["ImmutableQueue"] = ImmutableQueue.Create(3, 1, 2),
        ["ImmutableHashSet"] = ImmutableHashSet.Create("b", "a"),
        ["ImmutableSortedSet"] = ImmutableSortedSet.Create(3, 1, 2),
        ["ImmutableDictionary"] = ImmutableDictionary<string, int>.Empty.Add("b", 1).Add("a", 2),
        ["ImmutableSortedDictionary"] = ImmutableSortedDictionary<int, string>.Empty.Add(3, "x").Add(1, "y"),
        ["FrozenSet"] = new[] { "b", "a" }.ToFrozenSet(),
        ["FrozenDictionary"] = new Dictionary<string, int> { ["b"] = 1, ["a"] = 2 }.ToFrozenDictionary(),
        ["Queue"] = new Queue<int>([3, 1, 2]),
        ["LinkedList"] = new LinkedList<int>([3, 1, 2]),
        ["Collection"] = new Collection<int> { 3, 1, 2 },
        ["class derived from List"] = new Names { "b", "a" },
        ["class derived from HashSet with its own comparer"] = new WordsWithoutCase { "b", "A" },
        ["KeyValuePair"] = new KeyValuePair<string, int>("a", 1),
        ["Tuple"] = Tuple.Create(1, "x"),
        ["declared polymorphism"] = new Paid(new Card(1.10m, "4"), [new Square(1.5), new Circle(-0.0), new Square(2)]),
    };

    /// <summary>Each shape by name.</summary>
    public static IReadOnlyDictionary<string, object> All => Values;
}

[JsonSerializable(typeof(Positional)), JsonSerializable(typeof(Place)), JsonSerializable(typeof(Money)), JsonSerializable(typeof(InitOnly))]
[JsonSerializable(typeof(WithRequired)), JsonSerializable(typeof(Settable)), JsonSerializable(typeof(Constructed))]
[JsonSerializable(typeof(Optional)), JsonSerializable(typeof(Computed)), JsonSerializable(typeof(PrivateField))]
[JsonSerializable(typeof(WithPublicField)), JsonSerializable(typeof(WithInternalSetter)), JsonSerializable(typeof(Renamed))]
[JsonSerializable(typeof(Root)), JsonSerializable(typeof(Leafed)), JsonSerializable(typeof(Tree)), JsonSerializable(typeof(Generic<long>))]
[JsonSerializable(typeof(Generic<string>)), JsonSerializable(typeof(Nullables)), JsonSerializable(typeof(Numbers))]
[JsonSerializable(typeof(Times)), JsonSerializable(typeof(Keyed)), JsonSerializable(typeof(bool)), JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long)), JsonSerializable(typeof(Int128)), JsonSerializable(typeof(UInt128)), JsonSerializable(typeof(Half))]
[JsonSerializable(typeof(float)), JsonSerializable(typeof(double)), JsonSerializable(typeof(decimal)), JsonSerializable(typeof(BigInteger))]
[JsonSerializable(typeof(char)), JsonSerializable(typeof(string)), JsonSerializable(typeof(Guid)), JsonSerializable(typeof(DateTime))]
[JsonSerializable(typeof(DateTimeOffset)), JsonSerializable(typeof(DateOnly)), JsonSerializable(typeof(TimeOnly))]
[JsonSerializable(typeof(TimeSpan)), JsonSerializable(typeof(Uri)), JsonSerializable(typeof(Version)), JsonSerializable(typeof(Size))]
[JsonSerializable(typeof(Rights)), JsonSerializable(typeof(byte[])), JsonSerializable(typeof(int[])), JsonSerializable(typeof(int[][]))]
[JsonSerializable(typeof(List<string>)), JsonSerializable(typeof(Dictionary<string, List<int>>))]
[JsonSerializable(typeof(SortedDictionary<int, string>)), JsonSerializable(typeof(SortedList<int, string>))]
[JsonSerializable(typeof(ConcurrentDictionary<int, string>)), JsonSerializable(typeof(HashSet<long>))]
[JsonSerializable(typeof(SortedSet<int>))]
[JsonSerializable(typeof(ImmutableArray<int>)), JsonSerializable(typeof(ImmutableList<string>))]
[JsonSerializable(typeof(ImmutableQueue<int>))]
[JsonSerializable(typeof(ImmutableHashSet<string>)), JsonSerializable(typeof(ImmutableSortedSet<int>))]
[JsonSerializable(typeof(ImmutableDictionary<string, int>)), JsonSerializable(typeof(ImmutableSortedDictionary<int, string>))]
[JsonSerializable(typeof(FrozenSet<string>)), JsonSerializable(typeof(FrozenDictionary<string, int>)), JsonSerializable(typeof(Queue<int>))]
[JsonSerializable(typeof(LinkedList<int>)), JsonSerializable(typeof(Collection<int>)), JsonSerializable(typeof(Names))]
[JsonSerializable(typeof(WordsWithoutCase)), JsonSerializable(typeof(KeyValuePair<string, int>))]
[JsonSerializable(typeof(Tuple<int, string>))]
[JsonSerializable(typeof(Paid))]
internal sealed partial class ShapesContext : JsonSerializerContext;
