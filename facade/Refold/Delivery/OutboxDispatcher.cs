// Hands the messages of an outbox over until they are confirmed: at least once each, over any journal, from one process at a time.
// Made by applications, and run by them or by a host; OutboxDispatcher.Rounds.cs has one round of it.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>Hands the messages of an outbox over, in the order of their numbers among those that are due, each until it is confirmed: at
/// least once, never again once it is confirmed. What becomes of them is recorded as facts in <c>$outbox-log/NAME</c>; a dispatcher holds
/// nothing that is not there, so a process may be killed at any moment.</summary>
/// <typeparam name="TMessage">The messages.</typeparam>
/// <remarks>
/// <para>Of several dispatchers on one outbox, in one process or many, one has it: the one that recorded so first. Others stand by, and
/// append nothing. One takes it over where messages are due and the owner shows no sign for
/// <see cref="OutboxDispatcherOptions.TakeOverAfter"/>; an owner that is still there finds out at its next append, which is refused, and
/// stands by. The message in its hands then is handed over by both: receivers know it by its id.</para>
/// <para>A process that is killed by a message before the attempt is recorded meets the message again; such attempts are not
/// counted.</para>
/// </remarks>
/// <threadsafety>All members are safe for use by many threads; <see cref="RunAsync"/> runs once at a time.</threadsafety>
public sealed partial class OutboxDispatcher<TMessage>
{
    private readonly Outbox<TMessage> outbox;
    private readonly Func<OutboxMessage<TMessage>, CancellationToken, Task> deliver;
    private readonly OutboxDispatcherOptions options;
    private readonly string name;
    private readonly TimeProvider clock;
    private readonly ILogger? logger;
    private readonly IJournal journal;
    private readonly OutboxLog log;
    // Around everything that reads or changes the log, and never while a message is handed over.
    private readonly SemaphoreSlim gate = new(1, 1);
    // One round at a time.
    private readonly SemaphoreSlim rounds = new(1, 1);
    private volatile TaskCompletionSource woken = NewSignal();
    // The entry by which this dispatcher took the outbox; 0 where it has not.
    private long takenAt;
    // The entry by which another one took it, as far as that was logged.
    private long stoodBy;
    // Since when nothing moves although a message is due; null where it moves.
    private DateTimeOffset? stillSince;
    private long stillAt;
    private int running;

