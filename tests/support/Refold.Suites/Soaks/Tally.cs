// What the cases of a suite met: how many there were, how many faults, refusals and so on.
// Used by suites, to say it and to notice that nothing was tried.
using System.Globalization;

namespace Refold.Suites;

/// <summary>Counts by name.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<string, long> counts = new(StringComparer.Ordinal);

    /// <summary>How many cases were run.</summary>
    public int Cases { get; set; }

    /// <summary>A count; 0 where nothing was added.</summary>
    public long this[string name] => counts.GetValueOrDefault(name);

    public void Add(string name, long count = 1) => counts[name] = this[name] + count;

    public override string ToString() => string.Join(
        ", ", counts.Select(item => string.Create(CultureInfo.InvariantCulture, $"{item.Value} {item.Key}"))
            .Prepend(string.Create(CultureInfo.InvariantCulture, $"{Cases} cases")));
}
