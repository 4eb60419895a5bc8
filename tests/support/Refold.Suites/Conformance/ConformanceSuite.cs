// The conformance suite of one store, as tests run it case by case, and its random sequences as a suite of the soak.
// Used by ConformanceSuites.
using Xunit.Abstractions;

namespace Refold.Suites;

/// <summary>A store's conformance: each named case once, and random sequences, each of a seed of its own.</summary>
internal sealed class ConformanceSuite
{
    private readonly Func<string, Task<ConformanceResult>> runCase;

    private ConformanceSuite(
        string name, int shortCases, int soakCases, IReadOnlyList<string> cases,
        Func<string, Task<ConformanceResult>> runCase, Func<string, ulong, Task<ConformanceResult>> runSeed)
    {
        (Cases, this.runCase) = (cases, runCase);
        // The last case of the kit is the random sequences.
        Sequences = new Suite(
            "conformance-" + name, shortCases, soakCases, async (_, seed) => (await runSeed(cases[^1], seed)).ThrowIfFailed());
    }

    /// <summary>The name of every case; the last one is the random sequences.</summary>
    public IReadOnlyList<string> Cases { get; }

    /// <summary>The random sequences.</summary>
    public Suite Sequences { get; }

    /// <summary>The suite of a journal.</summary>
    public static ConformanceSuite Of(string name, int shortCases, Func<JournalFixture> create, int soakCases = 2000)
    {
        var kit = new JournalConformance(name, create);
        return new(
            name, shortCases, soakCases, [.. kit.Cases.Select(item => item.Name)], kit.RunAsync,
            (item, seed) => new JournalConformance(name, create, Single(seed)).RunAsync(item));
    }

    /// <summary>The suite of a snapshot store.</summary>
    public static ConformanceSuite Of(string name, int shortCases, Func<SnapshotFixture> create, int soakCases = 2000)
    {
        var kit = new SnapshotConformance(name, create);
        return new(
            name, shortCases, soakCases, [.. kit.Cases.Select(item => item.Name)], kit.RunAsync,
            (item, seed) => new SnapshotConformance(name, create, Single(seed)).RunAsync(item));
    }

    /// <summary>Runs a case; the random sequences in their short form.</summary>
    public async Task HoldsAsync(ITestOutputHelper output, string name)
    {
        if (name == Cases[^1]) await Sequences.HoldsAsync(output);
        else output.WriteLine((await runCase(name)).ThrowIfFailed().ToString());
    }

    private static ConformanceOptions Single(ulong seed) => new() { Seed = seed, Sequences = 1 };
}
