// Shapes that a JSON codec must refuse: when it is made, or when a value that would not come back is encoded.
// Used by RefusedShapeTests, through the source generator and through reflection.
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Refold.Tests.Codecs;

public sealed record Moved((int X, int Y) By);

public sealed record DeepMoved(List<Dictionary<string, (int X, int Y)>> By);

[System.Runtime.CompilerServices.InlineArray(3)]
public struct ThreeNumbers
{
    [System.Text.Json.Serialization.JsonInclude]
    public int First;
}

public sealed record Inlined(ThreeNumbers Numbers);

public sealed record Vectored(Vector2 By);

public sealed record Complexed(Complex Value);

#pragma warning disable CA1051 // What is tried is what a public field does.
public sealed class PublicField
{
    public int Number;
}

public sealed class PublicFieldBesideProperty
{
    public int Number;

    public int Other { get; set; }
}
#pragma warning restore CA1051

public sealed class PrivateSetter
{
    public int Number { get; private set; }
}

public sealed class GetOnly
{
    public int Number { get; } = 3;

    public int Other { get; set; }
}

public sealed class GetOnlyList
{
    public List<int> Numbers { get; } = [];
}

public sealed record Ignored(int Number)
{
    [JsonIgnore]
    public int Other { get; init; }
}

public sealed class NothingPublic
{
    private int number;

    public void Add() => number++;

    public int Next() => number + 1;
}

public interface IShape;

public abstract record Shape;

public sealed record Disc(double Radius) : Shape, IShape;

public sealed record OfInterface(IShape Shape);

public sealed record OfAbstract(List<Shape> Shapes);

[JsonDerivedType(typeof(UndiscriminatedDerived))]
public record Undiscriminated(int Number);

public sealed record UndiscriminatedDerived(int Number, int Other) : Undiscriminated(Number);

public sealed record OfObject(object Value);

public sealed record OfElement(JsonElement Value);

public sealed record OfNode(JsonNode Value);

public sealed record ByDouble(Dictionary<double, int> Values);

public sealed record ByHalf(ImmutableDictionary<Half, int> Values);

public sealed record Stacked(Stack<int> Numbers);

public sealed record ImmutablyStacked(ImmutableStack<int> Numbers);

public sealed record ReadOnlyMapped(ReadOnlyDictionary<string, int> Numbers);

public sealed class Extended
{
    public int Number { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

public sealed class NamesWithTitle : List<string>
{
    public string Title { get; set; } = "";
}

public sealed class HiddenState
{
    private int steps;

    public int Number { get; set; }

    public void Step() => steps++;

    public int Next() => steps + Number;
}

public sealed record Ordering(IReadOnlyDictionary<string, int> Values);

public sealed record Based(Root Root, List<Root> Others);

public sealed record Texted(string Text, char Letter, List<string> Texts, Dictionary<string, string> ByName, string[][] Nested);

public sealed record Collected(
    HashSet<string> Words, Dictionary<string, int> ByWord, ImmutableHashSet<string> Immutable, SortedSet<string> Sorted);

public sealed record Arrayed(ImmutableArray<int> Numbers);

public sealed class Rounded
{
    private double value;

    public double Value
    {
        get => Math.Round(value, 2);
        set => this.value = value;
    }
}

public sealed record Throwing
{
    public Throwing(int number)
    {
        Number = number >= 0 ? number : throw new InvalidOperationException("numbers count from 0");
    }

    public int Number { get; init; }
}

public enum Colour
{
    Red = 1,
    Blue = 2,
    Green = 3,
}

public sealed record Strict(int Number, Colour Colour, Guid Id, TimeSpan Span, byte[] Bytes, DateTime Time, HashSet<int> Numbers);

[JsonSerializable(typeof(Moved)), JsonSerializable(typeof(DeepMoved)), JsonSerializable(typeof(Vectored))]
[JsonSerializable(typeof(Inlined))]
[JsonSerializable(typeof(Complexed))]
[JsonSerializable(typeof(PublicField)), JsonSerializable(typeof(PublicFieldBesideProperty)), JsonSerializable(typeof(PrivateSetter))]
[JsonSerializable(typeof(GetOnly)), JsonSerializable(typeof(GetOnlyList)), JsonSerializable(typeof(Ignored))]
[JsonSerializable(typeof(NothingPublic)), JsonSerializable(typeof(OfInterface)), JsonSerializable(typeof(OfAbstract))]
[JsonSerializable(typeof(Undiscriminated)), JsonSerializable(typeof(OfObject)), JsonSerializable(typeof(OfElement))]
[JsonSerializable(typeof(OfNode)), JsonSerializable(typeof(ByDouble)), JsonSerializable(typeof(ByHalf)), JsonSerializable(typeof(Stacked))]
[JsonSerializable(typeof(ImmutablyStacked)), JsonSerializable(typeof(ReadOnlyMapped)), JsonSerializable(typeof(Extended))]
[JsonSerializable(typeof(NamesWithTitle)), JsonSerializable(typeof(HiddenState)), JsonSerializable(typeof(Ordering))]
[JsonSerializable(typeof(Based)), JsonSerializable(typeof(Texted)), JsonSerializable(typeof(Collected)), JsonSerializable(typeof(Rounded))]
[JsonSerializable(typeof(Arrayed))]
[JsonSerializable(typeof(Throwing)), JsonSerializable(typeof(Strict)), JsonSerializable(typeof(InitOnly)), JsonSerializable(typeof(Paid))]
[JsonSerializable(typeof(Tree)), JsonSerializable(typeof(List<string>)), JsonSerializable(typeof(Root)), JsonSerializable(typeof(Optional))]
internal sealed partial class RefusedContext : JsonSerializerContext;
