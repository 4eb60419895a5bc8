// The harness of seed 003: records what drives a program, keeps it in memory and in a journal, and hands it back entry by entry.
// Made by applications that record devices, kernels, seeds and sizes as they come, without aggregates.
namespace Refold;

/// <summary>Records entries and replays them into a sink, in their order. Calls are handled one at a time, in the order in which they were
/// made, awaited or not. For programs that decide by aggregates, runs are the better way: see
/// <see cref="RunExtensions.StartRunAsync"/>.</summary>
/// <example><code>
/// await using var harness = new ReplayHarness(RecorderMode.Record, journal, "harness/gpu0");
/// await harness.RecordAsync(new ReplayJournalEntry.RngSeed("gpu0/sampler", 42));
/// await harness.SetModeAsync(RecorderMode.Replay);
/// await harness.ReplayAllAsync((entry, ct) => device.ApplyAsync(entry, ct));
/// </code></example>
/// <threadsafety>All members are safe for use by many threads. A sink may call its harness, but not replay it again.</threadsafety>
public sealed class ReplayHarness : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Turns calls = new();
    private readonly Turns replays = new();
    private readonly CancellationTokenSource disposal = new();
    private readonly TimeProvider clock;
    private readonly TimeSpan bound;
    private readonly long began;
    private readonly JournalMirror? mirror;
    private List<ReplayJournalEntry> entries = [];
    private RecorderMode mode;
    private volatile AcknowledgementTimeoutException? lastTimeout;

    /// <summary>Makes a harness that keeps entries in memory alone. The time of its entries begins now.</summary>
    /// <param name="mode">The mode it begins in.</param>
    /// <param name="options">Clock and time-out; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The mode is none, or an option is out of range.</exception>
    public ReplayHarness(RecorderMode mode, ReplayHarnessOptions? options = null)
    {
        options = (options ?? new ReplayHarnessOptions()).Validated();
        this.mode = Checked(mode);
        clock = options.TimeProvider ?? TimeProvider.System;
        bound = options.AcknowledgementTimeout;
        began = clock.GetTimestamp();
    }

    /// <summary>Makes a harness that also writes what it records to a journal, and can load from there. The time of its entries begins
    /// now: where an earlier harness recorded into the stream, times go back, and the order is that of versions.</summary>
    /// <param name="mode">The mode it begins in.</param>
    /// <param name="journal">The journal; it stays the caller's. Entries of type <see cref="ReplayJournalEntry.EntryType"/> are
    /// appended, each durable before <see cref="RecordAsync"/> answers.</param>
    /// <param name="stream">The stream, for harnesses alone and for one that records at a time.</param>
    /// <param name="options">Clock and time-out; null for the defaults.</param>
    /// <exception cref="ArgumentException">The stream begins with <c>$</c>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The mode is none, or an option is out of range.</exception>
    public ReplayHarness(RecorderMode mode, IJournal journal, StreamId stream, ReplayHarnessOptions? options = null)
        : this(mode, options)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(stream);
        if (stream.IsSystem)
            throw new ArgumentException($"'{stream}' is one of Refold's own streams; choose a name without $ in front.", nameof(stream));
        mirror = new JournalMirror(journal, stream);
    }

    /// <summary>The mode now; calls under way may change it.</summary>
    public RecorderMode Mode
    {
        get { lock (gate) return mode; }
    }

    /// <summary>What is there now, as a copy, without waiting for calls under way; for tests and diagnosis.</summary>
    public IReadOnlyList<ReplayJournalEntry> Entries
    {
        get { lock (gate) return [.. entries]; }
    }

    /// <summary>The last acknowledgement of this harness that did not come in time.</summary>
    /// <value>Null where all came.</value>
    public AcknowledgementTimeoutException? LastTimeout => lastTimeout;

    /// <summary>Records an entry in mode <see cref="RecorderMode.Record"/>: the time of a command is overwritten with the time since the
    /// harness began, then the entry is written to the journal, if there is one, then kept in memory.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write that was begun.</param>
    /// <returns><see cref="RecordAnswer.Ignored"/> in the other modes.</returns>
    /// <exception cref="CodecException">A text of the entry is null or has a lone surrogate. Nothing was recorded.</exception>
    /// <exception cref="ConcurrencyException">Another writer appended to the stream. Nothing was recorded, and nothing will be before
    /// <see cref="LoadFromJournalAsync"/> has read the stream again; give each writer a stream of its own.</exception>
    /// <exception cref="NotAppendedException">The journal did not append. Nothing was recorded; the next entry gets the version that this
    /// one would have got.</exception>
    /// <exception cref="OutcomeUnknownException">Whether the journal has the entry is not known; it is not in memory. If it has, the
    /// next entry is a conflict.</exception>
    public Task<RecordAnswer> RecordAsync(ReplayJournalEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return HandleAsync(
            async () =>
            {
                if (Mode != RecorderMode.Record) return RecordAnswer.Ignored;
                var stamped = entry.At(Elapsed());
                var encoded = ReplayJournalEntry.Codec.Encode(stamped);
                if (mirror is not null) await mirror.WriteAsync(encoded).ConfigureAwait(false);
                lock (gate) entries.Add(stamped);
                return RecordAnswer.Recorded;
            },
            cancellationToken);
    }

    /// <summary>What calls made before leave: what was recorded or loaded, in order, in every mode.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>A copy.</returns>
    public Task<IReadOnlyList<ReplayJournalEntry>> SnapshotAsync(CancellationToken cancellationToken = default) =>
        HandleAsync(() => Task.FromResult(Entries), cancellationToken);

    /// <summary>Switches the mode for the calls that follow. What was recorded or loaded stays.</summary>
    /// <param name="next">The mode.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>A task that ends when the mode is switched.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The mode is none.</exception>
    public Task SetModeAsync(RecorderMode next, CancellationToken cancellationToken = default)
    {
        Checked(next);
        return HandleAsync(
            () =>
            {
                lock (gate) mode = next;
                return Task.FromResult(true);
            },
            cancellationToken);
    }

    /// <summary>Replaces what there is in memory, in every mode. Nothing is written to the journal.</summary>
    /// <param name="loaded">The entries, in order; read by the call itself.</param>
    /// <param name="cancellationToken">Cancels waiting; then nothing was replaced.</param>
    /// <returns>A task that ends when the entries are there.</returns>
    /// <exception cref="ArgumentException">An entry is null.</exception>
    public Task LoadAsync(IEnumerable<ReplayJournalEntry> loaded, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        List<ReplayJournalEntry> copy = [.. loaded];
        if (copy.Contains(null!)) throw new ArgumentException("An entry is null.", nameof(loaded));
        return HandleAsync(() => Task.FromResult(Replace(copy)), cancellationToken);
    }

    /// <summary>Replaces what there is in memory with entries of the journal, in every mode.</summary>
    /// <param name="fromVersion">The first version, from 1.</param>
    /// <param name="maxCount">At most this many entries; with 0 or less none is left in memory.</param>
    /// <param name="cancellationToken">Stops reading; then nothing was replaced.</param>
    /// <returns>How many were loaded.</returns>
    /// <exception cref="NoPersistenceException">The harness has no journal.</exception>
    /// <exception cref="ReplayEntryUndecodableException">An entry is none of a harness; what was loaded before stays.</exception>
    /// <exception cref="EntriesDroppedException">Entries from that version on were deleted; what was loaded before stays.</exception>
    public Task<int> LoadFromJournalAsync(
        long fromVersion = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        HandleAsync(
            async () =>
            {
                var history = mirror ?? throw new NoPersistenceException();
                return Replace(await history.ReadAsync(fromVersion, maxCount, cancellationToken).ConfigureAwait(false));
            },
            cancellationToken);

    /// <summary>Hands a copy of what there is to a sink, in mode <see cref="RecorderMode.Replay"/>: one entry at a time, the next only
    /// after the acknowledgement. The copy is of the moment of the call, so that loading or switching the mode meanwhile changes nothing.
    /// Two replays follow one another.</summary>
    /// <param name="sink">Who takes the entries.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <returns>How many were handed out and acknowledged: all.</returns>
    /// <exception cref="NotReplayingException">The mode is another.</exception>
    /// <exception cref="AcknowledgementTimeoutException">An acknowledgement did not come in time.</exception>
    /// <exception cref="ReplaySinkException">The sink failed.</exception>
    /// <exception cref="ObjectDisposedException">The harness was disposed meanwhile.</exception>
    public Task<int> ReplayAllAsync(IReplaySink sink, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return ReplayAsync(sink, cancellationToken);
    }

    /// <summary>As <see cref="ReplayAllAsync(IReplaySink, CancellationToken)"/>, into a function.</summary>
    /// <param name="sink">Takes one entry, which is acknowledged when the task ends; <see cref="IReplaySink.OnEntryAsync"/>.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <returns>How many were handed out and acknowledged: all.</returns>
    /// <exception cref="NotReplayingException">The mode is another.</exception>
    /// <exception cref="AcknowledgementTimeoutException">An acknowledgement did not come in time.</exception>
    /// <exception cref="ReplaySinkException">The sink failed.</exception>
    /// <exception cref="ObjectDisposedException">The harness was disposed meanwhile.</exception>
    public Task<int> ReplayAllAsync(
        Func<ReplayJournalEntry, CancellationToken, ValueTask> sink, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return ReplayAsync(new FunctionSink(sink), cancellationToken);
    }

    /// <summary>Ends the harness: replays, and calls whose turn has not come, throw <see cref="ObjectDisposedException"/>, as later calls
    /// do. A write that was begun is answered to its caller, and is waited for, at most
    /// <see cref="ReplayHarnessOptions.AcknowledgementTimeout"/>. The journal stays open; <see cref="Entries"/> still answers.</summary>
    /// <returns>A task that ends when nothing more is written.</returns>
    public async ValueTask DisposeAsync()
    {
        // What a sink registered with its token is called on another thread.
        var told = disposal.CancelAsync();
        var ended = Task.WhenAll(told, calls.Idle);
        Quiet.Leave(ended);
        await ended.WaitAsync(bound, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<int> ReplayAsync(IReplaySink sink, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, disposal.Token);
        var token = ending.Token;
        // The replay takes its turn among replays in its turn among calls.
        var replay = await HandleAsync(() => Task.FromResult(BeginReplayAsync(sink, token)), cancellationToken).ConfigureAwait(false);
        try
        {
            return await replay.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(ReplayHarness));
        }
    }

    private Task<int> BeginReplayAsync(IReplaySink sink, CancellationToken ending)
    {
        var copy = Replayable();
        return copy.Length == 0
            ? Task.FromResult(0)
            : replays.TakeAsync(() => DeliverAsync(copy, sink, ending), ending, CancellationToken.None);
    }

    private async Task<int> DeliverAsync(ReplayJournalEntry[] copy, IReplaySink sink, CancellationToken ending)
    {
        try
        {
            await new ReplayDelivery(clock, bound).RunAsync(copy, sink, ending).ConfigureAwait(false);
            return copy.Length;
        }
        catch (AcknowledgementTimeoutException timeout)
        {
            lastTimeout = timeout;
            throw;
        }
    }

    private async Task<T> HandleAsync<T>(Func<Task<T>> handle, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposal.IsCancellationRequested, this);
        try
        {
            return await calls.TakeAsync(handle, cancellationToken, disposal.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException left) when (left.CancellationToken == disposal.Token)
        {
            throw new ObjectDisposedException(nameof(ReplayHarness));
        }
    }

    private ReplayJournalEntry[] Replayable()
    {
        lock (gate) return mode == RecorderMode.Replay ? [.. entries] : throw new NotReplayingException(mode);
    }

    private int Replace(List<ReplayJournalEntry> loaded)
    {
        lock (gate) entries = loaded;
        return loaded.Count;
    }

    // Whole microseconds; a clock that goes back is taken to stand still.
    private ulong Elapsed() => (ulong)Math.Max(0, clock.GetElapsedTime(began).Ticks / TimeSpan.TicksPerMicrosecond);

    private static RecorderMode Checked(RecorderMode mode) =>
        Enum.IsDefined(mode) ? mode : throw new ArgumentOutOfRangeException(nameof(mode), mode, "The mode is Off, Record or Replay.");
}
