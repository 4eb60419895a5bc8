// A signer's memory that ends with the process.
// For tests, and as the shortest example of ISignerMemory.
namespace Refold.Signing;

/// <summary>Remembers in this process alone: for tests. Whoever signs in earnest takes <see cref="FileSignerMemory"/>.</summary>
public sealed class InMemorySignerMemory : ISignerMemory
{
    private readonly Lock gate = new();
    private RememberedTree last;

    /// <summary>Begins.</summary>
    /// <param name="origin">The origin that is signed under.</param>
    /// <param name="signed">What was signed last; nothing where null.</param>
    public InMemorySignerMemory(string origin, TreeHead? signed = null)
    {
        KeyName.Require(origin, nameof(origin));
        last = new RememberedTree(origin, signed ?? TreeHead.Empty);
    }

    /// <inheritdoc/>
    public ValueTask<RememberedTree> ReadAsync(CancellationToken cancellationToken = default)
    {
        lock (gate) return ValueTask.FromResult(last);
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryRememberAsync(RememberedTree next, RememberedTree before, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        lock (gate)
        {
            if (last != before) return ValueTask.FromResult(false);
            last = next;
            return ValueTask.FromResult(true);
        }
    }
}
