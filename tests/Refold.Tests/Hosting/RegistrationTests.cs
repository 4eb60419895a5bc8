// A journal from the service container: chosen, checked, opened, injected, closed.
// Run by `dotnet test`.
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orders;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Hosting;

public class RegistrationTests
{
    [Fact]
    public async Task AnInjectedJournal_RecordsARunInSegmentFiles_AndFreesTheLockWithTheHost()
    {
        using var directory = new TemporaryDirectory();
        var host = Hosts.Make(
            options => options.UseSegmentFiles(directory.File("journal")), more: services => services.AddScoped<OrderDesk>());
        await host.StartAsync();
        Assert.Throws<JournalInUseException>(() => Journal.Open(directory.Journal()));
        await using (var scope = host.Services.CreateAsyncScope())
            Assert.True(await scope.ServiceProvider.GetRequiredService<OrderDesk>().PlaceAsync());
        var head = await host.Journal().HeadAsync();
        await host.StopAsync();
        await host.CloseAsync();

        await using var reopened = Journal.Open(directory.Journal());
        Assert.Equal(head, reopened.Head);
        Assert.True((await reopened.VerifyAsync(RunId.Create("test"), Order.Aggregate)).Matched);
    }

    [Fact]
    public async Task TheReadmesLine_IsAllThatIsNeeded()
    {
        const string line = "builder.Services.AddRefold(options => options.UseSegmentFiles(path)).AddHealthCheck();";
        Assert.Contains("\n" + line + "\n", SourceTree.Read("README.md"), StringComparison.Ordinal);
        Assert.Contains(
            "\n        " + line + "\n", SourceTree.Read("tests/Refold.Tests/Hosting/RegistrationTests.cs"), StringComparison.Ordinal);

        using var directory = new TemporaryDirectory();
        var path = directory.File("journal");
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRefold(options => options.UseSegmentFiles(path)).AddHealthCheck();
        var host = builder.Build();
        await host.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await host.HealthAsync()).Status);
        Assert.IsType<SegmentJournal>(host.Journal());
        await host.CloseAsync();
    }

    [Fact]
    public async Task TheJournal_IsOneForAll_AndClosedOnceWithTheContainer()
    {
        var services = new ServiceCollection();
        services.AddRefold(options => options.UseInMemory());
        var provider = services.BuildServiceProvider();
        var journal = provider.GetRequiredService<IJournal>();
        await using (var scope = provider.CreateAsyncScope())
            Assert.Same(journal, scope.ServiceProvider.GetRequiredService<IJournal>());
        _ = await journal.StreamsAsync();
        await provider.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await journal.StreamsAsync());
    }

    [Fact]
    public async Task AJournalThatIsThereAlready_IsKept()
    {
        var own = new InMemoryJournal();
        await using var provider = new ServiceCollection()
            .AddSingleton<IJournal>(own)
            .AddRefold(options => options.UseInMemory()).Services.BuildServiceProvider();
        Assert.Same(own, provider.GetRequiredService<IJournal>());
    }

    [Fact]
    public async Task Names_KeepJournalsApart()
    {
        using var directory = new TemporaryDirectory();
        var services = new ServiceCollection();
        services.AddRefold(options => options.UseInMemory());
        services.AddKeyedRefold("audit", options => options.UseJournal(directory.Journal("audit")));
        services.AddKeyedRefold("trial", options => options.UseInMemory());
        await using var provider = services.BuildServiceProvider();
        Assert.IsType<SegmentJournal>(provider.GetRequiredKeyedService<IJournal>("audit"));
        Assert.IsType<InMemoryJournal>(provider.GetRequiredKeyedService<IJournal>("trial"));
        Assert.NotSame(provider.GetRequiredService<IJournal>(), provider.GetRequiredKeyedService<IJournal>("trial"));
        Assert.Throws<ArgumentException>(() => services.AddKeyedRefold(" ", options => options.UseInMemory()));
    }

    [Fact]
    public async Task WithoutOpenAtStart_TheFirstUseOpens()
    {
        using var directory = new TemporaryDirectory();
        var host = Hosts.Make(options =>
        {
            options.UseSegmentFiles(directory.File("journal"));
            options.OpenAtStart = false;
        });
        await host.StartAsync();
        Assert.False(Directory.Exists(directory.File("journal")));
        _ = host.Journal();
        Assert.True(File.Exists(Path.Combine(directory.File("journal"), "lock")));
        await host.CloseAsync();
    }

    [Fact]
    public async Task AHostWhoseJournalIsInUse_DoesNotStart()
    {
        using var directory = new TemporaryDirectory();
        await using var other = Journal.Open(directory.Journal());
        var host = Hosts.Make(options => options.UseSegmentFiles(directory.File("journal")));
        await Assert.ThrowsAsync<JournalInUseException>(() => host.StartAsync());
        await host.CloseAsync();
    }

    [Fact]
    public async Task TheContainersClock_GivesRunsTheirTimes_UnlessTheyNameAnother()
    {
        var host = Hosts.Make(options => options.UseInMemory(), more: services => services.AddSingleton<TimeProvider>(new FixedClock()));
        await using var run = await host.Journal().StartRunAsync(RunFixture.Pin, new RunOptions { RunId = RunId.Create("containers") });
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        await using var other = await host.Journal().StartRunAsync(RunFixture.Pin, new RunOptions
        {
            RunId = RunId.Create("own"),
            TimeProvider = new LaterClock()
        });
        var timed = await host.Journal().ReadStreamAsync("$run/containers").ToListAsync();
        Assert.All(timed, entry => Assert.Equal(new FixedClock().GetUtcNow(), entry.Time));
        timed = await host.Journal().ReadStreamAsync("$run/own").ToListAsync();
        Assert.All(timed, entry => Assert.Equal(new LaterClock().GetUtcNow(), entry.Time));
        await host.CloseAsync();
    }

    public static TheoryData<Action<RefoldOptions>, string> Mistakes() => new()
    {
        { _ => { }, "No journal is chosen; call UseSegmentFiles(path), UseInMemory() or UseJournal(uri)" },
        { options => options.UseInMemory().UseSegmentFiles("data"), "More than one journal is chosen (memory:, segments:data)" },
        { options => options.UseSegmentFiles(""), "give UseSegmentFiles a path" },
        { options => options.UseSegmentFiles("  "), "give UseSegmentFiles a path" },
        { options => options.UseJournal(""), "write it as segments:DIR, litedb:FILE or memory:" },
        { options => options.UseJournal("data"), "has no scheme" },
        { options => options.UseJournal("redis:x"), "unknown scheme 'redis'" },
        { options => options.UseInMemory().Journal = null!, "RefoldOptions.Journal is null" },
        { options => options.UseInMemory().Journal = new JournalOptions { Segments = null! }, "JournalOptions.Segments is null" },
        {
            options => options.UseInMemory().Journal = new JournalOptions { Segments = new() { SegmentBytes = 511 } },
            "SegmentOptions.SegmentBytes is 511; set 512 or more"
        },
        {
            options => options.UseInMemory().Journal = new JournalOptions { Segments = new() { Durability = (Durability)9 } },
            "SegmentOptions.Durability is 9, which is no mode; set one of Flushed, Padded, PowerCutLosesNewest"
        },
        {
            options => options.UseInMemory().Journal = new JournalOptions { Segments = new() { CheckpointBytes = -1 } },
            "SegmentOptions.CheckpointBytes is -1; set 0 for no checkpoints, or more"
        },
        {
            options => options.UseInMemory().Journal = new JournalOptions { Segments = new() { OpenFiles = 0 } },
            "SegmentOptions.OpenFiles is 0; set 1 or more"
        },
        {
            options => options.UseInMemory().Journal = new JournalOptions { Segments = new() { Opening = null! } },
            "SegmentOptions.Opening is null"
        },
        {
            options => options.UseInMemory().Journal = new JournalOptions { SnapshotInterval = -1 },
            "JournalOptions.SnapshotInterval is -1; set 0 for no snapshots, or 1 or more"
        },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task AMistakeInTheOptions_EndsTheStartWithItsRemedy(Action<RefoldOptions> configure, string remedy)
    {
        var host = Hosts.Make(configure);
        var atStart = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(remedy, atStart.Message, StringComparison.Ordinal);
        var atUse = Assert.Throws<OptionsValidationException>(() => host.Journal());
        Assert.Equal(atStart.Message, atUse.Message);
        await host.CloseAsync();
    }

    [Fact]
    public async Task SegmentOptions_AreBoundFromTheConfiguration_AndChecked()
    {
        using var directory = new TemporaryDirectory();
        const string segments = "Refold:Journal:Segments:";
        var settings = new Dictionary<string, string?>
        {
            [segments + "SegmentBytes"] = "65536",
            [segments + "CheckpointBytes"] = "4096",
            [segments + "Durability"] = "Padded",
            [segments + "OpenFiles"] = "3",
            [segments + "Pipelined"] = "true",
            [segments + "Opening:Scan"] = "true",
            [segments + "Opening:Footers"] = "false",
            ["Refold:Journal:SnapshotInterval"] = "7",
        };
        IHost Make()
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Configuration.AddInMemoryCollection(settings);
            builder.Services.AddRefold(options => options.UseSegmentFiles(directory.File("journal")));
            builder.Services.AddOptions<RefoldOptions>().BindConfiguration("Refold");
            return builder.Build();
        }

        var host = Make();
        await host.StartAsync();
        var bound = host.Services.GetRequiredService<IOptions<RefoldOptions>>().Value.Journal;
        Assert.Equal(7, bound.SnapshotInterval);
        Assert.Equal(
            new SegmentOptions
            {
                SegmentBytes = 65536,
                CheckpointBytes = 4096,
                Durability = Durability.Padded,
                OpenFiles = 3,
                Pipelined = true,
                Opening = new OpeningWays { Footers = false },
            },
            bound.Segments);
        await host.Journal().AppendAsync("a", ExpectedVersion.NoStream, [new EntryData("a", "t", "{}"u8.ToArray())]);
        await host.CloseAsync();
        Assert.InRange(Directory.GetFiles(directory.File("journal")).Sum(file => new FileInfo(file).Length), 65536, 1_000_000);
        settings[segments + "OpenFiles"] = "0";
        host = Make();
        var wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("SegmentOptions.OpenFiles is 0", wrong.Message, StringComparison.Ordinal);
        await host.CloseAsync();
        Assert.Equal(
            "options.Segments.Opening",
            Assert.Throws<ArgumentNullException>(() => Refold.Journal.Open(
                directory.Journal(), new JournalOptions { Segments = new() { Opening = null! } })).ParamName);
    }

    private sealed class LaterClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }

    private sealed class OrderDesk(IJournal journal)
    {
        public async Task<bool> PlaceAsync()
        {
            await using var run = await journal.StartAsync();
            var placed = await run.Orders().ExecuteAsync(RunFixture.Stream, new Place("sku", 1));
            await run.FinishAsync();
            return placed.IsAccepted;
        }
    }
}
