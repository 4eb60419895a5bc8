// What is wrong with the run of a host is named when it is added, or at the start, with what to do.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orders;
using Refold.Tests.Operations;
using Xunit;
using OrderStreams = Refold.AggregateStreams<Orders.OrderState, Orders.OrderCommand, Orders.OrderEvent, Orders.OrderError>;

namespace Refold.Tests.Hosting;

public class HostedRunMistakeTests
{
    public static TheoryData<Action<HostedRunOptions>, string> Mistakes() => new()
    {
        { options => options.Run = null!, "HostedRunOptions.Run is null; leave it as it is" },
        { options => options.Run = new RunOptions { RunId = "a" }, "names a RunId; set HostedRunOptions.RunName" },
        { options => options.Run = new RunOptions { Mode = RecordMode.Off }, "Start a run in mode Off with journal.StartRunAsync" },
        { options => options.RunName = "", "HostedRunOptions.RunName is '', which is no name of a run; it has 1 to 128 UTF-8 bytes" },
        { options => options.AtShutdown = (RunAtShutdown)7, "set LeaveOpen or Finish" },
        { options => options.Operations = (OperationsAtStart)7, "set Before, Beside or Not" },
        { options => options.ShutdownTimeout = TimeSpan.Zero, "HostedRunOptions.ShutdownTimeout is 00:00:00; set more than zero" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task AMistakeInTheOptions_EndsTheStartWithItsRemedy(Action<HostedRunOptions> configure, string remedy)
    {
        var host = HostedRunTests.Make("memory:", HostedRunTests.Pin(), configure);
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        await host.CloseAsync();
    }

    [Fact]
    public async Task WhatCannotBeAdded_OrStarted_SaysWhatToDo()
    {
        using var directory = new TemporaryDirectory();
        var pin = HostedRunTests.Pin();
        var refold = new ServiceCollection().AddRefold().AddAggregate(Order.Aggregate).AddRun(pin);
        Assert.Contains(
            "has a run already", Assert.Throws<InvalidOperationException>(() => refold.AddRun(pin)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'order' was added before",
            Assert.Throws<ArgumentException>(() => refold.AddAggregate(Order.Aggregate)).Message,
            StringComparison.Ordinal);
        await using (Journal.Open(directory.Journal()))
        {
        }

        await RefusedAsync(
            services => services.AddRefold(options => options.Journal = new JournalOptions { ReadOnly = true })
                .UseJournal(directory.Journal()).AddRun(HostedRunTests.Pin()),
            "leave JournalOptions.ReadOnly false");
        await RefusedAsync(
            services => services.AddRefold().UseInMemory().AddRun(new RunPin(new string('m', 200), "acme", "1", 1)),
            "set HostedRunOptions.RunName");
        await RefusedAsync(services => services.AddRefold().UseInMemory().AddRun(_ => null!), "give it a RunPin");
        await RefusedAsync(
            services => services.AddRefold(options => options.RecoveryCapacity = 0).UseInMemory(),
            "RefoldOptions.RecoveryCapacity is 0; set 1 or more");
        await RefusedAsync(services => services.AddRefold().AddRun(HostedRunTests.Pin()), "No journal is chosen");
        var twice = TextOperation.Of((_, text) => Task.FromResult(text));
        await RefusedAsync(
            services => services.AddRefold().UseInMemory().AddOperation(twice).AddOperation(twice).AddRun(HostedRunTests.Pin()),
            "Two operations are named 'op'");

        var host = HostedRunTests.Make(services => services.AddRefold().UseInMemory().AddAggregate(Order.Aggregate));
        Assert.Contains(
            "call AddRun(pin)",
            Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<OrderStreams>()).Message,
            StringComparison.Ordinal);
        await host.CloseAsync();

        host = HostedRunTests.Make("memory:", HostedRunTests.Pin());
        var run = host.Services.GetRequiredService<Run>();
        Assert.Contains("from StartAsync on", Assert.Throws<InvalidOperationException>(() => run.Id).Message, StringComparison.Ordinal);
        Assert.Equal("a run that its host has not started", run.ToString());
        Assert.False(host.Services.GetRequiredService<HostedRun>().IsStarted);
        await host.CloseAsync();
    }

    private static async Task RefusedAsync(Action<IServiceCollection> configure, string remedy)
    {
        var host = HostedRunTests.Make(configure);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        await host.CloseAsync();
    }
}
