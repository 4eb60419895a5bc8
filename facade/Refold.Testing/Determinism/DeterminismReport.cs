// What deciding again in further processes came to, culture by culture.
// Answered by Determinism.CheckAsync; asserted by tests.
using System.Globalization;

namespace Refold.Testing;

/// <summary>The first difference between the recording and the result of a process.</summary>
/// <param name="Run">The run.</param>
/// <param name="Position">The position of the entry.</param>
/// <param name="Stream">The entry's stream.</param>
/// <param name="Version">The version of the entry.</param>
/// <param name="Path">JSON pointer (RFC 6901) into the entry's NDJSON form; empty for the whole entry.</param>
/// <param name="Expected">The recorded value.</param>
/// <param name="Actual">The value of the process.</param>
/// <param name="Cause">The cause, as verification names it.</param>
/// <param name="Pass">1: when it was decided for the first time in the process; 2: only then, since something outside the state remembered
/// the first.</param>
/// <param name="Text">The divergence in three lines, the command and the state before it, where there are any.</param>
public sealed record DeterminismDifference(
    RunId Run,
    long Position,
    StreamId Stream,
    long Version,
    string Path,
    string Expected,
    string Actual,
    DivergenceCause Cause,
    int Pass,
    string Text)
{
    /// <summary>The divergence, the command and the state before it; and what pass 2 means.</summary>
    /// <returns>The lines, separated by LF.</returns>
    public override string ToString() => Pass == 1
        ? Text
        : Text + "\nonly when decided for the second time in the process: something outside the state remembers the first time";
}

/// <summary>The verdict of one culture.</summary>
/// <param name="Culture">Its name; empty for the invariant one.</param>
/// <param name="Runs">How many runs were decided again.</param>
/// <param name="Derived">How many entries were made again and compared, each pass counted.</param>
/// <param name="Difference">The first difference; null where everything matches.</param>
public sealed record CultureVerdict(string Culture, int Runs, long Derived, DeterminismDifference? Difference)
{
    /// <summary>Whether every entry matches.</summary>
    public bool Matched => Difference is null;

    /// <summary>The culture and its verdict.</summary>
    /// <returns>One line, or more with a difference.</returns>
    public override string ToString() => (Culture == "" ? "invariant" : Culture) + ": "
        + (Difference is null
            ? string.Create(CultureInfo.InvariantCulture, $"matched, {Runs} runs, {Derived} entries made again")
            : "differs\n" + Difference);
}

/// <summary>The verdicts of all cultures. Immutable.</summary>
public sealed class DeterminismReport
{
    internal DeterminismReport(IReadOnlyList<CultureVerdict> cultures) => Cultures = cultures;

    /// <summary>Culture by culture, in the order of the options.</summary>
    public IReadOnlyList<CultureVerdict> Cultures { get; }

    /// <summary>Whether every entry matches under every culture.</summary>
    public bool Matched => Cultures.All(culture => culture.Matched);

    /// <summary>Throws where something differs; as a test does.</summary>
    /// <returns>This.</returns>
    /// <exception cref="ScenarioException">An entry differs; the message is the text of the report.</exception>
    public DeterminismReport ThrowIfDiverged()
    {
        if (Cultures.FirstOrDefault(culture => !culture.Matched)?.Difference is not { } found) return this;
        throw new ScenarioException(
            ToString(), new ScenarioDifference(0, "the entry", found.Path, null, found.Expected, found.Actual));
    }

    /// <summary>Each culture and its verdict.</summary>
    /// <returns>The lines, separated by LF.</returns>
    public override string ToString() => string.Join('\n', Cultures);
}
