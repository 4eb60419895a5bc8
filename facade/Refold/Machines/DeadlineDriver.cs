// Sends the command of each deadline once it has passed, in a run: follows the journal, waits by timers, stays until it is stopped.
// Made by Machine.Deadlines and by the F# face; started by hosts and programs. DeadlineDriver.Following.cs has how it follows.
using Microsoft.Extensions.Hosting;
using Refold.Interop;

namespace Refold;

/// <summary>Sends the commands of a machine's deadlines, each once, as commands of a run. Can be a hosted service.</summary>
/// <remarks>
/// <para>A deadline follows from the journal alone: from state and data, and the recorded time of the entry that moved the machine into the
/// state. So one that passed while no process was there is found at the next start, and its command is given then.</para>
/// <para>The command's idempotency key follows from the stream, the version of that entry, and the deadline. Another driver, or the same
/// one after a restart, finds the key and sends nothing. A deadline that data move is another one. In mode
/// <see cref="RecordMode.Off"/> a command that decides no event leaves no key, and is sent again after a restart.</para>
/// <para>The command is decided on the very state that the deadline belongs to, or not at all.</para>
/// </remarks>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed partial class DeadlineDriver : IHostedService, IAsyncDisposable
{
    // The run of a host can be asked for before it is started: so at the first use.
    private readonly Run given;
    private readonly DeadlineOptions options;
    private readonly string category;
    private readonly Func<DeadlineWatch> newWatch;
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private Task? execution;
    private long nextTicks;
    private int disposed;

    private DeadlineDriver(Run run, string category, DeadlineOptions options, Func<DeadlineWatch> newWatch) =>
        (given, this.category, this.options, this.newWatch) = (run, category, options, newWatch);

    private RunCore Run => given.Inner;

    private TimeProvider Time => options.TimeProvider ?? given.Inner.TimeProvider;

    /// <summary>When it wakes next for a deadline, or tries again what failed or hangs; null where none is ahead, or it is not
    /// started.</summary>
    public DateTimeOffset? Next => Volatile.Read(ref nextTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Ends when the driver ends: it was stopped, or its journal was closed; or fails where its run has ended or
    /// stopped. A journal that cannot be read or followed is tried again after <see cref="DeadlineOptions.RetryDelay"/>,
    /// then after twice as long each time, up to 5 minutes. A task that has ended, before it is started.</summary>
    public Task Completion
    {
        get { lock (gate) return execution ?? Task.CompletedTask; }
    }

    internal static DeadlineDriver Of<TAt, TCommand, TEvent, TError>(
        Run run,
        Aggregate<TAt, TCommand, TEvent, TError> aggregate,
        MachineRules<TAt, TCommand, TEvent> rules,
        DeadlineOptions? options)
    {
        var valid = (options ?? new DeadlineOptions()).Validated();
        var streams = run.Streams(aggregate);
        return new DeadlineDriver(
            run,
            aggregate.Category,
            valid,
            () => new DeadlineWatch<TAt, TCommand, TEvent, TError>(
                run.Inner, streams, aggregate, rules, valid.TimeProvider ?? run.Inner.TimeProvider, valid.RetryDelay));
    }

    /// <summary>Starts following the journal, beside the caller.</summary>
    /// <param name="cancellationToken">Not used: nothing is waited for.</param>
    /// <returns>A task that has ended.</returns>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) == 1, this);
        lock (gate)
        {
            if (execution is not null) throw new InvalidOperationException("The driver was started before.");
            execution = FollowAsync(stopping.Token);
        }

        return Task.CompletedTask;
    }

    /// <summary>Stops. A command that was given is recorded all the same.</summary>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    /// <returns>A task that ends when it has stopped.</returns>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref disposed) == 0) await stopping.CancelAsync().ConfigureAwait(false);
        await Completion.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Sends the commands of all deadlines that have passed, and returns; for programs that are called by a timer of their own. It
    /// need not be started.</summary>
    /// <param name="cancellationToken">Stops; what was given before is recorded.</param>
    /// <returns>How many were sent; those that were sent before do not count.</returns>
    /// <exception cref="RunEndedException">The run has ended.</exception>
    /// <exception cref="RunStoppedException">The device failed before: resume the run.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while a command was written: resume the run.</exception>
    public async Task<int> FireDueAsync(CancellationToken cancellationToken = default)
    {
        var watch = newWatch();
        watch.BeginScan();
        await watch.ScanAsync(cancellationToken).ConfigureAwait(false);
        return await watch.FireAsync(Time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops it, and waits until it has.</summary>
    /// <returns>A task that ends then.</returns>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        if (Interlocked.Exchange(ref disposed, 1) == 0) stopping.Dispose();
    }
}
