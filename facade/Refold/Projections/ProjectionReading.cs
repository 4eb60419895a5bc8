// What a run of a projection reads of a local journal, all as of one head.
// Made by ProjectionExtensions for one run.
using Microsoft.FSharp.Core;

namespace Refold;

/// <summary>A local journal as a run reads it.</summary>
/// <param name="journal">The journal.</param>
/// <param name="head">The head that the run is made at.</param>
/// <param name="streams">The streams that the projection names; none for all.</param>
/// <param name="gone">What is gone up to that head.</param>
internal sealed class ProjectionReading(
    ILocalJournal journal, Head head, IReadOnlyList<StreamId> streams, Core.GoneEntries gone)
{
    private const int PageSize = 4096;

    /// <summary>The reader.</summary>
    public Core.EvidenceReader ToCore() => new(
        head,
        FuncConvert.FromFunc<long, FSharpOption<Hash>?>(position =>
            journal.HeadAt(position) is { } at && at.Position == position ? FSharpOption<Hash>.Some(at.Hash) : null)!,
        FuncConvert.FromFunc<long, Core.EvidencePlace>(PlaceAt),
        FuncConvert.FromFunc<Core.Query, long, long, IEnumerable<Core.Entry>>(Read),
        FuncConvert.FromFunc<Unit?, Core.GoneEntries>(_ => gone)!);

    private Core.EvidencePlace PlaceAt(long position)
    {
        if (position == 0) return Core.EvidencePlace.Of(Core.TreePlaceModule.none);
        if (journal.BatchAt(position) is { } place) return Place(place.Ordinal + 1, place.Latest);
        // The end of a dropped beginning is in no batch any more, and what its batches come to is kept.
        return ITreeJournal.BeginningUpTo(journal, position) is { } beginning
            ? Place(beginning.Batches, beginning.Latest)
            : throw new JournalException("dropped", "What the journal knew at the frontier was dropped meanwhile; run it again.");
    }

    private Core.EvidencePlace Place(long batches, DateTimeOffset? latest) =>
        new(batches, journal.RootAt(batches).Root, latest?.UtcTicks ?? Core.TreePlaceModule.noTime);

    private IEnumerable<Core.Entry> Read(Core.Query query, long first, long last)
    {
        var entries = streams.Count > 0 ? Merged(first) : query.Items.IsEmpty ? journal.ReadAll(first) : Pages(new Query(query), first);
        return entries.TakeWhile(entry => entry.Position <= last).Select(entry => entry.Value);
    }

    private IEnumerable<JournalEntry> Pages(Query query, long first)
    {
        while (true)
        {
            var page = journal.Query(query, first, PageSize).Entries;
            foreach (var entry in page) yield return entry;
            if (page.Count < PageSize) yield break;
            first = page[^1].Position + 1;
        }
    }

    // Of several streams in position order.
    private IEnumerable<JournalEntry> Merged(long first)
    {
        var reads = new List<IEnumerator<JournalEntry>>();
        try
        {
            var next = new PriorityQueue<IEnumerator<JournalEntry>, long>();
            foreach (var stream in streams)
            {
                var info = journal.Streams(stream.Value, maxCount: 1) is [var found] && found.Stream == stream ? found : null;
                if (info is null || info.Floor >= info.HighestVersion) continue;
                var read = journal.ReadStream(stream, info.Floor + 1).SkipWhile(entry => entry.Position < first).GetEnumerator();
                reads.Add(read);
                if (read.MoveNext()) next.Enqueue(read, read.Current.Position);
            }

            while (next.TryDequeue(out var read, out _))
            {
                yield return read.Current;
                if (read.MoveNext()) next.Enqueue(read, read.Current.Position);
            }
        }
        finally
        {
            foreach (var read in reads) read.Dispose();
        }
    }
}
