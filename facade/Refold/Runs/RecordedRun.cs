// What verifying reads of a journal, as of one moment: the run's stream, its commands' streams, and the heads that judge given snapshots.
// Made by ReplayExtensions.VerifyAsync, which hands it to the core's pure verification.
using System.Collections.Concurrent;
using Refold.Interop;

namespace Refold;

internal sealed class RecordedRun
{
    // Enough to hide the way to a database, few enough to leave it to others.
    private const int ReadsAtOnce = 16;

    private readonly ConcurrentDictionary<StreamId, IReadOnlyList<JournalEntry>> streams = new();
    private readonly Dictionary<long, Head?> heads = [];

    private RecordedRun()
    {
    }

    /// <summary>Reads the run as it is now.</summary>
    public static async Task<RecordedRun> ReadAsync(
        IJournal journal, RunId run, IReadOnlyList<Aggregate> aggregates, VerifyOptions options, CancellationToken cancellationToken)
    {
        var recorded = new RecordedRun();
        // One moment for all streams: a run that goes on meanwhile must not show events whose commands are not read.
        var last = (await journal.HeadAsync(cancellationToken).ConfigureAwait(false)).Position;
        var entries = await ReadStreamAsync(journal, run.Stream, last, cancellationToken).ConfigureAwait(false);
        recorded.streams[run.Stream] = entries;
        foreach (var position in options.StartFrom.Select(snapshot => snapshot.Head.Position).Distinct())
            recorded.heads[position] = await journal.HeadAtAsync(position, cancellationToken).ConfigureAwait(false);
        var targets = entries
            .Select(entry => RunTranslation.TryReadCommand(entry)?.Stream)
            .OfType<StreamId>()
            .Distinct()
            .Where(stream => stream != run.Stream && aggregates.Any(aggregate => aggregate.Owns(stream)));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            targets,
            parallel,
            async (stream, token) => recorded.streams[stream] = await ReadStreamAsync(journal, stream, last, token).ConfigureAwait(false))
            .ConfigureAwait(false);
        return recorded;
    }

    /// <summary>The entries of a stream that were read; an error at the next one once it is cancelled.</summary>
    public IEnumerable<JournalEntry> Entries(StreamId stream, CancellationToken cancellationToken)
    {
        foreach (var entry in streams.GetValueOrDefault(stream) ?? [])
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    /// <summary>The head at the position of a given snapshot.</summary>
    public Head? HeadAt(long position) => heads.GetValueOrDefault(position);

    // What was deleted is missing then, and the report says so.
    private static async ValueTask<IReadOnlyList<JournalEntry>> ReadStreamAsync(
        IJournal journal, StreamId stream, long last, CancellationToken cancellationToken)
    {
        var from = 1L;
        while (true)
        {
            var entries = new List<JournalEntry>();
            try
            {
                var read = journal.ReadStreamAsync(stream, from, cancellationToken: cancellationToken);
                await foreach (var entry in read.ConfigureAwait(false))
                {
                    if (entry.Position > last) break;
                    entries.Add(entry);
                }

                return entries;
            }
            catch (EntriesDroppedException dropped) when (dropped.UpTo >= from)
            {
                from = dropped.UpTo + 1;
            }
        }
    }
}
