// What an application adds for read models and live projections: runners that run with the host, and their health.
// Called on what AddRefold answered.
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refold;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Read models and live projections in a host.</summary>
public static class RefoldReadModelExtensions
{
    /// <summary>Adds a live projection, which follows the journal while the host runs. It can be injected as
    /// <c>LiveProjection&lt;TState&gt;</c> by the projection's id as key, behind the name of a named journal: <c>journal/id</c>. A fault
    /// that does not pass ends it and not the host: its health check (<see cref="AddReadModelHealthCheck"/>) and its status
    /// tell.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <param name="builder">What <c>AddRefold</c> answered.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="options">How it is kept live.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A read model of this name was added before.</exception>
    /// <example><code>
    /// builder.Services.AddRefold().UseSegmentFiles("data").AddProjection(Stock.Sold);
    /// app.MapGet("/sold", ([FromKeyedServices("sold-by-sku")] LiveProjection&lt;long&gt; sold) => sold.Current.State);
    /// </code></example>
    public static RefoldBuilder AddProjection<TState>(
        this RefoldBuilder builder, Projection<TState> projection, LiveProjectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(projection);
        var given = options ?? new LiveProjectionOptions();
        return Add(
            builder, projection.Id,
            provider => new LiveProjection<TState>(
                JournalOpening.Get(provider, builder.Name) as ILocalJournal ?? throw new InvalidOperationException(
                    "A live projection needs a local journal; keep a read model up to date with AddReadModel."),
                projection,
                given with { Runner = Logging(provider, given.Runner) }),
            static live => live.RunAsync,
            static live => live.Status);
    }

    /// <summary>Adds a read model of the application's, which is kept up to date while the host runs. Its runner can be injected as
    /// <see cref="ReadModelRunner"/> by its name as key, behind the name of a named journal: <c>journal/name</c>.</summary>
    /// <param name="builder">What <c>AddRefold</c> answered.</param>
    /// <param name="name">Its name.</param>
    /// <param name="model">Makes the read model, once, with services of the container.</param>
    /// <param name="options">How it is kept up to date.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A read model of this name was added before, or an option is outside its range.</exception>
    public static RefoldBuilder AddReadModel(
        this RefoldBuilder builder, string name, Func<IServiceProvider, IReadModel> model, ReadModelRunnerOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(model);
        var given = (options ?? new ReadModelRunnerOptions()).Validated();
        return Add(
            builder, name,
            provider => new ReadModelRunner(
                JournalOpening.Get(provider, builder.Name), name, model(provider), Logging(provider, given)),
            static runner => runner.RunAsync,
            static runner => runner.Status);
    }

    /// <summary>Adds a health check of a read model or live projection: unhealthy where it failed, degraded where it is further behind than
    /// it may be, or waits after a fault.</summary>
    /// <param name="builder">What <c>AddRefold</c> answered.</param>
    /// <param name="name">The name of the read model, or the projection's id.</param>
    /// <param name="maxLag">How many positions it may be behind.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The lag is negative.</exception>
    public static RefoldBuilder AddReadModelHealthCheck(this RefoldBuilder builder, string name, long maxLag = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(maxLag);
        var key = KeyOf(builder, name);
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            "refold-" + name, provider => new ReadModelHealthCheck(provider, key, maxLag), HealthStatus.Unhealthy, ["refold"]));
        return builder;
    }

    private static ReadModelKey KeyOf(RefoldBuilder builder, string name) =>
        new(RefoldServiceCollectionExtensions.KeyOf(builder.Name), name);

    private static ReadModelRunnerOptions Logging(IServiceProvider provider, ReadModelRunnerOptions options) =>
        options with { LoggerFactory = options.LoggerFactory ?? provider.GetService<ILoggerFactory>() };

    private static RefoldBuilder Add<TRunner>(
        RefoldBuilder builder,
        string name,
        Func<IServiceProvider, TRunner> make,
        Func<TRunner, Func<CancellationToken, Task>> run,
        Func<TRunner, ReadModelStatus> status)
        where TRunner : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = KeyOf(builder, name);
        if (builder.Services.Any(service => service.IsKeyedService && Equals(service.ServiceKey, key)))
            throw new ArgumentException($"A read model '{name}' was added before; give each a name of its own.", nameof(name));
        builder.Services.AddKeyedSingleton(key, (provider, _) => make(provider));
        builder.Services.AddKeyedSingleton(
            builder.Name is { } journal ? $"{journal}/{name}" : name, (provider, _) => provider.GetRequiredKeyedService<TRunner>(key));
        builder.Services.AddKeyedSingleton<Func<ReadModelStatus>>(
            key, (provider, _) => () => status(provider.GetRequiredKeyedService<TRunner>(key)));
        builder.Services.AddSingleton<IHostedService>(
            provider => new ReadModelHosting(token => run(provider.GetRequiredKeyedService<TRunner>(key))(token)));
        return builder;
    }
}
