// What is wrong with the table of a machine, and the exception with all of it.
// Answered by MachineBuilder.TryBuild; thrown by Build.
namespace Refold;

/// <summary>Something that is wrong with a table.</summary>
/// <param name="Code">The stable code: <c>missing-initial</c>, <c>missing-codec</c>, <c>missing-names</c>, <c>missing-refusal</c>,
/// <c>unknown-state</c>, <c>unknown-command</c>, <c>unknown-event</c>, <c>unreachable-state</c>, <c>duplicate-row</c> or
/// <c>row-never-taken</c>.</param>
/// <param name="State">The name of the state; null where it is about none or every.</param>
/// <param name="On">The name of the command or event; null where it is about none.</param>
/// <param name="Message">One sentence.</param>
public sealed record MachineDefect(string Code, string? State, string? On, string Message)
{
    /// <summary>Code and sentence.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Code}: {Message}";
}

/// <summary>The table of a machine is not in order. Correct what <see cref="Defects"/> names.</summary>
public sealed class MachineException : JournalException
{
    internal MachineException(string category, IReadOnlyList<MachineDefect> defects)
        : base(
            "machine-not-built",
            $"The machine '{category}' cannot be built: {string.Join("; ", defects.Select(one => one.Message))}.") => Defects = defects;

    /// <summary>Everything that is wrong, at least one.</summary>
    public IReadOnlyList<MachineDefect> Defects { get; }
}
