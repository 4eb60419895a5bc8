// The conformance suite of journals: a named case for each promise that is not about files, and random sequences against the model.
// Run by the tests of a store, or by a plain program: `await new JournalConformance("mine", () => new MyFixture()).RunAsync()`.
namespace Refold.Testing;

/// <summary>A case of a suite.</summary>
/// <param name="Name">The promise, as a sentence.</param>
/// <param name="Needs">The capabilities that a store with this promise declares.</param>
public sealed record ConformanceCase(string Name, JournalCapabilities Needs);

/// <summary>Whether a store is a journal: what <see cref="IJournal"/> and the storage rules promise.</summary>
public sealed class JournalConformance
{
    private readonly Func<JournalFixture> create;
    private readonly ConformanceOptions options;
    private readonly IReadOnlyList<JournalCase> cases =
    [
        .. AppendCases.All, .. ExpectedVersionCases.All, .. LimitCases.All, .. KeyCases.All, .. GateCases.All,
        .. RequiredGateCases.All, .. ConditionCases.All,
        .. ReadCases.All, .. QueryCases.All,
        .. DeletionCases.All, .. RestoreCases.All, .. SubscriptionCases.All, .. LifetimeCases.All, .. ConcurrencyCases.All,
        .. ProofCases.All,
        .. SequenceCases.All,
    ];

    /// <summary>Makes the suite for a store.</summary>
    /// <param name="store">How the report names it.</param>
    /// <param name="create">Makes the place of a journal that is not there yet; called for each case, and for each random sequence.</param>
    /// <param name="options">The size of the suite; default: the values of <see cref="ConformanceOptions"/>.</param>
    public JournalConformance(string store, Func<JournalFixture> create, ConformanceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(create);
        Store = store;
        this.create = create;
        this.options = options ?? new ConformanceOptions();
    }

    /// <summary>How the report names the store.</summary>
    public string Store { get; }

    /// <summary>Every case, in the order they are run.</summary>
    public IReadOnlyList<ConformanceCase> Cases => [.. cases.Select(item => new ConformanceCase(item.Name, item.Needs))];

    /// <summary>Runs one case.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The result. A failed case does not throw: see <see cref="ConformanceResult.ThrowIfFailed"/>.</returns>
    /// <exception cref="ArgumentException">There is no such case.</exception>
    public Task<ConformanceResult> RunAsync(string name) => RunAsync(CaseRunner.Find(cases, item => item.Name, name));

    /// <summary>Runs every case, one after the other.</summary>
    /// <param name="cancellationToken">Stops before the next case.</param>
    /// <returns>The result of each.</returns>
    public Task<ConformanceReport> RunAsync(CancellationToken cancellationToken = default) =>
        CaseRunner.RunAllAsync(Store, cases, RunAsync, cancellationToken);

    private Task<ConformanceResult> RunAsync(JournalCase item) => CaseRunner.RunAsync(item.Name, async () =>
    {
        var bench = new JournalBench(create(), options);
        await using (bench)
        {
            var missing = item.Needs & ~bench.Fixture.Capabilities;
            if (missing != JournalCapabilities.None) throw new NotShownException($"the store does not declare {missing}");
            await bench.OpenAsync();
            return await item.Run(bench, create);
        }
    });
}

/// <summary>A case, and what it does: answers what is to be said where it holds, or throws.</summary>
internal sealed record JournalCase(string Name, JournalCapabilities Needs, Func<JournalBench, Func<JournalFixture>, Task<string>> Run)
{
    public static JournalCase Of(string name, Func<JournalBench, Task> run, JournalCapabilities needs = JournalCapabilities.None) =>
        new(name, needs, async (bench, _) =>
    {
        await run(bench);
        return "";
    });
}
