// How full outboxes are, as far as a run knows: what the journal shows, and what the run has under way.
// Asked by ExecuteWork: read before its step is made, and counted before a step that sends is appended.
namespace Refold;

/// <summary>What a step is about to send, by outbox.</summary>
internal sealed record OutboxReservation(IReadOnlyDictionary<string, long> Counts);

internal sealed class OutboxGauges(IJournal journal, IReadOnlyDictionary<string, long> limits)
{
    private readonly Lock gate = new();
    // A log is read by one call at a time.
    private readonly SemaphoreSlim reading = new(1, 1);
    private readonly Dictionary<string, Gauge> gauges = limits.ToDictionary(
        limit => limit.Key, limit => new Gauge(new OutboxLog(journal, limit.Key), limit.Value));

    private sealed class Gauge(OutboxLog log, long limit)
    {
        public OutboxLog Log { get; } = log;

        public long Limit { get; } = limit;

        /// <summary>As the journal showed it last: how many wait, and the highest number.</summary>
        public long Waiting { get; set; }

        public long Sent { get; set; }

        /// <summary>What the run has under way.</summary>
        public long Reserved { get; set; }

        /// <summary>The highest number that the run was answered.</summary>
        public long Committed { get; set; }

        public long Unconfirmed => Waiting + Reserved + Math.Max(0, Committed - Sent);
    }

    /// <summary>Looks how full outboxes are now.</summary>
    /// <exception cref="OutboxLogException">That cannot be known.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var gauge in gauges.Values)
            {
                await gauge.Log.RefreshAsync(cancellationToken).ConfigureAwait(false);
                lock (gate) (gauge.Waiting, gauge.Sent) = (gauge.Log.Waiting.Count, gauge.Log.Sent);
            }
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>Counts what a step is about to send.</summary>
    /// <exception cref="OutboxFullException">It is more than may be unconfirmed.</exception>
    public OutboxReservation Reserve(IReadOnlyList<OutgoingMessage> messages)
    {
        var counts = messages.CountBy(message => message.Outbox).ToDictionary(count => count.Key, count => (long)count.Value);
        lock (gate)
        {
            foreach (var (outbox, count) in counts)
            {
                if (gauges.TryGetValue(outbox, out var gauge) && gauge.Unconfirmed + count > gauge.Limit)
                    throw new OutboxFullException(outbox, gauge.Unconfirmed, gauge.Limit);
            }

            foreach (var (outbox, count) in counts)
            {
                if (gauges.TryGetValue(outbox, out var gauge)) gauge.Reserved += count;
            }
        }

        return new OutboxReservation(counts);
    }

    /// <summary>The step is settled: committed with a receipt, or not.</summary>
    public void Free(OutboxReservation reservation, Receipt? receipt)
    {
        lock (gate)
        {
            foreach (var (outbox, count) in reservation.Counts)
            {
                if (!gauges.TryGetValue(outbox, out var gauge)) continue;
                gauge.Reserved -= count;
                if (receipt?.Versions.FirstOrDefault(versions => versions.Stream == gauge.Log.Messages) is { } versions)
                    gauge.Committed = Math.Max(gauge.Committed, versions.Last);
            }
        }
    }
}
