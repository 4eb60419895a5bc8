// C# source of random types, from a seed: what users write as events and states, good and bad. Names are T0, T1 and so on.
// Called by TypeFuzz; FuzzedTypes.cs is what it writes for the seed 1, and a test says so.
using System.Globalization;
using System.Text;

namespace Refold.Suites;

internal sealed class TypeSource
{
    private const int Columns = 136;

    private static readonly string[] Scalars =
    [
        "bool", "byte", "sbyte", "short", "ushort", "int", "uint", "long", "ulong", "Int128", "UInt128", "Half", "float", "double",
        "decimal", "char", "string", "Guid", "DateTime", "DateTimeOffset", "DateOnly", "TimeOnly", "TimeSpan", "BigInteger", "FuzzColour",
        "FuzzRights",
    ];

    private static readonly string[] Sequences =
    [
        "List<{0}>", "{0}[]", "ImmutableArray<{0}>", "ImmutableList<{0}>", "IReadOnlyList<{0}>", "Queue<{0}>", "LinkedList<{0}>",
        "IEnumerable<{0}>", "Collection<{0}>", "ImmutableQueue<{0}>",
    ];

    private static readonly string[] Sets =
    [
        "HashSet<{0}>", "SortedSet<{0}>", "ImmutableHashSet<{0}>", "FrozenSet<{0}>", "IReadOnlySet<{0}>",
    ];

    private static readonly string[] Maps =
    [
        "Dictionary<{0}, {1}>", "SortedDictionary<{0}, {1}>", "ImmutableDictionary<{0}, {1}>", "ImmutableSortedDictionary<{0}, {1}>",
        "FrozenDictionary<{0}, {1}>", "IReadOnlyDictionary<{0}, {1}>", "ConcurrentDictionary<{0}, {1}>",
    ];

    // Of those that compare, without the enums, whose order SortedSet takes as it is.
    private static readonly string[] Keys =
    [
        "string", "int", "long", "Guid", "bool", "char", "decimal", "DateOnly", "TimeSpan", "UInt128", "FuzzColour", "short",
        "DateTimeOffset",
    ];

    private static readonly string[] Losing =
    [
        "(int A, string B)", "object", "System.Text.Json.JsonElement", "Stack<int>", "Dictionary<double, int>", "IComparable", "Vector2",
        "Complex", "List<(int, int)>", "ReadOnlyDictionary<string, int>", "Action",
    ];

    private readonly StringBuilder text = new();
    private readonly Random random;
    private int made;

    private TypeSource(ulong seed) => random = SeededRng.FromSeed(seed).AsRandom();

    /// <summary>The source of so many types and of a serializer context that knows them.</summary>
    public static string Write(ulong seed, int count)
    {
        var source = new TypeSource(seed);
        source.text.Append(
            """
            // Types that TypeSource wrote from a seed: never edited, written again when the generator changes.
            // Tried by TypeFuzz, through the source generator and through reflection.
            using System.Collections.Concurrent;
            using System.Collections.Frozen;
            using System.Collections.Immutable;
            using System.Collections.ObjectModel;
            using System.Numerics;
            using System.Text.Json.Serialization;

            #nullable enable
            #pragma warning disable

            namespace Refold.Suites.Fuzzed;

            public enum FuzzColour { Red = 1, Green, Blue = 7 }

            [Flags]
            public enum FuzzRights { None, Read, Write, Run = 4 }

            """);
        while (source.made < count) source.Type();
        for (var index = 0; index < count; index++)
            source.text.Append(CultureInfo.InvariantCulture, $"\n[JsonSerializable(typeof(T{index}))]");
        source.text.Append("\ninternal sealed partial class FuzzedContext : JsonSerializerContext;\n");
        return source.text.ToString();
    }

    private string One(IReadOnlyList<string> of) => of[random.Next(of.Count)];

    private bool Chance(int percent) => random.Next(100) < percent;

    private static string Format(string form, params object[] parts) => string.Format(CultureInfo.InvariantCulture, form, parts);

