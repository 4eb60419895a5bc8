// What a decision may depend on besides state and command. The core's Step, mirrored.
// Handed to Decide by runs, and again by verification.
using Refold.Interop;

namespace Refold;

/// <summary>What a decision may depend on besides state and command, and nothing else.</summary>
/// <param name="Now">The recorded time of the step, UTC; never a clock.</param>
/// <param name="CommandId">The id of the command entry.</param>
/// <param name="Random">This step's own generator; a draw after the step throws <see cref="ObjectDisposedException"/>.</param>
public sealed record Step(DateTimeOffset Now, Guid CommandId, SeededRng Random)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(Step), PrintMembers);
}
