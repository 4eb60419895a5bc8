// Opens a journal from its options, with the container's clock and logger; at the start of a host, or on first use.
// Called by the service container that AddRefold was given.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Refold;

/// <summary>Opens one journal, with its snapshots, when the host starts.</summary>
/// <param name="services">The container.</param>
/// <param name="name">The journal's key; null for the one without.</param>
internal sealed class JournalOpening(IServiceProvider services, string? name) : IHostedLifecycleService, IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    // What only OpenAsync opens, until the container has it: a container makes its services synchronously.
    private IJournal? journal;
    private ISnapshotStore? snapshots;
    private bool isDone;

    // Before any hosted service starts, whenever it was registered.
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var options = Options;
        if (!options.OpenAtStart) return;
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (isDone) return;
            if (options.ChosenSnapshots is [var uri] && !Snapshots.Check(uri))
                snapshots ??= await Snapshots.OpenAsync(uri, options.Snapshots, cancellationToken).ConfigureAwait(false);
            if (!Journal.Check(options.Chosen[0]))
                journal ??= await Journal.OpenAsync(options.Chosen[0], JournalOptionsOf(options), cancellationToken).ConfigureAwait(false);
            _ = Get(services, name);
            isDone = true;
        }
        finally
        {
            gate.Release();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The container closes the journal, after everything that may still append was stopped.
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The container's journal, which is opened if it was not.</summary>
    public static IJournal Get(IServiceProvider services, string? name) =>
        name is null ? services.GetRequiredService<IJournal>() : services.GetRequiredKeyedService<IJournal>(name);

    public static RefoldOptions OptionsOf(IServiceProvider services, string? name) =>
        services.GetRequiredService<IOptionsMonitor<RefoldOptions>>().Get(name ?? Microsoft.Extensions.Options.Options.DefaultName);

    /// <summary>The snapshot store, for the container to keep and close.</summary>
    public ISnapshotStore TakeSnapshots()
    {
        var options = Options;
        if (options.ChosenSnapshots is not [var uri]) return new NoSnapshotStore();
        if (Snapshots.Check(uri)) return Snapshots.Open(uri, options.Snapshots);
        return Interlocked.Exchange(ref snapshots, null) ?? throw NotStarted("snapshot store", uri);
    }

    /// <summary>The journal, for the container to keep and close.</summary>
    public IJournal TakeJournal()
    {
        var options = Options;
        var uri = options.Chosen[0];
        if (Journal.Check(uri)) return Journal.Open(uri, JournalOptionsOf(options));
        return Interlocked.Exchange(ref journal, null) ?? throw NotStarted("journal", uri);
    }

    /// <summary>Closes what was opened and never asked for.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref journal, null) is { } opened) await opened.DisposeAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref snapshots, null) is { } store) await store.DisposeAsync().ConfigureAwait(false);
    }

    private RefoldOptions Options => OptionsOf(services, name);

    private static JournalOpenException NotStarted(string what, string uri) =>
        new(
            $"The {what} '{uri}' is opened when the host starts; "
            + $"start the host before the {what} is asked for, or register one that OpenAsync opened.");

    private JournalOptions JournalOptionsOf(RefoldOptions options) => options.Journal with
    {
        Snapshots = options.Journal.Snapshots ?? (options.ChosenSnapshots is [] ? null : SnapshotsOfContainer),
        LoggerFactory = options.Journal.LoggerFactory ?? services.GetService<ILoggerFactory>(),
        RecoveryPermits = options.Journal.RecoveryPermits ?? services.GetService<RecoveryPermits>()
            ?? new RecoveryPermits(options.RecoveryCapacity),
        TimeProvider = options.Journal.TimeProvider ?? services.GetService<TimeProvider>(),
    };

    // Made before the journal is, so closed after it.
    private ISnapshotStore SnapshotsOfContainer =>
        name is null ? services.GetRequiredService<ISnapshotStore>() : services.GetRequiredKeyedService<ISnapshotStore>(name);
}
