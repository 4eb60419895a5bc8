// The page facade/docs/hosting.md as it stands: its C# is the code below, its F# that of properties/HostingExamples.fs.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orders;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class HostingPageTests
{
    private const string Page = "facade/docs/hosting.md";

    private sealed class Shop
    {
        public Task<string> PayAsync(Purchase purchase, CancellationToken cancellationToken) => Task.FromResult("paid " + purchase.Sku);
    }

    private static Operation<Purchase, Bought> Buy(Shop shop) => Operation.Create(
        "buy", PageJson.Default.Purchase, PageJson.Default.Bought, async (fx, purchase) =>
        {
            await fx.CallAsync("pay", purchase, PageJson.Default.Purchase, shop.PayAsync, PageJson.Default.String);
            await fx.ExecuteAsync(Order.Aggregate, "order/" + purchase.Id, new Place(purchase.Sku, purchase.Quantity));
            return new Bought(purchase.Id, new Payment(fx.NewGuid(), 100, fx.Clock.GetUtcNow()));
        });

    private sealed class Buyer(
        Run run,
        AggregateStreams<OrderState, OrderCommand, OrderEvent, OrderError> orders,
        Operation<Purchase, Bought> buy,
        IJournal journal) : BackgroundService
    {
        public long Position { get; private set; }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await run.RunAsync(buy, key: "42", new Purchase("42", "tea", 2), CancellationToken.None);
            await orders.ExecuteAsync("order/42", new Draw(), stoppingToken);
            Position = (await journal.HeadAsync(stoppingToken)).Position;
        }
    }

    [Theory]
    [InlineData("csharp", "tests/Refold.Tests/Documentation/HostingPageTests.cs", 5)]
    [InlineData("fsharp", "properties/HostingExamples.fs", 1)]
    public void ItsCode_IsTheCodeOfTheTests(string language, string file, int count)
    {
        var code = Flat(SourceTree.Read(file));
        string[] blocks =
        [
            .. Fence().Matches(SourceTree.Read(Page)).Where(block => block.Groups[1].Value == language)
                .Select(block => block.Groups[2].Value),
        ];
        Assert.Equal(count, blocks.Length);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public void EveryNameThatIsMeasuredOrTraced_IsOnThePage()
    {
        var names = typeof(RefoldTelemetry).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).ToList();
        Assert.InRange(names.Count, 20, 100);
        var page = SourceTree.Read(Page);
        Assert.All(names, name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
        // And no other.
        Assert.All(Name().Matches(page), name => Assert.Contains(name.Groups[1].Value, names));
    }

    [Fact]
    public async Task AHost_RecordsWhatItsWorkerDoes_AndANewVersionGoesOn()
    {
        using var directory = new TemporaryDirectory();
        var (path, args) = (directory.File("journal"), Array.Empty<string>());
        foreach (var version in new[] { "1.4.0", "1.4.0", "1.5.0" })
        {
            var builder = Host.CreateApplicationBuilder(args);
            builder.Services.AddSingleton(new Shop());
            builder.Services.AddHostedService<Buyer>();
            builder.Services.AddRefold()
                .UseSegmentFiles(path)
                .AddAggregate(Order.Aggregate)
                .AddOperation(services => Buy(services.GetRequiredService<Shop>()))
                .AddRun(new RunPin("shop", "acme", version, seed: 42))
                .AddHealthCheck();
            builder.Services.AddHostedService<Ending>();
            using var host = builder.Build();
            await host.RunAsync();
        }

        await using var journal = Journal.Open("segments:" + path);
        var runs = await journal.RunsAsync();
        Assert.Equal(["shop-1.4.0", "shop-1.5.0"], runs.Select(run => run.Id.Value));
        foreach (var run in runs)
            Assert.True((await journal.ReplayAsync(run.Id, [Buy(new Shop())], [Order.Aggregate])).Matched);
        // Placed once, drawn at each start.
        Assert.Equal(4, journal.HighestVersion("order/42"));
    }

    [Fact]
    public async Task TheOptionsOfThePage_EndTheRun()
    {
        var pin = new RunPin("shop", "acme", "1.4.0", seed: 42);
        var builder = Host.CreateApplicationBuilder();
        var own = new InMemoryJournal();
        builder.Services.AddSingleton<IJournal>(own);
        _ = builder.Services.AddRefold().UseInMemory()
            .AddRun(pin, options =>
            {
                options.AtShutdown = RunAtShutdown.Finish;
                options.Operations = OperationsAtStart.Beside;
                options.ShutdownTimeout = TimeSpan.FromSeconds(10);
                options.Run = new RunOptions { SnapshotInterval = 500 };
            });
        using var host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
        Assert.True(Assert.Single(await own.RunsAsync()).HasEnded);
    }

    [Fact]
    public async Task PermitsAndHooks()
    {
        var watched = new ConcurrentDictionary<StreamId, long>();
        var permits = new RecoveryPermits(capacity: 8);
        await using var journal = new InMemoryJournal(new JournalOptions { RecoveryPermits = permits });
        var options = new RunOptions
        {
            RecoveryCompleted =
            [
                RecoveryHook.Create(Order.Aggregate, (stream, state, highestVersion) => watched[stream] = highestVersion),
            ],
        };
        await using var run = await journal.StartRunAsync(new RunPin("shop", "acme", "1.4.0", seed: 42), options);
        await run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Draw());
        Assert.Equal(0, watched["order/42"]);
        Assert.Equal((8, 0), (permits.Available, permits.InFlight));
    }

    // Stops the host when the buyer is done.
    private sealed class Ending(IHostApplicationLifetime lifetime, IServiceProvider services) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var buyer = services.GetServices<IHostedService>().OfType<Buyer>().Single();
            await buyer.ExecuteTask!;
            Assert.True(buyer.Position > 0);
            lifetime.StopApplication();
        }
    }

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`(refold\\.[a-z._]+)`")]
    private static partial Regex Name();
}
