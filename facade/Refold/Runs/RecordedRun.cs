// What verifying reads of a journal, as of one moment: the run's stream, its effects, its commands' streams, whatever else names the run,
// and the heads that judge given snapshots. Made by ReplayExtensions.VerifyAsync, which hands it to the core's pure verification.
using System.Collections.Concurrent;
using Refold.Interop;

namespace Refold;

internal sealed class RecordedRun
{
    // Enough to hide the way to a database, few enough to leave it to others.
    private const int ReadsAtOnce = 16;
    private const int ProgressEvery = 4096;
    private const int ReportsOfComparing = 1000;

    private readonly ConcurrentDictionary<StreamId, IReadOnlyList<JournalEntry>> streams = new();
    private readonly ConcurrentDictionary<StreamId, long> floors = new();
    private readonly Dictionary<long, Head?> heads = [];
    private readonly List<JournalEntry> outside = [];
    private readonly IProgress<VerifyProgress>? progress;
    private long last;
    private long compared;
    private long total;

    private RecordedRun(IProgress<VerifyProgress>? progress) => this.progress = progress;

    /// <summary>What names the run and lies in none of its streams, and the first entry that is left of each outbox of which the beginning
    /// was deleted; in position order.</summary>
    public IReadOnlyList<JournalEntry> Outside => outside;

    /// <summary>Whether nothing of that may have been deleted.</summary>
    public bool IsOutsideWhole { get; private set; } = true;

    /// <summary>The head as of which everything was read.</summary>
    public Head Head { get; private set; }

