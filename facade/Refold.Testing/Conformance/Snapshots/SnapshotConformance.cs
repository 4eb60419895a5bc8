// The conformance suite of snapshot stores: named cases, and random sequences compared with the store in memory.
// Run by the tests of a store, or by a plain program, as JournalConformance is.
namespace Refold.Testing;

/// <summary>A case of the suite of snapshot stores.</summary>
/// <param name="Name">The promise, as a sentence.</param>
/// <param name="Needs">The capabilities that a store with this promise declares.</param>
public sealed record SnapshotConformanceCase(string Name, SnapshotCapabilities Needs);

/// <summary>Whether a store is a snapshot store: what <see cref="ISnapshotStore"/> promises.</summary>
public sealed class SnapshotConformance
{
    private readonly Func<SnapshotFixture> create;
    private readonly ConformanceOptions options;
    private readonly IReadOnlyList<SnapshotCase> cases = [.. SnapshotCases.All, .. SnapshotSequence.All];

    /// <summary>Makes the suite for a store.</summary>
    /// <param name="store">How the report names it.</param>
    /// <param name="create">Makes the place of a store that is not there yet; called for each case, and for each random sequence.</param>
    /// <param name="options">The size of the suite; default: the values of <see cref="ConformanceOptions"/>.</param>
    public SnapshotConformance(string store, Func<SnapshotFixture> create, ConformanceOptions? options = null)
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
    public IReadOnlyList<SnapshotConformanceCase> Cases => [.. cases.Select(item => new SnapshotConformanceCase(item.Name, item.Needs))];

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

    private Task<ConformanceResult> RunAsync(SnapshotCase item) => CaseRunner.RunAsync(item.Name, async () =>
    {
        var bench = new SnapshotBench(create());
        await using (bench)
        {
            var missing = item.Needs & ~bench.Fixture.Capabilities;
            return missing == SnapshotCapabilities.None
                ? await item.Run(bench, create, options)
                : throw new NotShownException($"the store does not declare {missing}");
        }
    });
}

/// <summary>A case, and what it does: answers what is to be said where it holds, or throws.</summary>
internal sealed record SnapshotCase(
    string Name, SnapshotCapabilities Needs, Func<SnapshotBench, Func<SnapshotFixture>, ConformanceOptions, Task<string>> Run)
{
    public static SnapshotCase Of(string name, SnapshotCapabilities needs, Func<SnapshotBench, Task> run) =>
        new(name, needs, async (bench, _, _) =>
    {
        await run(bench);
        return "";
    });
}

/// <summary>One case at work: the fixture and its open store.</summary>
internal sealed class SnapshotBench(SnapshotFixture fixture) : IAsyncDisposable
{
    private ISnapshotStore? store;

    public SnapshotFixture Fixture => fixture;

    /// <summary>How the store is opened next.</summary>
    public SnapshotOptions Options { get; set; } = new();

    /// <summary>The open store; opened where it is not yet.</summary>
    public async Task<ISnapshotStore> StoreAsync() =>
        store ??= await Expect.Within(fixture.OpenAsync(Options, CancellationToken.None).AsTask(), "the opened store");

    public async Task<bool> IsEmptyAsync()
    {
        var opened = await StoreAsync();
        var isEmpty = await Expect.Within(opened.IsEmptyAsync().AsTask(), "whether it is empty");
        if (opened is ILocalSnapshotStore local) Expect.Equal(isEmpty, local.IsEmpty, "the synchronous IsEmpty");
        return isEmpty;
    }

    public async Task<SnapshotAnswer> LoadAsync(StreamId stream, long toVersion = long.MaxValue)
    {
        var opened = await StoreAsync();
        var answer = await Expect.Within(opened.LoadAsync(stream, toVersion).AsTask(), "a snapshot");
        if (opened is not ILocalSnapshotStore local) return answer;
        var twin = local.Load(stream, toVersion);
        Expect.Equal(answer.Snapshot, twin.Snapshot, "the snapshot of the synchronous Load");
        Expect.Sequence(answer.Findings, twin.Findings, "finding of the synchronous Load");
        return answer;
    }

    public async Task<SnapshotListing> ListAsync(StreamId? stream = null)
    {
        var opened = await StoreAsync();
        var listing = await Expect.Within(opened.ListAsync(stream).AsTask(), "the list of snapshots");
        if (opened is not ILocalSnapshotStore local) return listing;
        var twin = local.List(stream);
        Expect.Sequence(listing.Snapshots, twin.Snapshots, "snapshot of the synchronous List");
        Expect.Sequence(listing.Findings, twin.Findings, "finding of the synchronous List");
        return listing;
    }

    public async Task DeleteAsync(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue) =>
        await Expect.Within((await StoreAsync()).DeleteAsync(stream, fromVersion, toVersion).AsTask(), "the end of a deletion");

    public async Task ClearAsync() => await Expect.Within((await StoreAsync()).ClearAsync().AsTask(), "the end of clearing");

    /// <summary>A snapshot whose state follows from its version and length.</summary>
    public static Snapshot Of(string stream, long version, int bytes = 16) => new(
        stream,
        version,
        new Head(3 * version, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(version)))),
        new Encoded("state", 1, Enumerable.Range(0, bytes).Select(index => (byte)((index + version) % 256)).ToArray()));

    public async Task SaveAsync(Snapshot snapshot) =>
        await Expect.Within((await StoreAsync()).SaveAsync(snapshot).AsTask(), "the end of a save");

    public async Task SaveAsync(string stream, params long[] versions)
    {
        foreach (var version in versions) await SaveAsync(Of(stream, version));
    }

    public async Task KeptAsync(string stream, params long[] versions) =>
        Expect.Sequence(versions, (await ListAsync(stream)).Snapshots.Select(info => info.Version), $"version that is kept of {stream}");

    public async Task CloseAsync()
    {
        if (store is not null) await store.DisposeAsync();
        store = null;
    }

    public async Task<bool> TryCrashAsync()
    {
        if (!await fixture.CrashAsync()) return false;
        store = null;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync();
        }
        finally
        {
            await fixture.DisposeAsync();
        }
    }
}
