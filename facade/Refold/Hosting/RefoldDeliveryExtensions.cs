// What an application adds for messages: a dispatcher of an outbox, run with the host.
// Called on what AddRefold answered.
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refold;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Dispatchers of outboxes in a host.</summary>
public static class RefoldDeliveryExtensions
{
    /// <summary>Adds a dispatcher as a hosted service: it hands the outbox's messages over while the host runs, and goes on in the next
    /// process where this one stopped or was killed. It can be injected by the outbox's name as key, to confirm messages and to look at
    /// them: <c>[FromKeyedServices("payments")] OutboxDispatcher&lt;Charge&gt;</c>.</summary>
    /// <typeparam name="TMessage">The messages.</typeparam>
    /// <param name="builder">What <c>AddRefold</c> answered.</param>
    /// <param name="outbox">The outbox.</param>
    /// <param name="deliver">Hands a message over, with services of the container; as for <see cref="OutboxDispatcher{TMessage}"/>.</param>
    /// <param name="options">How messages are handed over. Without a name, under that of the host's application, so that the next
    /// process of it goes on at once.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">A dispatcher of this outbox was added before, or an option is outside its range.</exception>
    /// <example><code>
    /// builder.Services.AddRefold().UseSegmentFiles("data").AddRun(pin).AddDispatcher(
    ///     Order.Payments,
    ///     (services, message, token) => services.GetRequiredService&lt;Bank&gt;().PayAsync(message.Message, message.Id, token));
    /// </code></example>
    public static RefoldBuilder AddDispatcher<TMessage>(
        this RefoldBuilder builder,
        Outbox<TMessage> outbox,
        Func<IServiceProvider, OutboxMessage<TMessage>, CancellationToken, Task> deliver,
        OutboxDispatcherOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(outbox);
        ArgumentNullException.ThrowIfNull(deliver);
        var (name, given) = (builder.Name, (options ?? new OutboxDispatcherOptions()).Validated());
        var key = new DispatcherKey(RefoldServiceCollectionExtensions.KeyOf(name), outbox.Name);
        if (builder.Services.Any(service => service.IsKeyedService && Equals(service.ServiceKey, key)))
        {
            throw new ArgumentException(
                $"A dispatcher of the outbox '{outbox.Name}' was added before; add each outbox once.", nameof(outbox));
        }

        builder.Services.AddKeyedSingleton(key, (provider, _) => new OutboxDispatcher<TMessage>(
            JournalOpening.Get(provider, name),
            outbox,
            (message, token) => deliver(provider, message, token),
            given with
            {
                Name = given.Name ?? provider.GetService<IHostEnvironment>()?.ApplicationName,
                LoggerFactory = given.LoggerFactory ?? provider.GetService<ILoggerFactory>(),
            }));
        builder.Services.AddKeyedSingleton(
            outbox.Name, (provider, _) => provider.GetRequiredKeyedService<OutboxDispatcher<TMessage>>(key));
        builder.Services.AddSingleton<IHostedService>(provider => new DispatcherHosting<TMessage>(provider, key));
        return builder;
    }
}
