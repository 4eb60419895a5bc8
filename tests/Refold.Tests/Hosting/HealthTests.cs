// What the health check says of a journal that works, cannot be opened, is closed, is read only, or had a write fail.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Xunit;

namespace Refold.Tests.Hosting;

public class HealthTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AJournalThatTakesAppends_IsHealthy_AndNothingIsAppended(bool inFiles)
    {
        using var directory = new TemporaryDirectory();
        var host = Hosts.Make(options => options.UseJournal(inFiles ? directory.Journal() : "memory:"));
        await host.StartAsync();
        await host.Journal().Append(Samples.Entry("a"));
        var head = await host.Journal().HeadAsync();
        var health = await host.HealthAsync();
        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Equal(1L, health.Data["position"]);
        Assert.Equal(head, await host.Journal().HeadAsync());
        Assert.Equal(["a"], (await host.Journal().StreamsAsync()).Select(stream => stream.Stream.Value));
        await host.CloseAsync();
    }

    [Fact]
    public async Task AJournalWhoseWriteFailed_IsUnhealthyWithTheCause_UntilItIsOpenedAgain()
    {
        var device = new MemoryDevice();
        var uri = DeviceScheme.UriOf(device);
        var host = Hosts.Make(options => options.UseJournal(uri));
        await host.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await host.HealthAsync()).Status);
        var cause = new IOException("the disk is gone");
        device.Fails = (operation, _) => operation == "flush" ? cause : null;
        Assert.IsType<AppendResult.OutcomeUnknown>(await host.Journal().TryAppendAsync(new AppendRequest(Samples.Entry("a"))));
        device.Fails = (_, _) => null;

        var health = await host.HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Same(cause, health.Exception);
        Assert.Contains("the disk is gone", health.Description, StringComparison.Ordinal);
        await host.CloseAsync();

        var next = Hosts.Make(options => options.UseJournal(uri));
        Assert.Equal(HealthStatus.Healthy, (await next.HealthAsync()).Status);
        await next.CloseAsync();
    }

    [Fact]
    public async Task AJournalThatCannotBeOpened_IsUnhealthy_UntilItCan()
    {
        using var directory = new TemporaryDirectory();
        var other = Journal.Open(directory.Journal());
        var host = Hosts.Make(options =>
        {
            options.UseSegmentFiles(directory.File("journal"));
            options.OpenAtStart = false;
        });
        await host.StartAsync();
        var health = await host.HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.IsType<JournalInUseException>(health.Exception);
        Assert.StartsWith("The journal cannot be opened: ", health.Description, StringComparison.Ordinal);

        await other.DisposeAsync();
        Assert.Equal(HealthStatus.Healthy, (await host.HealthAsync()).Status);
        await host.CloseAsync();
    }

    [Fact]
    public async Task AClosedJournal_IsUnhealthy()
    {
        var host = Hosts.Make(options => options.UseInMemory());
        await host.Journal().DisposeAsync();
        var health = await host.HealthAsync();
        Assert.Equal(
            (HealthStatus.Unhealthy, "The journal takes no appends: the journal was closed."), (health.Status, health.Description));
        await host.CloseAsync();
    }

    [Fact]
    public async Task AJournalOpenedForReading_IsHealthyWhileItCanBeRead()
    {
        using var directory = new TemporaryDirectory();
        await using (var written = Journal.Open(directory.Journal())) await written.Append(Samples.Entry("a"));
        var host = Hosts.Make(options => options.UseSegmentFiles(directory.File("journal")).Journal = Samples.ReadOnly);
        Assert.Equal(HealthStatus.Healthy, (await host.HealthAsync()).Status);
        await host.Journal().DisposeAsync();
        var health = await host.HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.StartsWith("The journal cannot be read: ", health.Description, StringComparison.Ordinal);
        await host.CloseAsync();
    }

    [Fact]
    public async Task NamesStatusAndTags_AreTheUsersToChoose()
    {
        var host = Hosts.Make(options => options.UseInMemory(), more: services =>
        {
            services.AddKeyedRefold("audit", options => options.UseInMemory()).AddHealthCheck();
            services.AddKeyedRefold("broken", _ => { }).AddHealthCheck("books", HealthStatus.Degraded, ["ready"], TimeSpan.FromSeconds(30));
        });
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(["books", "refold", "refold-audit"], report.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(HealthStatus.Degraded, report.Entries["books"].Status);
        Assert.IsType<OptionsValidationException>(report.Entries["books"].Exception);
        Assert.Equal(["ready"], report.Entries["books"].Tags);
        Assert.Equal(HealthStatus.Healthy, report.Entries["refold-audit"].Status);
        await host.CloseAsync();
    }
}
