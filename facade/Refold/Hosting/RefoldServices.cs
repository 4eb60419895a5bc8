// Refold in a service container: the journal as a singleton, opened once, closed with the container.
// Called by applications: `services.AddRefold(o => o.UseSegmentFiles(path)).AddHealthCheck()`.
using Microsoft.Extensions.DependencyInjection.Extensions;
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

    /// <summary>The same, where what is called on the answer chooses the journal: <c>AddRefold().UseSegmentFiles(path)</c>.</summary>
    /// <param name="services">The container.</param>
    /// <returns>What can be added besides.</returns>
    public static RefoldBuilder AddRefold(this IServiceCollection services) => services.AddRefold(_ => { });

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

    internal static string KeyOf(string? name) => name ?? Options.Options.DefaultName;

    private static JournalOpening OpeningOf(IServiceProvider provider, string? name) =>
        provider.GetRequiredKeyedService<JournalOpening>(KeyOf(name));
}