    /// <summary>Reads the run as it is now.</summary>
    /// <exception cref="RunNotFoundException">Nothing in the journal is of such a run.</exception>
    /// <exception cref="AggregateNotGivenException">A command was for a stream whose aggregate is not given.</exception>
    public static async Task<RecordedRun> ReadAsync(
        IJournal journal, RunId run, IReadOnlyList<Aggregate> aggregates, VerifyOptions options, CancellationToken cancellationToken)
    {
        var recorded = new RecordedRun(options.Progress);
        // One moment for all streams: a run that goes on meanwhile must not show events whose commands are not read.
        recorded.Head = options.UpTo is not { } upTo
            ? await journal.HeadAsync(cancellationToken).ConfigureAwait(false)
            : await journal.HeadAtAsync(upTo, cancellationToken).ConfigureAwait(false)
                ?? throw new ArgumentOutOfRangeException(nameof(options), upTo, "No batch of the journal holds that position.");
        var last = recorded.Head.Position;
        var entries = await recorded.ReadStreamAsync(journal, run.Stream, last, cancellationToken).ConfigureAwait(false);
        var effects = RunTranslation.EffectsOf(run);
        recorded.streams[run.Stream] = entries;
        recorded.streams[effects] = await recorded.ReadStreamAsync(journal, effects, last, cancellationToken).ConfigureAwait(false);
        foreach (var position in options.StartFrom.Select(snapshot => snapshot.Head.Position).Distinct())
            recorded.heads[position] = await journal.HeadAtAsync(position, cancellationToken).ConfigureAwait(false);
        var targets = new HashSet<StreamId>();
        var known = new Core.KnownStreams();
        foreach (var entry in entries)
        {
            if (RunTranslation.TryReadTarget(entry, known) is not { } stream
                || targets.Contains(stream) || recorded.streams.ContainsKey(stream)) continue;
            if (IsOwned(aggregates, stream))
                targets.Add(stream);
            else if (!await HasOtherStreamAsync(journal, entry, aggregates, cancellationToken).ConfigureAwait(false))
                throw new AggregateNotGivenException(run, stream, entry.Position);
        }

        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            targets,
            parallel,
            async (stream, token) =>
                recorded.streams[stream] = await recorded.ReadStreamAsync(journal, stream, last, token).ConfigureAwait(false))
            .ConfigureAwait(false);
        await recorded.ScanAsync(journal, run, last, cancellationToken).ConfigureAwait(false);
        recorded.IsOutsideWhole = !entries.Any(RunTranslation.IsEndWithCounts)
            || !await DeletedStreams.AnyAsync(journal, "", cancellationToken).ConfigureAwait(false);
        recorded.last = last;
        recorded.total = recorded.streams.Values.Sum(stream => (long)stream.Count);
        if (entries.Count == 0 && !recorded.outside.Exists(entry => entry.Run == run))
            throw RunNotFoundException.ToVerify(run);
        return recorded;
    }

    /// <summary>The entries of a stream that were read; an error at the next one once it is cancelled.</summary>
    public IEnumerable<JournalEntry> Entries(StreamId stream, CancellationToken cancellationToken)
    {
        foreach (var entry in streams.GetValueOrDefault(stream) ?? [])
        {
            cancellationToken.ThrowIfCancellationRequested();
            Reach();
            yield return entry;
        }
    }

    private void Reach()
    {
        compared++;
        // Some entries are asked for more than once.
        if (progress is not null && (compared <= 1 || compared % Math.Max(1, total / ReportsOfComparing) == 0))
            progress.Report(new VerifyProgress(last, last, Math.Min(compared, total), total));
    }

    /// <summary>The version up to which a stream that was read was deleted; 0 for not at all.</summary>
    public long DeletedTo(StreamId stream) => floors.GetValueOrDefault(stream);

    /// <summary>The head at the position of a given snapshot.</summary>
    public Head? HeadAt(long position) => heads.GetValueOrDefault(position);

    private static bool IsOwned(IReadOnlyList<Aggregate> aggregates, StreamId stream) =>
        aggregates.Any(aggregate => aggregate.Owns(stream));

    // Whether the command's step made entries in a stream of a given aggregate: then it is the command's stream that was changed, and
    // verifying says so.
    private static async ValueTask<bool> HasOtherStreamAsync(
        IJournal journal, JournalEntry command, IReadOnlyList<Aggregate> aggregates, CancellationToken cancellationToken)
    {
        await foreach (var entry in journal.ReadAllAsync(command.Batch, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (entry.Batch != command.Batch) return false;
            if (aggregates.Any(aggregate => aggregate.Owns(entry.Stream))) return true;
        }

        return false;
    }

    // Until an index has them, entries of a run are found by looking at all.
    private async Task ScanAsync(IJournal journal, RunId run, long last, CancellationToken cancellationToken)
    {
        var looked = 0;
        HashSet<long>? batches = null;
        await foreach (var entry in journal.ReadAllAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (entry.Position > last) break;
            if (++looked % ProgressEvery == 0) progress?.Report(new VerifyProgress(entry.Position, last));
            // A message whose run was changed is known by its batch.
            var isSent = DeliveryTranslation.IsOutbox(entry.Stream) && (batches ??= CommandBatches(run)).Contains(entry.Batch);
            if ((entry.Run == run || isSent) && !streams.ContainsKey(entry.Stream)) outside.Add(entry);
        }

        await ReadOutboxesAsync(journal, last, cancellationToken).ConfigureAwait(false);
        outside.Sort((one, other) => one.Position.CompareTo(other.Position));
        progress?.Report(new VerifyProgress(last, last));
    }

    private HashSet<long> CommandBatches(RunId run) =>
        streams[run.Stream].Where(entry => entry.Role == EntryRole.Command).Select(entry => entry.Batch).ToHashSet();

    // Of an outbox of which the beginning was deleted: how far, and the first entry that is left.
    private async Task ReadOutboxesAsync(IJournal journal, long last, CancellationToken cancellationToken)
    {
        var outboxes = await journal.StreamsAsync(DeliveryTranslation.StreamPrefix, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        foreach (var outbox in outboxes.Where(stream => stream.Floor > 0))
        {
            floors[outbox.Stream] = outbox.Floor;
            var first = await journal.ReadKeptAsync(outbox.Stream, outbox.Floor + 1, cancellationToken: cancellationToken)
                .FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false);
            streams[outbox.Stream] = first is null || first.Position > last ? [] : [first];
            // So that the core knows of the outbox, whosever the entry is.
            if (first is not null && first.Position <= last && !outside.Exists(entry => entry.Position == first.Position))
                outside.Add(first);
        }
    }

    // What was deleted is missing then, and the report says so.
    private async ValueTask<IReadOnlyList<JournalEntry>> ReadStreamAsync(
        IJournal journal, StreamId stream, long last, CancellationToken cancellationToken)
    {
        var entries = new List<JournalEntry>();
        var read = journal.ReadKeptAsync(
            stream,
            dropped: upTo =>
            {
                // Deleted while it was read: what was read before is gone with it.
                entries.Clear();
                floors[stream] = upTo;
            },
            cancellationToken: cancellationToken);
        await foreach (var entry in read.ConfigureAwait(false))
        {
            if (entry.Position > last) break;
            entries.Add(entry);
        }

        return entries;
    }
}
