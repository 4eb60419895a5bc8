// The refusal of a command that a machine has no row for, with its codec.
// Made by machines; recorded and verified like any refusal.
using System.Text.Json.Serialization;

namespace Refold;

/// <summary>A command is illegal in a state: there is no row for it, or the guard of none holds. A value like any refusal.</summary>
/// <param name="State">The name of the state.</param>
/// <param name="Command">The name of the command.</param>
/// <param name="Guards">The names of the guards that did not hold, in the order of the rows; empty where there is no row.</param>
public sealed record IllegalTransition(string State, string Command, IReadOnlyList<string> Guards)
{
    /// <summary>Its form: a JSON object of the entry type <c>illegal-transition</c>.</summary>
    public static Codec<IllegalTransition> Codec { get; } =
        Refold.Codec.Json(MachineJson.Default.IllegalTransition, "illegal-transition");

    /// <summary>Whether both name the same.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(IllegalTransition? other) =>
        other is not null && State == other.State && Command == other.Command
            && Guards.SequenceEqual(other.Guards, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(State.Length, Command.Length, Guards.Count);

    /// <summary>What is illegal, and why.</summary>
    /// <returns>One sentence.</returns>
    public override string ToString() =>
        $"'{Command}' is illegal in the state '{State}'" + (Guards.Count == 0 ? "" : $": {string.Join(", ", Guards)} did not hold");
}

/// <summary>The metadata of what machines record.</summary>
[JsonSerializable(typeof(IllegalTransition))]
internal sealed partial class MachineJson : JsonSerializerContext;
