// Refold in a service container: the journal as a singleton, opened once, closed with the container.
// Called by applications: `services.AddRefold(o => o.UseSegmentFiles(path)).AddHealthCheck()`.
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Refold;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Refold's journal to a service container.</summary>
public static class RefoldServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IJournal"/> as a singleton, unless the container has one; likewise <see cref="ISnapshotStore"/>, which
    /// keeps nothing unless <see cref="RefoldOptions.UseSnapshots"/> chose one.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Chooses the journal: <c>o => o.UseSegmentFiles(path)</c>.</param>
    /// <returns>What can be added besides.</returns>
    /// <remarks>
    /// The options are checked when the host starts, and the journal is opened then (<see cref="RefoldOptions.OpenAtStart"/>); without a
    /// host, when it is first asked for. What is wrong is thrown as <see cref="OptionsValidationException"/> or
    /// <see cref="JournalException"/>. The journal is closed with the container, which is therefore disposed asynchronously, as hosts do.
    /// </remarks>
    public static RefoldBuilder AddRefold(this IServiceCollection services, Action<RefoldOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddSingleton(provider => OpeningOf(provider, null).TakeJournal());
        services.TryAddSingleton(provider => OpeningOf(provider, null).TakeSnapshots());
        return services.AddNamed(null, configure);
    }

    /// <summary>Adds another journal under a name: <c>[FromKeyedServices(name)] IJournal</c>. Each name has its
    /// own options and health check.</summary>
    /// <param name="services">The container.</param>
    /// <param name="name">The key of the service.</param>
    /// <param name="configure">Chooses the journal.</param>
    /// <returns>What can be added besides.</returns>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static RefoldBuilder AddKeyedRefold(this IServiceCollection services, string name, Action<RefoldOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddKeyedSingleton(name, (provider, _) => OpeningOf(provider, name).TakeJournal());
        services.TryAddKeyedSingleton(name, (provider, _) => OpeningOf(provider, name).TakeSnapshots());
        return services.AddNamed(name, configure);
    }

    private static RefoldBuilder AddNamed(this IServiceCollection services, string? name, Action<RefoldOptions> configure)
    {
        services.AddOptions<RefoldOptions>(name).Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RefoldOptions>, RefoldOptionsValidator>());
        // AddHostedService would take one for all journals.
        services.TryAddKeyedSingleton(KeyOf(name), (provider, _) => new JournalOpening(provider, name));
        services.AddSingleton<IHostedService>(provider => OpeningOf(provider, name));
        return new RefoldBuilder(services, name);
    }

    private static string KeyOf(string? name) => name ?? Options.Options.DefaultName;

    private static JournalOpening OpeningOf(IServiceProvider provider, string? name) =>
        provider.GetRequiredKeyedService<JournalOpening>(KeyOf(name));
}

/// <summary>What can be added to a journal in a service container.</summary>
public sealed class RefoldBuilder
{
    internal RefoldBuilder(IServiceCollection services, string? name)
    {
        Services = services;
        Name = name;
    }

    /// <summary>The container.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The key of the journal; null for the one that was added without.</summary>
    public string? Name { get; }

    /// <summary>Adds a health check: healthy while the journal is open and takes appends, or, opened for reading, can be read. It appends
    /// nothing. Otherwise its exception says what failed: the opening, or the write after which the journal takes no more.</summary>
    /// <param name="name">Its name; default: <c>refold</c>, or <c>refold-NAME</c> for a journal with a key.</param>
    /// <param name="failureStatus">What it reports where it is not healthy; default: <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to select it by; default: none.</param>
    /// <param name="timeout">How long it may take; default: no limit but the caller's. A device that hangs is found by this only.</param>
    /// <returns>This.</returns>
    public RefoldBuilder AddHealthCheck(
        string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null, TimeSpan? timeout = null)
    {
        var journal = Name;
        Services.AddHealthChecks().Add(new HealthCheckRegistration(
            name ?? (journal is null ? "refold" : "refold-" + journal),
            provider => new JournalHealthCheck(provider, journal),
            failureStatus,
            tags,
            timeout));
        return this;
    }
}
