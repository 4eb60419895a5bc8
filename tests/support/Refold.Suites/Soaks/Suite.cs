// A suite: cases drawn from consecutive seeds, few of them as a test, many as a soak.
// Run by the test that bears its sentence (the short form), and by Soak.
using System.Globalization;
using System.Security.Cryptography;
using Xunit.Abstractions;

namespace Refold.Suites;

/// <summary>A case of a suite failed; the message begins with the line that repeats it.</summary>
internal sealed class SuiteFailedException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A suite.</summary>
/// <param name="name">What the soak calls it.</param>
/// <param name="shortCases">How many cases its test runs.</param>
/// <param name="soakCases">How many the soak runs.</param>
/// <param name="run">Runs the case of a seed, counts what it met, and throws where something is wrong. The seed
/// names everything that is drawn.</param>
internal sealed class Suite(string name, int shortCases, int soakCases, Func<Tally, ulong, Task> run)
{
    public string Name => name;

    public int ShortCases { get; } = shortCases;

    public int SoakCases => soakCases;

    /// <summary>What of a case the short form runs; what fails in it fails in the whole case of that seed too.</summary>
    /// <value>Default: all of it.</value>
    public Func<Tally, ulong, Task>? Short { get; init; }

    /// <summary>What all cases together must have met: null, or what is missing.</summary>
    public Func<Tally, string?> Missing { get; init; } = _ => null;

    /// <summary>From how many cases on a soak must have met that: as many as leave nothing to chance.</summary>
    /// <value>Default: as many as the short form has.</value>
    public int TellingCases { get; init; } = shortCases;

    /// <summary>Runs the case of a seed.</summary>
    /// <exception cref="SuiteFailedException">It failed.</exception>
    public Task RunCaseAsync(Tally tally, ulong seed) => RunCaseAsync(run, tally, seed);

    /// <summary>The short form: half of its cases have the seeds 1, 2, ..., the others, and a single one, fresh ones, which are
    /// said.</summary>
    /// <exception cref="SuiteFailedException">A case failed, or the cases did not meet what they must.</exception>
    public Task HoldsAsync(ITestOutputHelper output)
    {
        var half = (ulong)ShortCases / 2;
        var fresh = Fresh();
        return HoldsAsync(
            output,
            [
                .. Enumerable.Range(0, ShortCases)
                    .Select(number => (ulong)number)
                    .Select(number => number < half ? 1 + number : fresh + number - half)]);
    }

    /// <summary>The short form of one kind, where the remainder of a seed chooses the kind of its case: of several cases half
    /// have the first seeds of the kind, the others fresh ones.</summary>
    /// <param name="output">Where seeds and counts are said.</param>
    /// <param name="kinds">Every kind; a seed's remainder is the place of its kind.</param>
    /// <param name="kind">The kind.</param>
    /// <exception cref="SuiteFailedException">A case failed.</exception>
    public Task HoldsAsync<T>(ITestOutputHelper output, IReadOnlyList<T> kinds, T kind)
    {
        var found = kinds.ToList().IndexOf(kind);
        if (found < 0) throw new ArgumentException($"There is no kind {kind}.", nameof(kind));
        var (fresh, count, place) = (Fresh(), (ulong)kinds.Count, (ulong)found);
        var cases = Math.Max(1, ShortCases / kinds.Count);
        return HoldsAsync(
            output,
            [
                .. Enumerable.Range(0, cases)
                    .Select(number => (ulong)number + (number < cases / 2 ? 1 : fresh))
                    .Select(turn => turn * count + place)]);
    }

    private async Task HoldsAsync(ITestOutputHelper output, ulong[] seeds)
    {
        var tally = new Tally();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {seeds.Length} cases, the last of seed {seeds[^1]}"));
        foreach (var seed in seeds) await RunCaseAsync(Short ?? run, tally, seed);
        output.WriteLine(tally.ToString());
        if (Missing(tally) is { } missing) throw new SuiteFailedException($"{name}: {missing} ({tally})");
    }

    private async Task RunCaseAsync(Func<Tally, ulong, Task> part, Tally tally, ulong seed)
    {
        tally.Cases++;
        try
        {
            await part(tally, seed);
        }
        catch (Exception exception)
        {
            throw new SuiteFailedException($"{Again(seed)}\n{exception}", exception);
        }
    }

    private static ulong Fresh() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));

    /// <summary>The line that repeats a case.</summary>
    private string Again(ulong seed) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"again: dotnet run --project properties -c Release -- soak --suite {name} --seed {seed} --cases 1");
}