    /// <summary>Makes a dispatcher. It does nothing until <see cref="RunAsync"/> or <see cref="DeliverDueAsync"/> is called.</summary>
    /// <param name="journal">The journal. It stays the caller's.</param>
    /// <param name="outbox">The outbox.</param>
    /// <param name="deliver">Hands a message over; what it throws makes the attempt fail, and comes again later. The token ends with
    /// <see cref="OutboxDispatcherOptions.DeliveryTimeout"/>, and when the dispatcher has to stop.</param>
    /// <param name="options">How messages are handed over.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public OutboxDispatcher(
        IJournal journal,
        Outbox<TMessage> outbox,
        Func<OutboxMessage<TMessage>, CancellationToken, Task> deliver,
        OutboxDispatcherOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(outbox);
        ArgumentNullException.ThrowIfNull(deliver);
        (this.journal, this.outbox, this.deliver) = (journal, outbox, deliver);
        this.options = (options ?? new OutboxDispatcherOptions()).Validated();
        name = this.options.Name ?? FreshNames.NewGuid().ToString("D");
        var observer = JournalObserver.Of(journal);
        clock = this.options.TimeProvider ?? observer?.TimeProvider ?? TimeProvider.System;
        logger = QuietLogger.Of(this.options.LoggerFactory ?? observer?.LoggerFactory, LogLines.DeliveryCategory);
        log = new OutboxLog(journal, outbox.Name);
    }

    /// <summary>Hands messages over as they become due, until it is to stop. Then it goes on with what is due within
    /// <see cref="OutboxDispatcherOptions.DrainTimeout"/>, gives the outbox back, and returns.</summary>
    /// <param name="stopping">Ends it.</param>
    /// <returns>Done when it has stopped.</returns>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    /// <exception cref="JournalException">The journal cannot be read or takes no facts; nothing of a message is lost.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (Interlocked.Exchange(ref running, 1) == 1) throw new InvalidOperationException("The dispatcher runs already.");
        // By its own clock, as everything here.
        using var end = new CancellationTokenSource();
        ITimer? drain = null;
        await using var stop = stopping.UnsafeRegister(
            _ =>
            {
                if (options.DrainTimeout == TimeSpan.Zero) end.Cancel();
                else drain = clock.CreateTimer(_ => Cancel(end), null, options.DrainTimeout, Timeout.InfiniteTimeSpan);
                Wake();
            },
            null).ConfigureAwait(false);
        using var watching = new CancellationTokenSource();
        var watch = WatchAsync(watching.Token);
        try
        {
            await LoopAsync(stopping, end.Token).ConfigureAwait(false);
            await ReleaseAsync().ConfigureAwait(false);
        }
        finally
        {
            await watching.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (drain is not null) await drain.DisposeAsync().ConfigureAwait(false);
            Volatile.Write(ref running, 0);
        }
    }

    /// <summary>Confirms a message: it is never handed over again. By whoever received it, where
    /// <see cref="OutboxDispatcherOptions.ConfirmOnDelivery"/> is false; a dead letter can be confirmed too.</summary>
    /// <param name="number">The message's number.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>True once that is durable; false where there is no such message, or it was confirmed before: then nothing is
    /// appended.</returns>
    /// <exception cref="JournalException">The journal cannot be read or takes no facts.</exception>
    public Task<bool> ConfirmAsync(long number, CancellationToken cancellationToken = default) =>
        SettleAsync(number, OutboxFact.Confirmed, cancellationToken);

    /// <summary>Hands a dead letter over again, as if it had never been: its attempts are counted from the first.</summary>
    /// <param name="number">The message's number.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>True once that is durable; false where it is no dead letter: then nothing is appended.</returns>
    /// <exception cref="JournalException">The journal cannot be read or takes no facts.</exception>
    public Task<bool> RequeueAsync(long number, CancellationToken cancellationToken = default) =>
        SettleAsync(number, OutboxFact.Requeued, cancellationToken);

    /// <summary>Where the outbox stands now.</summary>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The status.</returns>
    public async Task<OutboxStatus> StatusAsync(CancellationToken cancellationToken = default)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await log.RefreshAsync(cancellationToken).ConfigureAwait(false);
            return log.Status();
        }
        finally
        {
            gate.Release();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has stopped meanwhile.
        }
    }

    private void Wake() => woken.TrySetResult();

    private async Task<bool> SettleAsync(long number, string type, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var isDone = await log.SettleAsync(number, type, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
            if (isDone) Wake();
            return isDone;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task LoopAsync(CancellationToken stopping, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var signal = NewSignal();
            woken = signal;
            // Read before the round: a message that comes meanwhile is seen in it, or is due afterwards.
            var isStopping = stopping.IsCancellationRequested;
            DeliveryRound round;
            try
            {
                round = await DeliverDueAsync(end).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }

            var now = clock.GetUtcNow();
            var isMoreDue = round.IsOwner && round.NextDue <= now;
            if (isStopping && !isMoreDue) return;
            var pause = isMoreDue
                ? options.BurstPause
                : round is { IsOwner: true, NextDue: { } due } && due - now < options.PollInterval ? due - now : options.PollInterval;
            if (pause > TimeSpan.Zero && !stopping.IsCancellationRequested)
                await PauseAsync(isMoreDue ? NewSignal().Task : signal.Task, pause, end).ConfigureAwait(false);
        }
    }

    private async Task PauseAsync(Task signal, TimeSpan pause, CancellationToken end)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(end);
        var delay = Task.Delay(pause, clock, over.Token);
        await Task.WhenAny(signal, delay).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await delay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Wakes at what is sent and at what others record. Where the journal cannot be followed, it looks from time to time all the same.
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var head = await journal.HeadAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var entry in journal.SubscribeAsync(head.Position + 1, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Stream == log.Messages || entry.Stream == log.Facts) Wake();
        }
    }
}
