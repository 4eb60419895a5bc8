// What an application adds to a journal in its service container: the store, snapshots, aggregates, machines, operations, a run, health
// checks.
// Answered by AddRefold; the services are made by the container.
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Refold;

namespace Microsoft.Extensions.DependencyInjection;

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

    private string Key => RefoldServiceCollectionExtensions.KeyOf(Name);

    /// <summary>Changes the options, behind what was given to <c>AddRefold</c>.</summary>
    /// <param name="configure">Changes them.</param>
    /// <returns>This.</returns>
    public RefoldBuilder Configure(Action<RefoldOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(Key, configure);
        return this;
    }

    /// <summary>A journal in the segment files of a local directory.</summary>
    /// <param name="path">The directory; made if need be. A relative one is below the current directory.</param>
    /// <returns>This.</returns>
    public RefoldBuilder UseSegmentFiles(string path) => Configure(options => options.UseSegmentFiles(path));

    /// <summary>A journal in memory, empty at first and gone with the service container; for tests and trials.</summary>
    /// <returns>This.</returns>
    public RefoldBuilder UseInMemory() => Configure(options => options.UseInMemory());

    /// <summary>The journal that a URI names.</summary>
    /// <param name="uri">As in <see cref="Journal.OpenAsync"/>.</param>
    /// <returns>This.</returns>
    public RefoldBuilder UseJournal(string uri) => Configure(options => options.UseJournal(uri));

    /// <summary>Snapshots in the store that a URI names, for the runs in the journal.</summary>
    /// <param name="uri">As in <see cref="Snapshots.OpenAsync"/>.</param>
    /// <returns>This.</returns>
    public RefoldBuilder UseSnapshots(string uri) => Configure(options => options.UseSnapshots(uri));

    /// <summary>Adds an aggregate: its streams in the host's run can be injected as
    /// <see cref="AggregateStreams{TState, TCommand, TEvent, TError}"/>, and where the run is ended its state is in the state hash. For a
    /// journal with a name the name is the key of the service; else the category is a key too, for two aggregates of the same
    /// types.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">An aggregate of the category was added before.</exception>
    /// <example><code>
    /// builder.Services.AddRefold().UseSegmentFiles("data").AddAggregate(Order.Aggregate).AddRun(pin);
    /// app.MapPost("/orders/{id}", (string id, AggregateStreams&lt;OrderState, OrderCommand, OrderEvent, OrderError&gt; orders) => ..);
    /// </code></example>
    public RefoldBuilder AddAggregate<TState, TCommand, TEvent, TError>(Aggregate<TState, TCommand, TEvent, TError> aggregate)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        if (Services.Any(service => service.IsKeyedService && Equals(service.ServiceKey, Key)
            && service.KeyedImplementationInstance is Aggregate other && other.Category == aggregate.Category))
        {
            throw new ArgumentException(
                $"An aggregate of the category '{aggregate.Category}' was added before; add each category once.", nameof(aggregate));
        }

        Services.AddKeyedSingleton<Aggregate>(Key, aggregate);
        if (Name is null)
        {
            Services.TryAddSingleton(provider => StreamsOf(provider, aggregate));
            Services.TryAddKeyedSingleton(aggregate.Category, (provider, _) => StreamsOf(provider, aggregate));
        }
        else
        {
            Services.TryAddKeyedSingleton(Name, (provider, _) => StreamsOf(provider, aggregate));
        }

        return this;
    }

    /// <summary>Adds a state machine: its streams are injected and hashed as those of an aggregate (<see
    /// cref="AddAggregate{TState, TCommand, TEvent, TError}"/>), and while the host runs, the commands of its deadlines are sent in the
    /// host's run once they have passed. The driver can be injected by the machine's category as key:
    /// <c>[FromKeyedServices("turnstile")] DeadlineDriver</c>. A machine without deadlines has none.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TData">The data beside the state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="machine">The machine.</param>
    /// <param name="deadlines">How the driver waits; default: <see cref="DeadlineOptions"/> as it is.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">An aggregate of the category was added before, or an option is outside its range.</exception>
    /// <example><code>
    /// builder.Services.AddRefold().UseSegmentFiles("data").AddMachine(Turnstile.Definition).AddRun(pin);
    /// </code></example>
    public RefoldBuilder AddMachine<TState, TData, TCommand, TEvent, TError>(
        Machine<TState, TData, TCommand, TEvent, TError> machine, DeadlineOptions? deadlines = null)
        where TCommand : notnull
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(machine);
        var options = (deadlines ?? new DeadlineOptions()).Validated();
        AddAggregate(machine.Aggregate);
        if (!machine.HasDeadlines) return this;
        var (key, category) = (new DriverKey(Key, machine.Aggregate.Category), machine.Aggregate.Category);
        Services.AddKeyedSingleton(key, (provider, _) => machine.Deadlines(HostedOf(provider).Run, options));
        Services.AddKeyedSingleton(category, (provider, _) => provider.GetRequiredKeyedService<DeadlineDriver>(key));
        Services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<DeadlineDriver>(key));
        return this;
    }

    /// <summary>Adds an operation: the start of the host resumes it where it was cut off, and it can be injected.</summary>
    /// <typeparam name="TInput">The input.</typeparam>
    /// <typeparam name="TOutput">The output.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <returns>This.</returns>
    public RefoldBuilder AddOperation<TInput, TOutput>(Operation<TInput, TOutput> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return AddOperation(_ => operation);
    }

    /// <summary>Adds an operation over services of the container, such as an <c>HttpClient</c>.</summary>
    /// <typeparam name="TInput">The input.</typeparam>
    /// <typeparam name="TOutput">The output.</typeparam>
    /// <param name="make">Makes the operation, once.</param>
    /// <returns>This.</returns>
    public RefoldBuilder AddOperation<TInput, TOutput>(Func<IServiceProvider, Operation<TInput, TOutput>> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        // One value of it, in the list of all and by its types.
        var own = new object();
        Services.AddKeyedSingleton(own, (provider, _) => make(provider));
        Services.AddKeyedSingleton<Operation>(Key, (provider, _) => provider.GetRequiredKeyedService<Operation<TInput, TOutput>>(own));
        if (Name is null)
            Services.TryAddSingleton(provider => provider.GetRequiredKeyedService<Operation<TInput, TOutput>>(own));
        else
            Services.TryAddKeyedSingleton(Name, (provider, _) => provider.GetRequiredKeyedService<Operation<TInput, TOutput>>(own));
        return this;
    }

    /// <summary>Adds the run of the host, which the container has as <see cref="Run"/> and <see cref="HostedRun"/>. It is started or
    /// resumed before any hosted service starts, and closed when all of them have stopped. A new pin, such as one of a new version, begins
    /// a new run; what operations were cut off in earlier ones is resumed in it.</summary>
    /// <param name="pin">The pin of this program: model, provider, version, seed and settings.</param>
    /// <param name="configure">How it is recorded, named, resumed and ended.</param>
    /// <returns>This.</returns>
    /// <exception cref="InvalidOperationException">The journal has a run already.</exception>
    public RefoldBuilder AddRun(RunPin pin, Action<HostedRunOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(pin);
        return AddRun(_ => pin, configure);
    }

    /// <summary>Adds the run of the host, whose pin the container knows.</summary>
    /// <param name="pin">Answers the pin of this program when the host starts.</param>
    /// <param name="configure">How it is recorded, named, resumed and ended.</param>
    /// <returns>This.</returns>
    /// <exception cref="InvalidOperationException">The journal has a run already.</exception>
    public RefoldBuilder AddRun(Func<IServiceProvider, RunPin> pin, Action<HostedRunOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(pin);
        if (Services.Any(service => service.ServiceType == typeof(HostedRun) && service.IsKeyedService && Equals(service.ServiceKey, Key)))
            throw new InvalidOperationException(
                "The journal has a run already; for a run in another journal add that with AddKeyedRefold.");
        Services.AddOptions<HostedRunOptions>(Key).Configure(configure ?? (_ => { })).ValidateOnStart();
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HostedRunOptions>, HostedRunOptionsValidator>());
        var (key, name) = (Key, Name);
        Services.AddKeyedSingleton(key, (_, _) => new HostedRun());
        Services.AddKeyedSingleton(key, (provider, _) => new RunClosing(provider.GetRequiredKeyedService<HostedRun>(key)));
        Services.AddSingleton<IHostedService>(provider => new RunHosting(provider, key, name, pin));
        if (name is null)
        {
            Services.AddSingleton(provider => HostedOf(provider));
            Services.AddSingleton(provider => HostedOf(provider).Run);
        }
        else
        {
            Services.AddKeyedSingleton(name, (provider, _) => HostedOf(provider).Run);
        }

        return this;
    }

    private AggregateStreams<TState, TCommand, TEvent, TError> StreamsOf<TState, TCommand, TEvent, TError>(
        IServiceProvider provider, Aggregate<TState, TCommand, TEvent, TError> aggregate) =>
        HostedOf(provider).Run.Streams(aggregate);

    private HostedRun HostedOf(IServiceProvider provider) =>
        provider.GetKeyedService<HostedRun>(Key)
        ?? throw new InvalidOperationException("The host has no run; call AddRun(pin) on what AddRefold answered.");

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

/// <summary>Which driver of deadlines: one for a category of a journal.</summary>
/// <param name="Journal">The key of the journal's services.</param>
/// <param name="Category">The machine's category.</param>
internal sealed record DriverKey(string Journal, string Category);
