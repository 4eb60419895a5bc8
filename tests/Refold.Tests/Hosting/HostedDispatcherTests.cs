// The dispatcher of an outbox as a hosted service: begun and ended with the host, gone on with by the next.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Refold.Tests.Hosting;

public class HostedDispatcherTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    private sealed class Bank
    {
        private readonly ConcurrentQueue<(long Number, int Cents)> paid = new();
        private readonly SemaphoreSlim came = new(0);

        public bool IsOpen { get; set; } = true;

        public IReadOnlyList<(long Number, int Cents)> Paid => [.. paid];

        public Task PayAsync(OutboxMessage<TillCharge> message)
        {
            if (IsOpen) paid.Enqueue((message.Number, message.Message.Cents));
            came.Release();
            return IsOpen ? Task.CompletedTask : Task.FromException(new InvalidOperationException("closed"));
        }

        public async Task CameAsync() => Assert.True(await came.WaitAsync(minute));
    }

    private static IHost Make(string journal, Bank bank) => HostedRunTests.Make(services =>
    {
        services.AddSingleton(bank);
        services.AddRefold().UseJournal(journal).AddAggregate(Till.Aggregate).AddRun(Till.Pin).AddDispatcher(
            Till.Payments,
            (provider, message, _) => provider.GetRequiredService<Bank>().PayAsync(message),
            new OutboxDispatcherOptions { Name = "till", FirstBackoff = TimeSpan.FromMilliseconds(10) });
    });

    private static async Task SellAsync(IHost host, string command) =>
        Assert.True((await host.Services.GetRequiredService<Run>().Tills().ExecuteAsync("till/a", command)).IsAccepted);

    [Fact]
    public async Task MessagesAreHandedOverWhileItRuns_AndTheNextHostGoesOnWithWhatIsNotConfirmed()
    {
        using var directory = new TemporaryDirectory();
        var bank = new Bank();
        var host = Make(directory.Journal(), bank);
        await host.StartAsync().WaitAsync(minute);
        await SellAsync(host, "sell 250");
        await bank.CameAsync();
        bank.IsOpen = false;
        await SellAsync(host, "sell 300");
        await bank.CameAsync();
        await host.StopAsync().WaitAsync(minute);
        await host.CloseAsync();
        Assert.Equal([(1, 250)], bank.Paid);

        // What is sent between two hosts waits for the next.
        await using (var journal = Journal.Open(directory.Journal()))
        {
            await using var run = await journal.ResumeRunAsync("till-1", Till.Pin);
            await run.Tills().ExecuteAsync("till/b", "sell 400");
        }

        bank = new Bank();
        host = Make(directory.Journal(), bank);
        await host.StartAsync().WaitAsync(minute);
        await bank.CameAsync();
        await bank.CameAsync();
        await host.StopAsync().WaitAsync(minute);
        var status = await host.Services.GetRequiredKeyedService<OutboxDispatcher<TillCharge>>("payments").StatusAsync();
        await host.CloseAsync();
        Assert.Equal([(2, 300), (3, 400)], bank.Paid.Order());
        Assert.Equal(3, status.SettledTo);
        await using var left = Journal.Open(directory.Journal());
        var report = await left.VerifyAsync("till-1", Till.Aggregate);
        Assert.True(report.Matched, report.ToString());
    }

    [Fact]
    public void AnOutbox_IsAddedOnce_AndItsOptionsAreChecked()
    {
        var refold = new ServiceCollection().AddRefold().UseInMemory();
        static Task Nowhere(IServiceProvider provider, OutboxMessage<TillCharge> message, CancellationToken token) => Task.CompletedTask;
        Assert.Throws<ArgumentOutOfRangeException>(
            () => refold.AddDispatcher(Till.Payments, Nowhere, new OutboxDispatcherOptions { BurstLimit = 0 }));
        refold.AddDispatcher(Till.Payments, Nowhere);
        Assert.Throws<ArgumentException>(() => refold.AddDispatcher(Till.Payments, Nowhere));
    }

    // Named after the application, so that its next process need not wait for the outbox.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutAName_ItHasThatOfTheApplication(bool hasOptions)
    {
        using var directory = new TemporaryDirectory();
        for (var start = 1; start <= 2; start++)
        {
            var bank = new Bank();
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "shop" });
            builder.Services.AddRefold().UseJournal(directory.Journal()).AddAggregate(Till.Aggregate).AddRun(Till.Pin)
                .AddDispatcher(
                    Till.Payments, (_, message, _) => bank.PayAsync(message), hasOptions ? new() { MaxAttempts = 10 } : null);
            var host = builder.Build();
            await host.StartAsync().WaitAsync(minute);
            await SellAsync(host, "sell 1");
            await bank.CameAsync();
            // Till then it may come again.
            var dispatcher = host.Services.GetRequiredKeyedService<OutboxDispatcher<TillCharge>>("payments");
            while ((await dispatcher.StatusAsync().WaitAsync(minute)).SettledTo < start) await Task.Delay(1);
            // As if killed: not stopped, so that the outbox is not given back.
            if (start == 2) await host.StopAsync().WaitAsync(minute);
            await host.CloseAsync();
            Assert.Equal(start, Assert.Single(bank.Paid).Number);
        }

        await using var journal = Journal.Open(directory.Journal());
        var taken = journal.ReadStream("$outbox-log/payments").First(entry => entry.Type == "$outbox.taken");
        Assert.Contains("\"shop\"", System.Text.Encoding.UTF8.GetString(taken.Payload.Span), StringComparison.Ordinal);
    }
}
