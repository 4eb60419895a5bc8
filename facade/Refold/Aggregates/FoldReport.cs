// A state at a version, and how it was folded. The core's FoldReport, mirrored.
// Answered by FoldAsync and LoadAsync.
using Refold.Interop;

namespace Refold;

/// <summary>A state and the version it belongs to.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <param name="State">The state.</param>
/// <param name="Version">The version of the last entry that is in it; 0 for none.</param>
public sealed record FoldedState<TState>(TState State, long Version)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(FoldedState<TState>), PrintMembers);
}

/// <summary>What folding a stream came to. Nothing is decided and nothing drawn.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <param name="State">The state after the last entry that could be applied.</param>
/// <param name="Version">The version of the last entry that is in it; 0 for none.</param>
/// <param name="Entries">Entries consumed: applied and checked ones.</param>
/// <param name="Applied">Entries applied: facts, events, unmarked ones.</param>
/// <param name="Upcast">Applied entries of an older schema version than the codec's.</param>
/// <param name="Checked">Entries of other roles: counted, not applied.</param>
/// <param name="Divergence">The first thing that is not as it should be. A codec that is not faithful lets the fold go on; all else ends
/// it before that entry.</param>
/// <param name="StateHash">The state hash, 64 hexadecimal digits; null where the aggregate has no state codec.</param>
public sealed record FoldReport<TState>(
    TState State,
    long Version,
    long Entries,
    long Applied,
    long Upcast,
    long Checked,
    Divergence? Divergence,
    string? StateHash)
{
    /// <summary>Whether nothing differs.</summary>
    public bool Matched => Divergence is null;

    /// <summary>Applied entries in which something is redacted (<see cref="Codec{T}.WithRedaction"/>).</summary>
    public long Redacted { get; init; }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(FoldReport<TState>), PrintMembers);
}
