// Read models and live projections in a host: injected, kept up to date, and what their health checks say.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Refold.Tests.Hosting;

public class HostedReadModelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Projection<long> Counting = Projection.Create("counting", 1, [], 0L, (count, _) => count + 1, Numbers.Codec);

    private sealed class Rows : IReadModel
    {
        public Head? Place { get; set; }

        public Func<Task> Applying { get; set; } = () => Task.CompletedTask;

        public ValueTask<Head?> LoadPlaceAsync(CancellationToken cancellationToken = default) => new(Place);

        public async ValueTask ApplyAsync(ReadModelBatch batch, CancellationToken cancellationToken = default)
        {
            await Applying();
            Place = batch.Place;
        }
    }

    private static IHost Make(Action<RefoldBuilder> more)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        more(builder.Services.AddRefold(options => options.UseInMemory()));
        return builder.Build();
    }

    [Fact]
    public async Task Both_AreInjectedByName_FollowTheJournal_AndAreHealthy()
    {
        var rows = new Rows();
        var host = Make(refold => refold.AddProjection(Counting).AddReadModel("rows", _ => rows)
            .AddReadModelHealthCheck("counting").AddReadModelHealthCheck("rows", maxLag: 10));
        await host.StartAsync();
        var live = host.Services.GetRequiredKeyedService<LiveProjection<long>>("counting");
        var runner = host.Services.GetRequiredKeyedService<ReadModelRunner>("rows");
        var receipt = await host.Journal().AppendAsync(new AppendRequest(Samples.Entry("s")));
        Assert.Equal(1, (await live.WaitForAsync(receipt.Head.Position).WaitAsync(Patience)).State);
        await runner.WaitForAsync(receipt.Head.Position).WaitAsync(Patience);
        Assert.Equal(receipt.Head, rows.Place);
        foreach (var name in new[] { "refold-counting", "refold-rows" })
        {
            var health = await host.HealthAsync(name);
            Assert.Equal((HealthStatus.Healthy, 1L, 0L), (health.Status, health.Data["position"], health.Data["lag"]));
        }

        await host.StopAsync();
        Assert.Equal((ReadModelState.Stopped, ReadModelState.Stopped), (live.Status.State, runner.Status.State));
        await host.CloseAsync();
    }

    [Fact]
    public async Task OneThatIsBehind_IsDegraded_AndOneThatFailed_IsUnhealthy_WhileTheHostGoesOn()
    {
        var gate = new TaskCompletionSource();
        var (slow, foreign) = (new Rows { Applying = () => gate.Task }, new Rows { Place = new Head(99, Hash.Zero) });
        var host = Make(refold => refold
            .AddReadModel("slow", _ => slow).AddReadModel("foreign", _ => foreign)
            .AddReadModelHealthCheck("slow", maxLag: 2).AddReadModelHealthCheck("foreign"));
        await host.StartAsync();
        var runner = host.Services.GetRequiredKeyedService<ReadModelRunner>("slow");
        for (var number = 0; number < 5; number++) await host.Journal().AppendAsync(new AppendRequest(Samples.Entry("s")));
        await UntilAsync(() => host.Services.GetRequiredKeyedService<ReadModelRunner>("foreign").Status.State == ReadModelState.Faulted);
        var unhealthy = await host.HealthAsync("refold-foreign");
        Assert.Equal(HealthStatus.Unhealthy, unhealthy.Status);
        Assert.IsType<ForeignHistoryException>(unhealthy.Exception);
        var degraded = await host.HealthAsync("refold-slow");
        Assert.Equal(HealthStatus.Degraded, degraded.Status);
        Assert.Contains("behind", degraded.Description, StringComparison.Ordinal);
        gate.SetResult();
        await runner.WaitForAsync(5).WaitAsync(Patience);
        Assert.Equal(HealthStatus.Healthy, (await host.HealthAsync("refold-slow")).Status);
        Assert.False(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        await host.CloseAsync();
    }

    [Fact]
    public async Task OfTwoJournals_EachHasItsOwn_AndANameComesOnce()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRefold(options => options.UseInMemory()).AddProjection(Counting);
        builder.Services.AddKeyedRefold("other", options => options.UseInMemory()).AddProjection(Counting);
        var host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredKeyedService<IJournal>("other").AppendAsync(new AppendRequest(Samples.Entry("s")));
        var other = host.Services.GetRequiredKeyedService<LiveProjection<long>>("other/counting");
        Assert.Equal(1, (await other.WaitForAsync(1).WaitAsync(Patience)).State);
        Assert.False(host.Services.GetRequiredKeyedService<LiveProjection<long>>("counting").Current.HasState);
        await host.CloseAsync();
        Assert.Throws<ArgumentException>(() => Make(refold => refold.AddProjection(Counting).AddReadModel("counting", _ => new Rows())));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var late = new CancellationTokenSource(Patience);
        while (!holds()) await Task.Delay(1, late.Token);
    }
}
