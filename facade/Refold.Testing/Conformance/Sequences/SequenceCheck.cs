// Random sequences of commands against the model: each named by its seed, a failing one shrunk to a small one.
// Run by JournalConformance as the last of its cases.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Refold.Testing;

internal static class SequenceCases
{
    // FsCheck wants an odd one; fixed, so that the seed alone names a sequence.
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    public static IReadOnlyList<JournalCase> All { get; } =
    [
        new("random sequences of commands are answered as by the model", JournalCapabilities.None,
            (bench, create) => Task.Run(() => Run(create, bench.Options))),
    ];

    private static string Run(Func<JournalFixture> create, ConformanceOptions options)
    {
        var first = options.Seed ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        for (var seed = first; seed - first < (ulong)options.Sequences; seed++) Check(create, options, seed);
        return string.Create(
            CultureInfo.InvariantCulture, $"{options.Sequences} sequences, seeds {first} to {first + (ulong)options.Sequences - 1}");
    }

    private static void Check(Func<JournalFixture> create, ConformanceOptions options, ulong seed)
    {
        (JournalCommand[] Commands, ConformanceException Failure)? smallest = null;
        var config = Config.QuickThrowOnFailure.WithMaxTest(1).WithReplay(seed, Gamma).WithQuietOnSuccess(true);
        try
        {
            Prop.ForAll(CommandGenerator.Sequences(options.MostCommands), commands =>
            {
                // What hangs is told as it is: each attempt to shrink it would hang as long.
                if (smallest is { Failure.IsHanging: true }) return true;
                try
                {
                    ExecuteAsync(create, options, commands).GetAwaiter().GetResult();
                    return true;
                }
                catch (ConformanceException failure)
                {
                    // Shrinking goes on from what fails, so the last failure is the smallest.
                    smallest = (commands, failure);
                    return false;
                }
            }).Check(config);
        }
        catch (Exception exception) when (smallest is not null)
        {
            throw new ConformanceException(
                Describe(seed, smallest.Value.Commands, smallest.Value.Failure),
                exception is ConformanceException ? exception : smallest.Value.Failure.InnerException);
        }
    }

    private static async Task ExecuteAsync(Func<JournalFixture> create, ConformanceOptions options, JournalCommand[] commands)
    {
        var bench = new JournalBench(create(), options);
        await using (bench)
        {
            await bench.OpenAsync();
            var run = new SequenceRun(bench);
            await using (run) await run.RunAsync(commands);
        }
    }

    private static string Describe(ulong seed, JournalCommand[] commands, ConformanceException failure)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture, $"seed {seed}; again: new ConformanceOptions {{ Seed = {seed}, Sequences = 1 }}\nshrunk to:");
        for (var step = 0; step < commands.Length; step++) text.Append(CultureInfo.InvariantCulture, $"\n  {step + 1}. {commands[step]}");
        return text.Append('\n').Append(failure.Message).ToString();
    }
}
