// Runs the dispatcher of an outbox as long as its host runs: from the start of hosted services to their stop, within the host's bound.
// Called by the host; registered by RefoldBuilder.AddDispatcher.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Refold;

/// <summary>Drives one dispatcher. What it throws, as where the journal takes no more facts, ends the host as for any background service:
/// nothing of a message is lost by it.</summary>
/// <typeparam name="TMessage">The messages.</typeparam>
/// <param name="services">The container.</param>
/// <param name="key">The key of the dispatcher.</param>
internal sealed class DispatcherHosting<TMessage>(IServiceProvider services, DispatcherKey key) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        services.GetRequiredKeyedService<OutboxDispatcher<TMessage>>(key).RunAsync(stoppingToken);
}

/// <summary>Which dispatcher: one for an outbox of a journal.</summary>
/// <param name="Journal">The key of the journal's services.</param>
/// <param name="Outbox">The outbox's name.</param>
internal sealed record DispatcherKey(string Journal, string Outbox);
