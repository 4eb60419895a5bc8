// Running the cases of a suite, and telling how they ended, whatever a case does.
// Used by JournalConformance and SnapshotConformance.
namespace Refold.Testing;

internal static class CaseRunner
{
    /// <summary>The case of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static TCase Find<TCase>(IEnumerable<TCase> cases, Func<TCase, string> nameOf, string name)
        where TCase : class =>
        cases.FirstOrDefault(item => nameOf(item) == name) ?? throw new ArgumentException($"There is no case '{name}'.", nameof(name));

    /// <summary>Runs every case, one after the other.</summary>
    public static async Task<ConformanceReport> RunAllAsync<TCase>(
        string store, IReadOnlyList<TCase> cases, Func<TCase, Task<ConformanceResult>> run, CancellationToken cancellationToken)
    {
        var results = new List<ConformanceResult>();
        foreach (var item in cases)
        {
            cancellationToken.ThrowIfCancellationRequested();
            results.Add(await run(item));
        }

        return new ConformanceReport(store, results);
    }

    /// <summary>Runs a case, and tells how it ended.</summary>
    public static async Task<ConformanceResult> RunAsync(string name, Func<Task<string>> run)
    {
        try
        {
            // Away from the caller's synchronization context: what the cases await goes on in the pool.
            return new ConformanceResult(name, ConformanceOutcome.Held, await Task.Run(run));
        }
        catch (NotShownException reason)
        {
            return new ConformanceResult(name, ConformanceOutcome.NotShown, reason.Message);
        }
        catch (ConformanceException failure)
        {
            return new ConformanceResult(
                name, ConformanceOutcome.Failed, failure.Message + (failure.InnerException is { } inner ? "\n" + inner : ""));
        }
#pragma warning disable CA1031 // Whatever a store throws where it must not is what the suite is there to find.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new ConformanceResult(name, ConformanceOutcome.Failed, "it threw " + exception);
        }
    }
}
