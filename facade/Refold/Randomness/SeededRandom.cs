// System.Random over a seeded generator: every virtual member overridden over one core function, so that the runtime's own algorithm
// is never asked. A reflection test fails when a runtime adds a virtual member. Made by SeededRngExtensions.AsRandom.
namespace Refold;

/// <summary>A <see cref="Random"/> that draws from a <see cref="SeededRng"/>. An empty range gives its
/// lower bound and draws nothing.</summary>
// The seed given to the base is never used; without one the base would take entropy from the machine.
internal sealed class SeededRandom(SeededRng rng) : Random(0)
{
    // 24 bits, as many as a float has digits: a multiple of 2^-24.
    private const int SingleValues = 1 << 24;

    /// <summary>0 to 2^31 - 2: <c>Sample.between</c>.</summary>
    public override int Next() => Core.Sample.between(0, int.MaxValue - 1, rng);

    /// <summary>0 to one below the bound: <c>Sample.between</c>.</summary>
    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return Next(0, maxValue);
    }

    /// <summary>The lower bound to one below the upper: <c>Sample.between</c>.</summary>
    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return minValue == maxValue ? minValue : Core.Sample.between(minValue, maxValue - 1, rng);
    }

    /// <summary>0 to 2^63 - 2: <c>Sample.betweenInt64</c>.</summary>
    public override long NextInt64() => Core.Sample.betweenInt64(0, long.MaxValue - 1, rng);

    /// <summary>0 to one below the bound: <c>Sample.betweenInt64</c>.</summary>
    public override long NextInt64(long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return NextInt64(0, maxValue);
    }

    /// <summary>The lower bound to one below the upper: <c>Sample.betweenInt64</c>.</summary>
    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return minValue == maxValue ? minValue : Core.Sample.betweenInt64(minValue, maxValue - 1, rng);
    }

    /// <summary>0 (included) to 1 (excluded): the upper 24 bits of a word, by <c>Sample.between</c>.</summary>
    public override float NextSingle() => Core.Sample.between(0, SingleValues - 1, rng) * (1f / SingleValues);

    /// <summary>0 (included) to 1 (excluded): <c>Sample.double</c>.</summary>
    public override double NextDouble() => Core.Sample.@double(rng);

    /// <summary>Key stream bytes: <see cref="SeededRng.Fill"/>.</summary>
    public override void NextBytes(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        rng.Fill(buffer);
    }

    /// <summary>Key stream bytes: <see cref="SeededRng.Fill"/>.</summary>
    public override void NextBytes(Span<byte> buffer) => rng.Fill(buffer);

    /// <summary>As <see cref="NextDouble"/>.</summary>
    protected override double Sample() => Core.Sample.@double(rng);
}
