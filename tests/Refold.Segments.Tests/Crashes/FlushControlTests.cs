// The control: each place in the code that flushes a file or the directory is taken out in turn, and the simulator has to notice.
// Run by `dotnet test`. A flush that nothing notices the loss of has no reason to be there.
using System.Diagnostics;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class FlushControlTests(ITestOutputHelper output)
{
    /// <summary>No crash point but the first, then the whole workload: enough to come by its flushes.</summary>
    private const int Once = int.MaxValue;

    private static readonly IReadOnlyList<CrashStep> Steps =
    [
        new CrashStep.Append(CrashStore.Batch("a", 2, 300)),
        new CrashStep.Append(CrashStore.Batch("b", 1, 700)),
        new CrashStep.Append(CrashStore.Batch("a", 2, 500)),
        new CrashStep.Reopen(),
        new CrashStep.Append(CrashStore.Batch("b", 1)),
        new CrashStep.Append(CrashStore.Batch("a", 1, 900)),
    ];

    /// <summary>Everything that can notice a missing flush; where crash points are enumerated, one of so many.</summary>
    private static readonly Func<Action<SimulatedDevice>, int, Task>[] Scenarios =
    [
        (prepare, _) => CheckpointCrashTests.SurviveAsync(prepare),
        (prepare, _) => CheckpointCrashTests.DamageWithoutItAsync(prepare),
        (prepare, every) => CrashStore.Simulation(prepare).EnumerateAsync(Steps, 1, every),
        (prepare, _) => FullDiskTests.FillAsync(device =>
        {
            device.AllocatesAtFlush = true;
            prepare(device);
        }),
        (prepare, _) => RegressionTests.CloseWithoutRoomForAFooterAsync(prepare),
        (prepare, _) => LeftoversTests.CutAsync(prepare),
        (prepare, _) => CommitTests.TearAfterReopeningAsync(prepare),
        (prepare, _) => CommitTests.LoseTheLastSegmentAsync(prepare),
        (prepare, _) => CommitTests.DamageAfterClosingAsync(prepare),
        (prepare, _) => DirectorySnapshotStoreTests.SaveAndClearAsync(prepare),
        (prepare, _) => DirectoryCheckpointTests.SaveAsync(prepare),
        (prepare, _) => CompactionCrashTests.NothingComesBackAsync(prepare),
        (prepare, _) => CompactionCrashTests.CrashAtTheSwitchAsync(prepare),
        (prepare, _) => CompactionCrashTests.CrashWhileItIsEndedAsync(prepare),
        (prepare, every) => CompactionCrashTests.CrashBeforeAReaderAsync(prepare, every == Once ? Once : 1),
        CompactionCrashTests.EnumerateAsync,
        (prepare, _) => DurabilityTests.ReplaceAsync(prepare),
        (prepare, every) => CrashStore.LosingNewest(prepare: prepare).EnumerateAsync(Steps, 1, every),
    ];

    /// <summary>Each place that flushes, with the scenarios that come by it in their whole workload, the quickest first; looked for once
    /// for both tests.</summary>
    private static readonly Lazy<Task<SortedDictionary<string, List<int>>>> Reached = new(ReachedAsync);

    [Fact]
    public async Task EachFlush_TakenOut_IsNoticed()
    {
        var unnoticed = new List<string>();
        foreach (var (site, scenarios) in await Reached.Value)
        {
            var clock = Stopwatch.StartNew();
            var notice = await NoticeAsync(site, scenarios);
            output.WriteLine($"{site}: {notice ?? "NOT NOTICED"}; {clock.ElapsedMilliseconds} ms");
            if (notice is null) unnoticed.Add(site);
        }

        Assert.Empty(unnoticed);
    }

    [Fact]
    public async Task TheScenarios_ReachEveryFlushInTheCode()
    {
        var reached = (await Reached.Value).Keys.Select(
            site => site[..site.IndexOf('+', StringComparison.Ordinal)] + site[site.LastIndexOf(' ')..]);
        Assert.Equal(InCode().Order(StringComparer.Ordinal), reached.Order(StringComparer.Ordinal));
    }

    private static async Task<SortedDictionary<string, List<int>>> ReachedAsync()
    {
        var sites = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        var lengths = new TimeSpan[Scenarios.Length];
        for (var number = 0; number < Scenarios.Length; number++)
        {
            var (scenario, clock) = (number, Stopwatch.StartNew());
            await Scenarios[scenario](Looking, Once);
            lengths[scenario] = clock.Elapsed;

            void Looking(SimulatedDevice device)
            {
                device.TracksCallSites = true;
                device.SkipsFlush = operation =>
                {
                    lock (sites)
                    {
                        if (!sites.TryGetValue(operation.CallSite, out var scenarios)) sites[operation.CallSite] = scenarios = [];
                        if (!scenarios.Contains(scenario)) scenarios.Add(scenario);
                    }

                    return false;
                };
            }
        }

        foreach (var scenarios in sites.Values) scenarios.Sort((one, other) => lengths[one].CompareTo(lengths[other]));
        return sites;
    }

    /// <summary>What the first scenario says that notices; one crash point of seven is tried first, since most are noticed there, and at
    /// last every scenario.</summary>
    private static async Task<string?> NoticeAsync(string site, List<int> scenarios)
    {
        var attempts = scenarios.Select(scenario => (7, scenario))
            .Concat(scenarios.Select(scenario => (1, scenario)))
            .Concat(Enumerable.Range(0, Scenarios.Length).Except(scenarios).Select(scenario => (1, scenario)));
        foreach (var (every, scenario) in attempts)
        {
            try
            {
                await Scenarios[scenario](TakingOut, every);
            }
            catch (CrashViolationException violation)
            {
                return violation.Message.Split('\n')[0];
            }
        }

        return null;

        void TakingOut(SimulatedDevice device)
        {
            device.TracksCallSites = true;
            device.SkipsFlush = operation => operation.CallSite == site;
        }
    }

    /// <summary>Each call of a flush in the library's code, as "type.method kind", so that a new one cannot be forgotten here.</summary>
    private static IEnumerable<string> InCode() =>
        from call in CodeCalls.Of(typeof(IStorageDevice).Assembly)
        let kind = IsA(call.Called, typeof(IStorageFile)) && call.Called.Name == nameof(IStorageFile.Flush) ? StorageOperationKind.Flush
            : IsA(call.Called, typeof(IStorageDevice)) && call.Called.Name == nameof(IStorageDevice.FlushDirectory)
                ? StorageOperationKind.FlushDirectory
            : default(StorageOperationKind?)
        where kind is not null && !IsA(call.Caller, typeof(IStorageFile)) && !IsA(call.Caller, typeof(IStorageDevice))
        select $"{call.Caller.DeclaringType!.FullName}.{call.Caller.Name} {kind}";

    private static bool IsA(System.Reflection.MethodBase method, Type type) => method.DeclaringType?.IsAssignableTo(type) == true;
}
