// Sampling for C#: the core's Sample functions as methods of the generator that a step is lent.
// Called by deciders.
namespace Refold;

/// <summary>Random values of many kinds. What a method draws and returns is frozen by golden vectors; a
/// better one gets a new name.</summary>
/// <remarks>A draw after the step that the generator was lent to throws <see cref="ObjectDisposedException"/>.</remarks>
public static class SeededRngExtensions
{
    /// <summary>An integer from one bound to the other, both included, all alike.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="low">The lowest.</param>
    /// <param name="high">The highest.</param>
    /// <returns>The integer. Draws 1 word, rarely more.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="high"/> is below <paramref name="low"/>.</exception>
    public static int Between(this SeededRng rng, int low, int high) => Core.Sample.between(low, high, Lent(rng));

    /// <summary>An integer from one bound to the other, both included, all alike.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="low">The lowest.</param>
    /// <param name="high">The highest.</param>
    /// <returns>The integer. Draws 2 words, rarely more.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="high"/> is below <paramref name="low"/>.</exception>
    public static long Between(this SeededRng rng, long low, long high) => Core.Sample.betweenInt64(low, high, Lent(rng));

    /// <summary>An integer from one bound to the other, both included, all alike.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="low">The lowest.</param>
    /// <param name="high">The highest.</param>
    /// <returns>The integer. Draws 2 words, rarely more.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="high"/> is below <paramref name="low"/>.</exception>
    public static ulong Between(this SeededRng rng, ulong low, ulong high) => Core.Sample.betweenUInt64(low, high, Lent(rng));

    /// <summary>True or false, alike.</summary>
    /// <param name="rng">The generator.</param>
    /// <returns>Either. Draws 1 word.</returns>
    public static bool NextBoolean(this SeededRng rng) => Core.Sample.@bool(Lent(rng));

    /// <summary>A double from 0 (included) to 1 (excluded), a multiple of 2^-53.</summary>
    /// <param name="rng">The generator.</param>
    /// <returns>The double. Draws 2 words.</returns>
    public static double NextDouble(this SeededRng rng) => Core.Sample.@double(Lent(rng));

    /// <summary>True with a probability.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="probability">0 to 1.</param>
    /// <returns>Whether it happened. Draws 2 words.</returns>
    /// <exception cref="ArgumentException">The probability is not from 0 to 1.</exception>
    public static bool Chance(this SeededRng rng, double probability) => Core.Sample.chance(probability, Lent(rng));

    /// <summary>Shuffles in place, all orders alike (Fisher-Yates).</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="rng">The generator.</param>
    /// <param name="items">The items. Draws a word less than there are, rarely more.</param>
    public static void Shuffle<T>(this SeededRng rng, T[] items) => Core.Sample.shuffleInPlace(items, Lent(rng));

    /// <summary>Shuffles in place, all orders alike (Fisher-Yates); the same order as for an array.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="rng">The generator.</param>
    /// <param name="items">The items. Draws a word less than there are, rarely more.</param>
    public static void Shuffle<T>(this SeededRng rng, Span<T> items)
    {
        var shuffled = items.ToArray();
        rng.Shuffle(shuffled);
        shuffled.CopyTo(items);
    }

    /// <summary>Shuffles in place, all orders alike (Fisher-Yates); the same order as for an array.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="rng">The generator.</param>
    /// <param name="items">The items. Draws a word less than there are, rarely more.</param>
    public static void Shuffle<T>(this SeededRng rng, IList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        var shuffled = items.ToArray();
        rng.Shuffle(shuffled);
        for (var index = 0; index < shuffled.Length; index++) items[index] = shuffled[index];
    }

    /// <summary>One of the items, all alike.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="rng">The generator.</param>
    /// <param name="items">At least one.</param>
    /// <returns>The item. Draws 1 word, rarely more.</returns>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static T Pick<T>(this SeededRng rng, IReadOnlyList<T> items) => Core.Sample.pick(items, Lent(rng));

