// Opens a journal from its options, with the container's clock and logger; at the start of a host, or on first use.
// Called by the service container that AddRefold was given.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Refold;

/// <summary>Opens one journal when the host starts.</summary>
/// <param name="services">The container.</param>
/// <param name="name">The journal's key; null for the one without.</param>
internal sealed class JournalOpening(IServiceProvider services, string? name) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (OptionsOf(services, name ?? Options.DefaultName).OpenAtStart) _ = Get(services, name);
        return Task.CompletedTask;
    }

    // The container closes the journal, after everything that may still append was stopped.
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The container's journal, which is opened if it was not.</summary>
    public static IJournal Get(IServiceProvider services, string? name) =>
        name is null ? services.GetRequiredService<IJournal>() : services.GetRequiredKeyedService<IJournal>(name);

    public static RefoldOptions OptionsOf(IServiceProvider services, string name) =>
        services.GetRequiredService<IOptionsMonitor<RefoldOptions>>().Get(name);

    public static ISnapshotStore OpenSnapshots(IServiceProvider services, string name)
    {
        var options = OptionsOf(services, name);
        return options.ChosenSnapshots is [var uri] ? Snapshots.Open(uri, options.Snapshots) : new NoSnapshotStore();
    }

    public static IJournal Open(IServiceProvider services, string name)
    {
        var options = OptionsOf(services, name);
        return Journal.Open(options.Chosen[0], options.Journal with
        {
            Snapshots = options.Journal.Snapshots ?? (options.ChosenSnapshots is [] ? null : SnapshotsOf(services, name)),
            LoggerFactory = options.Journal.LoggerFactory ?? services.GetService<ILoggerFactory>(),
            TimeProvider = options.Journal.TimeProvider ?? services.GetService<TimeProvider>(),
        });
    }

    // Made before the journal is, so closed after it.
    private static ISnapshotStore SnapshotsOf(IServiceProvider services, string name) =>
        name == Options.DefaultName ? services.GetRequiredService<ISnapshotStore>() : services.GetRequiredKeyedService<ISnapshotStore>(name);
}
