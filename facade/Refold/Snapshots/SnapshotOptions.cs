// How a snapshot store is opened, and the rule which snapshots it lets go.
// Given to Snapshots.Open, and handed on to the store.
namespace Refold;

/// <summary>How <see cref="Snapshots.Open"/> opens a snapshot store. A store ignores options that do not concern it.</summary>
public sealed record SnapshotOptions
{
    /// <summary>How many snapshots of each stream are kept.</summary>
    /// <value>Default: 2, so that one is left when the newest is damaged. At least 1.</value>
    public int Retention { get; init; } = 2;

    /// <summary>Opens for reading: nothing is created or deleted, and saving throws. A <c>memory:</c> store is always empty when
    /// opened, so there it is refused.</summary>
    /// <value>Default: false.</value>
    public bool ReadOnly { get; init; }

    /// <summary>The versions of a stream that a store lets go after a save: all but the one just saved and the highest others. So snapshots
    /// of another history, with higher versions, do not push out the one that can be used.</summary>
    /// <param name="versions">The versions that are kept, the one just saved included; in any order.</param>
    /// <param name="saved">The version just saved.</param>
    /// <returns>The versions to let go.</returns>
    public IReadOnlyList<long> Superfluous(IEnumerable<long> versions, long saved)
    {
        ArgumentNullException.ThrowIfNull(versions);
        return [.. versions.Where(version => version != saved).Distinct().OrderDescending().Skip(Retention - 1)];
    }

    internal SnapshotOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Retention, 1);
        return this;
    }
}