    // A type of a member.
    private string Member(int depth)
    {
        if (depth == 0 && Chance(2)) return One(Losing);
        var kind = random.Next(100);
        if (depth > 2 || kind < 45) return Chance(20) ? One(Scalars) + "?" : One(Scalars);
        if (kind < 60) return Format(One(Sequences), Member(depth + 1));
        if (kind < 68) return Format(One(Sets), One(Keys));
        if (kind < 80) return Format(One(Maps), One(Keys), Member(depth + 1));
        if (kind < 82) return Chance(50) ? "byte[]" : "Memory<byte>";
        if (kind < 84) return Format("KeyValuePair<string, {0}>", Member(depth + 1));
        if (made == 0) return "int";
        return "T" + random.Next(made).ToString(CultureInfo.InvariantCulture) + (Chance(20) ? "?" : "");
    }

    private List<string> Members() => [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Member(0))];

    private void Type()
    {
        var name = "T" + made.ToString(CultureInfo.InvariantCulture);
        text.Append('\n');
        switch (random.Next(20))
        {
            case < 6:
                Line($"public sealed record {name}({Parameters(Members())});");
                break;
            case 6:
                Line($"public readonly record struct {name}({Parameters(Members())});");
                break;
            case < 10:
                Properties($"public sealed class {name}", Members(), "{ get; set; }");
                break;
            case 10:
                Properties($"public record {name}", Members(), "{ get; init; }");
                break;
            case 11:
                Properties($"public struct {name}", Members(), "{ get; set; }");
                break;
            case 12:
                Constructed(name, Members());
                break;
            case 13 or 14:
                Polymorphic(name);
                break;
            case 15:
                Line($"public record {name}({Parameters(Members())});");
                Line($"public sealed record {name}Derived(int More) : {name}({Defaults()});");
                break;
            case 16:
                Line($"public sealed class {name} : List<{One(Keys)}>;");
                break;
            case 17:
                Line($"public sealed record {name}({Parameters(Members())}, {name}? Next, List<{name}> Others);");
                break;
            case 18 when Chance(40):
                Properties($"public sealed class {name}", Members(), One(["{ get; private set; }", "{ get; }", ";"]));
                break;
            default:
                Line($"public sealed record {name}({Parameters(Members())}) {{ public int Computed => 7; }}");
                break;
        }

        made++;
    }

    private int parameters;

    private string Parameters(List<string> types)
    {
        parameters = types.Count;
        return string.Join(", ", types.Select((type, index) => Format("{0} P{1}", type, index)));
    }

    // By name: a record has a constructor from itself too.
    private string Defaults() => string.Join(", ", Enumerable.Range(0, parameters).Select(index => Format("P{0}: default!", index)));

    private void Properties(string head, List<string> types, string accessors)
    {
        Line(head);
        Line("{");
        foreach (var (type, index) in types.Select((type, index) => (type, index)))
        {
            var isField = accessors == ";";
            var value = isField || head.Contains("struct", StringComparison.Ordinal) ? "" : " = default!;";
            Line(Format("    public {0} P{1}{2}{3}{4}", type, index, isField ? "" : " ", accessors, value));
        }

        Line("}");
    }

    private void Constructed(string name, List<string> types)
    {
        var parts = types.Select((type, index) => Format("{0} p{1}", type, index));
        Line($"public sealed class {name}({string.Join(", ", parts)})");
        Line("{");
        foreach (var (type, index) in types.Select((type, index) => (type, index)))
            Line(Format("    public {0} P{1} {{ get; }} = p{1};", type, index));
        Line("}");
    }

    private void Polymorphic(string name)
    {
        var head = Chance(50) ? "[JsonPolymorphic(TypeDiscriminatorPropertyName = \"zz\")]\n" : "";
        text.Append(head);
        Line($"[JsonDerivedType(typeof({name}A), \"a\")]");
        Line($"[JsonDerivedType(typeof({name}B), {(Chance(50) ? "\"b\"" : "2")})]");
        Line($"public abstract record {name};");
        Line($"public sealed record {name}A({Parameters(Members())}) : {name};");
        Line($"public sealed record {name}B({Parameters(Members())}) : {name};");
    }

    // Wrapped behind commas, so that no line is too long.
    private void Line(string line)
    {
        while (line.Length > Columns && line.LastIndexOf(", ", Columns, StringComparison.Ordinal) is > 0 and var cut)
        {
            text.Append(line, 0, cut + 1).Append('\n');
            line = "    " + line[(cut + 2)..];
        }

        text.Append(line).Append('\n');
    }
}
