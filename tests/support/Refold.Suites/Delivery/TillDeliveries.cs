// What suites of dispatchers do with the messages of tills: each delivery is a line of a file, and in the end the rest is delivered.
// Used by KilledDispatching and TwoDispatchers, and by their processes.
using System.Globalization;
using System.Text;

namespace Refold.Suites;

internal static class TillDeliveries
{
    /// <summary>Takes messages: of every third one the first attempt fails, each delivery is a line on the device.</summary>
    /// <param name="file">Where the lines go.</param>
    /// <param name="prefix">What each line begins with.</param>
    public static Func<OutboxMessage<TillCharge>, CancellationToken, Task> KeptIn(FileStream file, string prefix = "")
    {
        var isFailing = false;
        return (message, _) =>
        {
            if (isFailing = !isFailing && message.Number % 3 == 0) throw new InvalidOperationException("not now");
            file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{prefix}{message.Number} {message.Id}\n")));
            file.Flush(flushToDisk: true);
            return Task.CompletedTask;
        };
    }

    /// <summary>Delivers what is left.</summary>
    /// <returns>The numbers of what was delivered.</returns>
    public static async Task<IReadOnlyList<long>> RestAsync(IJournal journal, OutboxDispatcherOptions options)
    {
        List<long> delivered = [];
        var dispatcher = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            (message, _) =>
            {
                delivered.Add(message.Number);
                return Task.CompletedTask;
            },
            options);
        while ((await dispatcher.DeliverDueAsync()).NextDue is not null) await Task.Yield();
        return delivered;
    }
}
