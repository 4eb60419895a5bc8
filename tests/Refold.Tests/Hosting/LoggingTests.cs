// What is logged, under which stable ids, and that a provider that throws disturbs nothing.
// Run by `dotnet test`.
using Microsoft.Extensions.Logging;
using Orders;
using Refold.Segments;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Hosting;

public class LoggingTests
{
    [Fact]
    public async Task ARun_IsLoggedFromOpeningToClosing_AndVerifyingItIsQuiet()
    {
        using var logs = new LogLines();
        var host = Hosts.Make(options => options.UseInMemory(), logs);
        await using (var run = await host.Journal().StartAsync()) await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        await using (
            var run = await host.Journal()
                .ResumeRunAsync(RunId.Create("test"), RunFixture.Pin, RunFixture.Options())) await run.FinishAsync();
        Assert.True((await host.Journal().VerifyAsync(RunId.Create("test"), Order.Aggregate)).Matched);
        await host.CloseAsync();

        Assert.Equal(
            [
                ("Refold.Journal", RefoldEventIds.JournalOpened, LogLevel.Information),
                ("Refold.Run", RefoldEventIds.RunStarted, LogLevel.Information),
                ("Refold.Run", RefoldEventIds.RunResumed, LogLevel.Information),
                ("Refold.Run", RefoldEventIds.RunFinished, LogLevel.Information),
                ("Refold.Journal", RefoldEventIds.JournalClosed, LogLevel.Information),
            ],
            logs.All.Select(line => (line.Category, line.Id, line.Level)));
    }

    [Fact]
    public async Task ADivergence_IsOneWarning()
    {
        using var logs = new LogLines();
        var host = Hosts.Make(options => options.UseInMemory(), logs);
        await using (var run = await host.Journal().StartAsync())
        {
            foreach (var (stream, command) in RunFixture.Commands(20)) await run.Orders().ExecuteAsync(stream, command);
        }

        var loaded = Order.Aggregate.WithDecide((step, state, command) =>
            command is Draw ? [new Won(101)] : Order.Decide(step, state, command));
        var report = await host.Journal().VerifyAsync(RunId.Create("test"), loaded);
        var line = Assert.Single(logs.All, line => line.Category == "Refold.Replay");
        Assert.Equal((RefoldEventIds.DivergenceFound, LogLevel.Warning), (line.Id, line.Level));
        Assert.Contains(report.Divergence!.CauseName, line.Text, StringComparison.Ordinal);
        await host.CloseAsync();
    }

    [Fact]
    public async Task AFailedWrite_IsOneErrorWithItsCause_AndATornTailIsOneWarning()
    {
        using var logs = new LogLines();
        var device = new MemoryDevice();
        var options = new JournalOptions { LoggerFactory = LoggerFactory.Create(builder => builder.AddProvider(logs)) };
        await using (var journal = SegmentJournal.Open(device, options))
        {
            await journal.Append(Samples.Entry("a"));
            var cause = new IOException("gone");
            device.Fails = (operation, _) => operation == "flush" ? cause : null;
            for (var append = 0; append < 3; append++) await journal.TryAppendAsync(new AppendRequest(Samples.Entry("a")));
            var line = Assert.Single(logs.All, line => line.Id == RefoldEventIds.JournalPoisoned);
            Assert.Equal((LogLevel.Error, (Exception)cause), (line.Level, line.Exception));
        }

        var name = device.List().Single(file => file.EndsWith(".seg", StringComparison.Ordinal));
        var bytes = device.Content(name);
        var last = Array.FindLastIndex(bytes, item => item != 0);
        bytes[last] ^= 1;
        await using (SegmentJournal.Open(device.With(name, bytes), options))
        {
            var healed = Assert.Single(logs.All, line => line.Id == RefoldEventIds.TornTailHealed);
            Assert.Equal(LogLevel.Warning, healed.Level);
            Assert.Contains(name, healed.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AStepThatIsMadeAnew_IsSaidAtDebug()
    {
        using var logs = new LogLines();
        var inner = new InMemoryJournal();
        var journal = new StagedJournal(inner)
        {
            Before = append => append == 2
                ? new AppendResult.NotAppended(new AppendFailure.Conflict(RunFixture.Stream, ExpectedVersion.NoStream, 1))
                : null,
        };
        var options = RunFixture.Options() with
        {
            LoggerFactory = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(logs))
        };
        await using var run = await journal.StartRunAsync(RunFixture.Pin, options);
        await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        var line = Assert.Single(logs.All, line => line.Id == RefoldEventIds.ConflictRetried);
        Assert.Equal(("Refold.Run", LogLevel.Debug), (line.Category, line.Level));
        Assert.Contains("attempt 2 of 8", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AProviderThatThrows_DisturbsNeitherJournalNorRun()
    {
        using var logs = new LogLines { Told = line => throw new InvalidOperationException(line.Text) };
        var device = new MemoryDevice();
        var host = Hosts.Make(options => options.UseJournal(DeviceScheme.UriOf(device)), logs);
        await using (var run = await host.Journal().StartAsync())
        {
            await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
            await run.FinishAsync();
        }

        device.Fails = (operation, _) => operation == "flush" ? new IOException("gone") : null;
        Assert.IsType<AppendResult.OutcomeUnknown>(await host.Journal().TryAppendAsync(new AppendRequest(Samples.Entry("a"))));
        Assert.IsType<AppendResult.NotAppended>(await host.Journal().TryAppendAsync(new AppendRequest(Samples.Entry("a"))));
        await host.CloseAsync();
    }

    [Fact]
    public void EventIds_AreStable() =>
        Assert.Equal(
            [1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 20],
            [
                RefoldEventIds.JournalOpened, RefoldEventIds.TornTailHealed, RefoldEventIds.JournalPoisoned, RefoldEventIds.JournalClosed,
                RefoldEventIds.RunStarted, RefoldEventIds.RunResumed, RefoldEventIds.RunFinished, RefoldEventIds.ConflictRetried,
                RefoldEventIds.SnapshotNotUsed, RefoldEventIds.SnapshotNotSaved,
                RefoldEventIds.DivergenceFound,
            ]);
}
