// Runs a read model's runner as long as its host runs, and tells its health.
// Registered by RefoldReadModelExtensions.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Refold;

/// <summary>Which read model: one of a name for a journal.</summary>
/// <param name="Journal">The key of the journal's services.</param>
/// <param name="Name">The name.</param>
internal sealed record ReadModelKey(string Journal, string Name);

/// <summary>Drives one runner. A fault that does not pass was logged, and stays in its status; the rest of the host goes on.</summary>
internal sealed class ReadModelHosting(Func<CancellationToken, Task> run) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // The first steps may be made at once, and starting the host does not wait for them.
            await Task.Yield();
            await run(stoppingToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is: what is made from the journal may be late, the journal goes on.
        catch (Exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
        }
    }
}

internal sealed class ReadModelHealthCheck(IServiceProvider services, ReadModelKey key, long maxLag) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var status = services.GetRequiredKeyedService<Func<ReadModelStatus>>(key)();
        var data = new Dictionary<string, object> { ["position"] = status.Place.Position, ["lag"] = status.Lag };
        return Task.FromResult(status.State switch
        {
            ReadModelState.Faulted => new HealthCheckResult(
                context.Registration.FailureStatus, $"'{key.Name}' failed: {status.Error?.Message}", status.Error, data),
            ReadModelState.Restarting => HealthCheckResult.Degraded(
                $"'{key.Name}' met a fault, and goes on after a while: {status.Error?.Message}", status.Error, data),
            _ when status.Lag > maxLag => HealthCheckResult.Degraded($"'{key.Name}' is {status.Lag} positions behind.", null, data),
            _ => HealthCheckResult.Healthy($"'{key.Name}' is kept up to date.", data),
        });
    }
}
