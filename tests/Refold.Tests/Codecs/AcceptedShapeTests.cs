// Shapes that a JSON codec must take: each comes back as it was, through the source generator and through reflection.
// Run by `dotnet test`.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xunit;

namespace Refold.Tests.Codecs;

public class AcceptedShapeTests
{
    private static readonly JsonSerializerOptions Reflected = new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    public static TheoryData<string, bool> Shapes()
    {
        var shapes = new TheoryData<string, bool>();
        foreach (var name in AcceptedShapes.All.Keys)
        {
            shapes.Add(name, true);
            shapes.Add(name, false);
        }

        return shapes;
    }

    [Fact]
    public void TheyAreManyMoreThanSixty() => Assert.InRange(AcceptedShapes.All.Count, 60, 200);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AShape_ComesBackAsItWas(string name, bool isGenerated)
    {
        var value = AcceptedShapes.All[name];
        var options = isGenerated ? ShapesContext.Default.Options : Reflected;
        typeof(AcceptedShapeTests).GetMethod(nameof(ComesBack), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(Declared(value.GetType())).Invoke(null, [value, options]);
    }

    // A frozen collection is of a class that its contents choose.
    private static Type Declared(Type type)
    {
        if (type.Namespace != "System.Collections.Frozen") return type;
        while (type.BaseType != typeof(object)) type = type.BaseType!;
        return type;
    }

    private static void ComesBack<T>(T value, JsonSerializerOptions options)
    {
        var codec = Codec.Json((JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)), "shape");
        var encoded = codec.Encode(value);
        var back = codec.Decode(encoded);
        Assert.Equal(Description.Of(typeof(T), value), Description.Of(typeof(T), back));
        Assert.Equal(encoded, codec.Encode(back));
    }
}
