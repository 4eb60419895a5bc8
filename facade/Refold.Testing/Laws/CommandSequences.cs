// Laws of an aggregate over random sequences of commands, with FsCheck: each named by its seed, a failing one shrunk to the shortest.
// Called by the tests of whoever writes aggregates.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Refold.Testing;

/// <summary>Checking what always has to hold.</summary>
public static class CommandSequences
{
    // FsCheck wants an odd one; fixed, so that the seed alone names a sequence.
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    // Above it, pairs would be too many.
    private const int MostForPairs = 24;

    /// <summary>Decides random sequences of commands on a stream without entries, and asks the law after every command:
    /// <c>CommandSequences.Check(Order.Aggregate, commands, step => step.State.Points >= 0)</c>.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="commands">Draws commands, and shrinks one.</param>
    /// <param name="law">Whether what has to hold holds after a command; what it throws, as an assertion does, is its "no" with a
    /// reason.</param>
    /// <param name="options">How many sequences, how long, from which seed.</param>
    /// <exception cref="CommandSequenceException">The law is broken, or the aggregate's code throws: the message has the shortest sequence
    /// and the seed that finds it again.</exception>
    public static void Check<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        Arbitrary<TCommand> commands,
        Func<SequenceStep<TState, TCommand, TEvent, TError>, bool> law,
        CommandSequenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        ArgumentNullException.ThrowIfNull(commands);
        ArgumentNullException.ThrowIfNull(law);
        options = (options ?? new CommandSequenceOptions()).Validated();
        var first = options.Seed ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        for (var seed = first; seed - first < (ulong)options.Sequences; seed++)
            Check(seed, commands, options.MostCommands, drawn => LawRun.Broken(aggregate, drawn, law));
    }

    private static void Check<TCommand>(
        ulong seed, Arbitrary<TCommand> commands, int most, Func<TCommand[], BrokenLaw?> brokenBy)
    {
        (int Length, BrokenLaw Broken)? smallest = null;
        var sequences = Arb.From(
            from count in Gen.Choose(1, most) from drawn in commands.Generator.ArrayOf(count) select drawn,
            failing => SequenceShrinking.Shrink(failing, commands.Shrinker)
                .Concat(failing.Length <= MostForPairs ? SequenceShrinking.WithoutPairs(failing) : []));
        // FsCheck's sizes grow with the number of tests; here each seed is one test, and has a size of its own.
        int size = 1 + (int)(seed % 100);
        var config = Config.QuickThrowOnFailure.WithMaxTest(1).WithStartSize(size).WithEndSize(size)
            .WithReplay(seed, Gamma).WithQuietOnSuccess(true);
        try
        {
            Prop.ForAll(sequences, drawn =>
            {
                if (brokenBy(drawn) is not { } broken) return true;
                // Shrinking goes on from what fails, so the last failure is the smallest.
                smallest = (drawn.Length, broken);
                return false;
            }).Check(config);
        }
        catch (Exception) when (smallest is not null)
        {
            var (length, broken) = smallest.Value;
            throw new CommandSequenceException(seed, length, Describe(seed, broken), broken.Thrown);
        }
    }

    private static string Describe(ulong seed, BrokenLaw broken)
    {
        var text = new StringBuilder(broken.Reason)
            .Append(
                CultureInfo.InvariantCulture,
                $"\nseed {seed}; again: new CommandSequenceOptions {{ Seed = {seed}, Sequences = 1 }}\nshortest sequence:");
        for (int step = 0; step < broken.Lines.Count; step++)
            text.Append(CultureInfo.InvariantCulture, $"\n  {step + 1}. {broken.Lines[step]}");
        return text.Append("\nstate: ").Append(broken.State).ToString();
    }
}

/// <summary>How many sequences, how long, from which seed.</summary>
public sealed record CommandSequenceOptions
{
    /// <summary>How many sequences are drawn.</summary>
    /// <value>Default: 100. At least 1.</value>
    public int Sequences { get; init; } = 100;

    /// <summary>The most commands of a sequence.</summary>
    /// <value>Default: 30. At least 1.</value>
    public int MostCommands { get; init; } = 30;

    /// <summary>The seed of the first sequence; the next ones have the next numbers.</summary>
    /// <value>Default: null, a fresh one, which the message of a failure names.</value>
    public ulong? Seed { get; init; }

    internal CommandSequenceOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Sequences, 1, nameof(Sequences));
        ArgumentOutOfRangeException.ThrowIfLessThan(MostCommands, 1, nameof(MostCommands));
        return this;
    }
}

/// <summary>A law is broken, or the aggregate's code throws. The message has the shortest sequence of commands that shows it.</summary>
public sealed class CommandSequenceException : Exception
{
    internal CommandSequenceException(ulong seed, int commands, string message, Exception? innerException)
        : base(message, innerException) => (Seed, Commands) = (seed, commands);

    /// <summary>The seed that finds it again, as <see cref="CommandSequenceOptions.Seed"/> with one sequence.</summary>
    public ulong Seed { get; }

    /// <summary>How many commands the shortest sequence has.</summary>
    public int Commands { get; }
}
