// What the tests of dispatchers share: a clock, what was handed over, commands that send, a dispatcher.
// Used by the tests of this folder.
namespace Refold.Tests.Delivery;

public abstract class DispatcherFixture
{
    private protected ManualClock Clock { get; } = new(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private protected List<(long Number, int Attempt)> Handed { get; } = [];

    private protected OutboxDispatcherOptions Options(string name = "d") => new()
    {
        Name = name,
        TimeProvider = Clock,
        FirstBackoff = TimeSpan.FromSeconds(1),
        MaxBackoff = TimeSpan.FromSeconds(4),
        MaxAttempts = 5,
        WarnAfter = 2,
    };

    private protected async Task SendAsync(IJournal journal, params string[] commands)
    {
        await using var run = await journal.StartRunAsync(Till.Pin, new RunOptions { TimeProvider = Clock });
        foreach (var command in commands) await run.Tills().ExecuteAsync("till/a", command);
    }

    private protected OutboxDispatcher<TillCharge> Dispatcher(
        IJournal journal, Func<OutboxMessage<TillCharge>, bool>? works = null, OutboxDispatcherOptions? options = null) => new(
        journal,
        Till.Payments,
        (message, _) =>
        {
            lock (Handed) Handed.Add((message.Number, message.Attempt));
            return works?.Invoke(message) ?? true ? Task.CompletedTask : Task.FromException(new InvalidOperationException("no bank"));
        },
        options ?? Options());
}
