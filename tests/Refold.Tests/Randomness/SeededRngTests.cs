// Sampling from C# and the System.Random face: the core's values, every virtual member overridden, nothing drawn after the step.
// Run by `dotnet test`.
using System.Reflection;
using Xunit;

namespace Refold.Tests.Randomness;

public class SeededRngTests
{
    private static SeededRng Rng() => SeededRng.FromSeed(42);

    [Fact]
    public void EveryMethod_GivesWhatTheCoreGives()
    {
        int[] items = [.. Enumerable.Range(0, 20)];
        Assert.Equal(Core.Sample.between(-5, 5, Rng()), Rng().Between(-5, 5));
        Assert.Equal(Core.Sample.betweenInt64(long.MinValue, 5, Rng()), Rng().Between(long.MinValue, 5));
        Assert.Equal(Core.Sample.betweenUInt64(5, ulong.MaxValue, Rng()), Rng().Between(5, ulong.MaxValue));
        Assert.Equal(Core.Sample.@bool(Rng()), Rng().NextBoolean());
        Assert.Equal(Core.Sample.@double(Rng()), Rng().NextDouble());
        Assert.Equal(Core.Sample.chance(0.5, Rng()), Rng().Chance(0.5));
        Assert.Equal(Core.Sample.pick(items, Rng()), Rng().Pick(items));
        Assert.Equal(Core.Sample.pickDifferent(7, items, Rng()), Rng().Sample(items, 7));
        Assert.Equal(Core.Sample.weightedIndex([1, 2, 3], Rng()), Rng().WeightedIndex([1L, 2, 3]));
        Assert.Equal(Core.Sample.weightedIndexDouble([1, 2, 3], Rng()), Rng().WeightedIndex([1.0, 2, 3]));
        Assert.Equal(items[Core.Sample.weightedIndex([.. items.Select(item => (long)item)], Rng())], Rng().Weighted(items, item => item));
        Assert.Equal(Core.Sample.exponential(2, Rng()), Rng().Exponential(2));
        Assert.Equal(Core.Sample.normal(1, 2, Rng()), Rng().Normal(1, 2));
        Assert.Equal(Core.Sample.guid(Rng()), Rng().NextGuid());
    }

    [Fact]
    public void Shuffle_GivesOneOrder_ForArraySpanAndList()
    {
        int[] expected = Core.Sample.shuffle(Enumerable.Range(0, 50).ToList(), Rng());
        int[] array = [.. Enumerable.Range(0, 50)];
        int[] span = [.. array];
        List<int> list = [.. array];
        Rng().Shuffle(array);
        Rng().Shuffle(span.AsSpan());
        Rng().Shuffle(list);
        Assert.Equal(expected, array);
        Assert.Equal(expected, span);
        Assert.Equal(expected, list);
        Assert.NotEqual(Enumerable.Range(0, 50), array);
    }

    [Fact]
    public void WrongArguments_AreRefused_AndDrawNothing()
    {
        var rng = Rng();
        Assert.Throws<ArgumentOutOfRangeException>(() => rng.Between(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rng.Between(2L, 1L));
        Assert.Throws<ArgumentException>(() => rng.Chance(double.NaN));
        Assert.Throws<ArgumentException>(() => rng.Pick(Array.Empty<int>()));
        Assert.Throws<ArgumentOutOfRangeException>(() => rng.Sample([1, 2], 3));
        Assert.Throws<ArgumentException>(() => rng.WeightedIndex(new long[] { 0, 0 }));
        Assert.Throws<ArgumentException>(() => rng.Weighted(Array.Empty<int>(), _ => 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rng.Exponential(-1));
        Assert.Throws<ArgumentNullException>(() => rng.Shuffle((IList<int>)null!));
        Assert.Throws<ArgumentNullException>(() => rng.Weighted<int>([1], null!));
        Assert.Throws<ArgumentNullException>(() => ((SeededRng)null!).Between(1, 2));
        Assert.Throws<ArgumentNullException>(() => ((SeededRng)null!).AsRandom());
        Assert.Equal(0UL, rng.WordsDrawn);
    }

    [Fact]
    public void AsRandom_OverridesEveryVirtualMemberOfThisRuntime()
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var random = Rng().AsRandom().GetType();
        var virtuals = typeof(Random)
            .GetMethods(all)
            .Where(method => method.IsVirtual && !method.IsFinal && method.DeclaringType == typeof(Random))
            .ToList();
        Assert.True(virtuals.Count >= 11);
        Assert.All(virtuals, method =>
        {
            var own = random.GetMethod(method.Name, all, [.. method.GetParameters().Select(parameter => parameter.ParameterType)]);
            Assert.True(own?.DeclaringType == random, $"{method} is new in this runtime: override it.");
        });
    }

    [Fact]
    public void AsRandom_DrawsFromTheSameStream_ByTheDocumentedFunctions()
    {
        var shared = Rng();
        var random = shared.AsRandom();
        var expected = Rng();
        Assert.Equal(Core.Sample.between(0, int.MaxValue - 1, expected), random.Next());
        Assert.Equal(Core.Sample.between(0, 9, expected), random.Next(10));
        Assert.Equal(Core.Sample.between(-3, 2, expected), random.Next(-3, 3));
        Assert.Equal(Core.Sample.betweenInt64(0, long.MaxValue - 1, expected), random.NextInt64());
        Assert.Equal(Core.Sample.betweenInt64(0, 9, expected), random.NextInt64(10));
        Assert.Equal(Core.Sample.betweenInt64(-3, 2, expected), random.NextInt64(-3, 3));
        Assert.Equal((expected.NextUInt32() >>> 8) / 16777216f, random.NextSingle());
        Assert.Equal(Core.Sample.@double(expected), random.NextDouble());
        byte[] bytes = new byte[7], span = new byte[7], expectedBytes = new byte[7];
        random.NextBytes(bytes);
        expected.Fill(expectedBytes);
        Assert.Equal(expectedBytes, bytes);
        random.NextBytes(span.AsSpan());
        expected.Fill(expectedBytes);
        Assert.Equal(expectedBytes, span);
        Assert.Equal(expected.State, shared.State);
    }

    [Fact]
    public void AsRandom_EmptyRange_IsTheLowerBound_AndDrawsNothing()
    {
        var rng = Rng();
        var random = rng.AsRandom();
        Assert.Equal((0, 5, 0L, -5L), (random.Next(0), random.Next(5, 5), random.NextInt64(0), random.NextInt64(-5, -5)));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Next(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Next(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt64(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt64(2, 1));
        Assert.Throws<ArgumentNullException>(() => random.NextBytes(null!));
        Assert.Equal(0UL, rng.WordsDrawn);
    }

    [Fact]
    public void AfterTheStep_EveryDrawThrows()
    {
        var rng = Rng();
        var random = rng.AsRandom();
        rng.End();
        Assert.Throws<ObjectDisposedException>(() => rng.Between(1, 6));
        Assert.Throws<ObjectDisposedException>(() => rng.Shuffle([1, 2, 3]));
        Assert.Throws<ObjectDisposedException>(() => random.Next());
        Assert.Throws<ObjectDisposedException>(() => random.NextDouble());
        Assert.Throws<ObjectDisposedException>(() => random.NextBytes(new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => random.Shuffle(new[] { 1, 2 }));
    }
}