    /// <summary>Some of the items, of different places, in the order drawn; all choices and orders alike.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="rng">The generator.</param>
    /// <param name="items">The items.</param>
    /// <param name="count">How many: 0 to as many as there are.</param>
    /// <returns>A new array. Draws a word for each, rarely more.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than there are.</exception>
    public static T[] Sample<T>(this SeededRng rng, IReadOnlyList<T> items, int count) =>
        Core.Sample.pickDifferent(count, items, Lent(rng));

    /// <summary>An index, each as likely as its weight says.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="weights">0 or more each; the total is 1 to 2^63 - 1.</param>
    /// <returns>The index. Draws 2 words, rarely more.</returns>
    /// <exception cref="ArgumentException">A weight is negative, or the total is out of its range.</exception>
    public static int WeightedIndex(this SeededRng rng, IReadOnlyList<long> weights) => Core.Sample.weightedIndex(weights, Lent(rng));

    /// <summary>An index, each as likely as its weight says.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="weights">0 or more each; the total is above 0 and finite.</param>
    /// <returns>The index. Draws 2 words.</returns>
    /// <exception cref="ArgumentException">A weight is negative, infinite or no number, or the total is out of its range.</exception>
    public static int WeightedIndex(this SeededRng rng, IReadOnlyList<double> weights) =>
        Core.Sample.weightedIndexDouble(weights, Lent(rng));

    /// <summary>One of the items, each as likely as its weight says.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="rng">The generator.</param>
    /// <param name="items">At least one.</param>
    /// <param name="weight">The weight of an item, 0 or more; the total is 1 to 2^63 - 1.</param>
    /// <returns>The item. Draws 2 words, rarely more.</returns>
    /// <exception cref="ArgumentException">A weight is negative, or the total is out of its range.</exception>
    public static T Weighted<T>(this SeededRng rng, IReadOnlyList<T> items, Func<T, long> weight)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(weight);
        return items[rng.WeightedIndex([.. items.Select(weight)])];
    }

    /// <summary>An exponentially distributed value.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="mean">The mean, 0 or more.</param>
    /// <returns>The value, 0 to 36.74 means. Draws 2 words.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The mean is negative, infinite or no number.</exception>
    public static double Exponential(this SeededRng rng, double mean) => Core.Sample.exponential(mean, Lent(rng));

    /// <summary>A normally distributed value.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="standardDeviation">The standard deviation, 0 or more.</param>
    /// <returns>The value. Draws 4 words, and another 4 with a probability of 0.215 each time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One of them is infinite or no number, or the deviation is negative.</exception>
    public static double Normal(this SeededRng rng, double mean, double standardDeviation) =>
        Core.Sample.normal(mean, standardDeviation, Lent(rng));

    /// <summary>A version 4 GUID (RFC 9562 section 5.4).</summary>
    /// <param name="rng">The generator.</param>
    /// <returns>The GUID. Draws 4 words.</returns>
    public static Guid NextGuid(this SeededRng rng) => Core.Sample.guid(Lent(rng));

    /// <summary>The generator as a <see cref="Random"/>, for code that asks for one.</summary>
    /// <param name="rng">The generator; it and the answer draw from one stream.</param>
    /// <returns>A <see cref="Random"/> whose every overridable member is frozen, like the methods here.</returns>
    /// <remarks>
    /// <see cref="Random.Shuffle{T}(T[])"/>, <see cref="Random.GetItems{T}(T[], int)"/> and the others that cannot be overridden are the
    /// runtime's and may draw otherwise in its next version: prefer <see cref="Shuffle{T}(SeededRng, T[])"/> and <see cref="Pick{T}"/>.
    /// </remarks>
    public static Random AsRandom(this SeededRng rng) => new SeededRandom(Lent(rng));

    private static SeededRng Lent(SeededRng rng)
    {
        ArgumentNullException.ThrowIfNull(rng);
        return rng;
    }
}
