// Values compared part by part: what is compared without reflection is what reflection compares.
// Run by `dotnet test`.
using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace Refold.Tests.Codecs;

public class LikenessTests
{
    private enum Colour : ulong
    {
        Red = 1,
        Blue = ulong.MaxValue,
    }

    // The type of each field is simple. Values of which each is another than in the default.
    private record Simple
    {
        private int hidden;

        public string? Text { get; init; }

        public bool Truth { get; init; }

        public char Character { get; init; }

        public byte Small { get; init; }

        public sbyte Signed { get; init; }

        public short Short { get; init; }

        public ushort UnsignedShort { get; init; }

        public uint Unsigned { get; init; }

        public long Long { get; init; }

        public ulong UnsignedLong { get; init; }

        public Colour Colour { get; init; }

        public int Hidden() => hidden;

        public Simple Hide(int value) => this with { hidden = value };
    }

    private sealed record Derived : Simple
    {
        public int More { get; init; }
    }

    private struct Pair
    {
        public int First;

        public double Second;
    }

    private static readonly Derived Sample = new()
    {
        Text = "text",
        Truth = true,
        Character = 'x',
        Small = 200,
        Signed = -3,
        Short = -30_000,
        UnsignedShort = 60_000,
        Unsigned = 4_000_000_000,
        Long = long.MinValue,
        UnsignedLong = ulong.MaxValue,
        Colour = Colour.Blue,
        More = 7,
    };

    private static IEnumerable<FieldInfo> Fields =>
        new[] { typeof(Derived), typeof(Simple) }.SelectMany(type =>
            type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));

    private static object? Other(FieldInfo field) => field.FieldType == typeof(string) ? "other"
        : field.FieldType.IsEnum ? Colour.Red
        : field.FieldType == typeof(int) ? 99
        : Activator.CreateInstance(field.FieldType);

    [Fact]
    public void ObjectsOfEqualFields_AreAlike() =>
        Assert.Null(Likeness.Difference(typeof(Simple), Sample, Sample with { Text = new string(['t', 'e', 'x', 't']) }));

    [Fact]
    public void ASimpleFieldThatDiffers_IsNamed_WhicheverItIs() => Assert.All(Fields, field =>
    {
        Assert.True(SimpleFields.IsSimple(field.FieldType), field.ToString());
        var other = Sample with { };
        field.SetValue(other, Other(field));
        Assert.NotNull(Likeness.Difference(typeof(Simple), Sample, other));
        Assert.NotNull(Likeness.Difference(typeof(Simple), other, Sample));
    });

    [Fact]
    public void ATextThatBecomesNull_Differs()
    {
        Assert.Equal("at Text: a value becomes null", Likeness.Difference(typeof(Simple), Sample, Sample with { Text = null }));
        Assert.Equal("at Text: null becomes a value", Likeness.Difference(typeof(Simple), Sample with { Text = null }, Sample));
        Assert.Null(Likeness.Difference(typeof(Simple), Sample with { Text = null }, Sample with { Text = null }));
    }

    [Fact]
    public void TheFirstFieldThatDiffers_IsTold_AsByReflection()
    {
        Assert.Equal(
            "at More: 7 becomes 8, which is not the same in every part",
            Likeness.Difference(typeof(Simple), Sample, Sample with { More = 8, Text = "other" }));
        Assert.Equal(
            "at hidden: 0 becomes 5, which is not the same in every part",
            Likeness.Difference(typeof(Simple), Sample, Sample.Hide(5)));
    }

    [Fact]
    public void OfAValueType_EachFieldCounts()
    {
        object pair = new Pair { First = 1, Second = 0.0 };
        Assert.Null(Likeness.Difference(typeof(object), pair, new Pair { First = 1, Second = 0.0 }));
        Assert.NotNull(Likeness.Difference(typeof(object), pair, new Pair { First = 2, Second = 0.0 }));
        Assert.NotNull(Likeness.Difference(typeof(object), pair, new Pair { First = 1, Second = -0.0 }));
    }

    [InlineArray(3)]
    private struct Three
    {
        private int first;
    }

    private sealed class Hiding
    {
        private Three more;

        public int Number { get; set; }

        public Hiding Hide(int last)
        {
            more[2] = last;
            return this;
        }

        public int Hidden() => more[2];
    }

    /// <summary>Reflection sees the first only; what cannot be compared is not said to be the same.</summary>
    [Fact]
    public void ElementsBehindOneField_AreNeverTheSame()
    {
        var (written, read) = (new Hiding { Number = 1 }.Hide(5), new Hiding { Number = 1 });
        Assert.NotEqual(written.Hidden(), read.Hidden());
        Assert.Equal("at more: of its elements only the first can be compared", Likeness.Difference(typeof(Hiding), written, read));
    }

    [Fact]
    public void TypesWithMoreThanTheirEqualityShows_AreNotSimple() => Assert.All(
        new[] { typeof(double), typeof(float), typeof(decimal), typeof(DateTimeOffset), typeof(DateTime), typeof(object), typeof(int?) },
        type => Assert.False(SimpleFields.IsSimple(type)));

    [Fact]
    public void AComparison_AllocatesNothing_WhereFieldsAreSimple()
    {
        var other = Sample with { };
        for (var round = 0; round < 100; round++) Likeness.Difference(typeof(Simple), Sample, other);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++) Likeness.Difference(typeof(Simple), Sample, other);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }
}
