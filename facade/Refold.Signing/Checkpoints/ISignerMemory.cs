// What a signer said last: kept so durably that it never says anything else about the same history.
// Implemented by FileSignerMemory and InMemorySignerMemory, and by users over a database; asked by CheckpointSigner.
namespace Refold.Signing;

/// <summary>A tree that was signed under an origin, or is about to be.</summary>
/// <param name="Origin">The origin.</param>
/// <param name="Tree">The size and the root.</param>
public sealed record RememberedTree(string Origin, TreeHead Tree);

/// <summary>Remembers what was signed last under one origin. It belongs to the key, not to the journal: a backup of the journal that is put
/// back must not bring an older memory along.</summary>
/// <remarks>Safe for use by many threads, and by many processes where it lets in more than one.</remarks>
public interface ISignerMemory
{
    /// <summary>What was signed last, or was about to be; size 0 where nothing was.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The origin and the tree.</returns>
    /// <exception cref="SigningRefusedException">It cannot be known for sure. A memory never answers that nothing was signed because
    /// something is missing.</exception>
    ValueTask<RememberedTree> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>Remembers a tree, unless something else than expected is remembered. Durable when this returns: the signature leaves
    /// afterwards.</summary>
    /// <param name="next">What is about to be signed; it may be the same as before.</param>
    /// <param name="before">What <see cref="ReadAsync"/> answered.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write that began.</param>
    /// <returns>False where something else is remembered by now; nothing is changed then.</returns>
    /// <exception cref="SigningRefusedException">It was not remembered, or that is not sure.</exception>
    ValueTask<bool> TryRememberAsync(RememberedTree next, RememberedTree before, CancellationToken cancellationToken = default);
}
