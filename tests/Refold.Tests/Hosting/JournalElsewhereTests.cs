// Journals and snapshots that only OpenAsync opens, in a service container: opened when the host starts, closed with it.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Xunit;

namespace Refold.Tests.Hosting;

public class JournalElsewhereTests
{
    private static int schemes;

    private readonly List<string> story = [];
    private readonly string scheme = "elsewhere" + Interlocked.Increment(ref schemes)
        .ToString(System.Globalization.CultureInfo.InvariantCulture);
    private InMemoryJournal? journal;
    private InMemorySnapshotStore? snapshots;
    private JournalOptions? given;

    public JournalElsewhereTests()
    {
        Journal.Register(scheme, async (path, options, cancellationToken) =>
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            story.Add("journal " + path);
            given = options;
            return journal = new InMemoryJournal();
        });
        Refold.Snapshots.Register(scheme, async (path, options, cancellationToken) =>
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            story.Add("snapshots " + path);
            return snapshots = new InMemorySnapshotStore(options);
        });
    }

    [Fact]
    public async Task TheHostsStart_OpensSnapshotsAndJournal_AndTheContainerClosesThem()
    {
        var host = Hosts.Make(options => options.UseJournal(scheme + ":a").UseSnapshots(scheme + ":b"));
        await host.StartAsync();
        Assert.Equal(["snapshots b", "journal a"], story);
        Assert.Same(journal, host.Journal());
        Assert.Same(snapshots, host.Services.GetRequiredService<ISnapshotStore>());
        Assert.Same(snapshots, given!.Snapshots);
        Assert.Equal(HealthStatus.Healthy, (await host.HealthAsync()).Status);
        await host.StopAsync();
        await host.CloseAsync();
        Assert.Equal(2, story.Count);
        Assert.Throws<ObjectDisposedException>(() => journal!.Streams());
        Assert.Throws<ObjectDisposedException>(() => snapshots!.IsEmpty);
    }

    [Fact]
    public async Task BeforeTheStart_NothingIsOpened_AndTheMessageHasTheRemedy()
    {
        var host = Hosts.Make(options => options.UseJournal(scheme + ":a"));
        var refused = Assert.Throws<JournalOpenException>(host.Journal);
        Assert.Contains($"'{scheme}:a' is opened when the host starts; start the host", refused.Message, StringComparison.Ordinal);
        var health = await host.HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.IsType<JournalOpenException>(health.Exception);
        Assert.Empty(story);
        await host.StartAsync();
        Assert.Same(journal, host.Journal());
        await host.CloseAsync();
    }

    [Fact]
    public async Task WithoutOpenAtStart_TheOptionsAreRefused()
    {
        var host = Hosts.Make(options => options.UseJournal(scheme + ":a").OpenAtStart = false);
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("leave RefoldOptions.OpenAtStart true", refused.Message, StringComparison.Ordinal);
        Assert.Empty(story);
        await host.CloseAsync();
    }

    [Fact]
    public async Task AJournalThatWasOpenedAndIsNotTheContainers_IsClosedWithIt()
    {
        var own = new InMemoryJournal();
        var host = Hosts.Make(options => options.UseJournal(scheme + ":a"), more: services => services.AddSingleton<IJournal>(own));
        await host.StartAsync();
        Assert.Same(own, host.Journal());
        await host.CloseAsync();
        Assert.Throws<ObjectDisposedException>(() => journal!.Streams());
    }

    [Fact]
    public async Task AStartThatIsCancelled_OpensNothing()
    {
        var host = Hosts.Make(options => options.UseJournal(scheme + ":a"));
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.StartAsync(source.Token));
        Assert.Empty(story);
        await host.CloseAsync();
    }
}
