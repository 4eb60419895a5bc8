// Reads of the core's journal as C# sequences, page by page, so that a long read holds no more than a page.
// Called by InMemoryJournal.
using Microsoft.FSharp.Collections;

namespace Refold.Interop;

internal static class ModelReads
{
    // Large enough that seeking costs little beside reading.
    private const int PageSize = 256;

    public static IEnumerable<JournalEntry> ReadStream(
        this Core.Journal journal, StreamId stream, long fromVersion, long toVersion, long maxCount)
    {
        var first = Core.JournalModule.readStream(stream, fromVersion, toVersion, 0, journal);
        if (first.IsError) throw first.ErrorValue.ToException(stream);
        return Pages(
            fromVersion,
            maxCount,
            (from, count) => Core.JournalModule.readStream(stream, from, toVersion, count, journal).ResultValue,
            entry => entry.Version);
    }

    public static IEnumerable<JournalEntry> ReadAll(this Core.Journal journal, long fromPosition, long maxCount) =>
        Pages(fromPosition, maxCount, (from, count) => Core.JournalModule.readAll(from, count, journal), entry => entry.Position);

    public static QueryResult Find(this Core.Journal journal, Query query, long fromPosition, long maxCount)
    {
        var answer = Core.JournalModule.query(query.Value, fromPosition, (int)Math.Clamp(maxCount, 0, int.MaxValue), journal);
        return new QueryResult(answer.AsOf, [.. answer.Entries.Select(entry => new JournalEntry(entry))]);
    }

    public static IReadOnlyList<StreamInfo> Streams(this Core.Journal journal) =>
        [.. Core.JournalModule.streams(journal).Select(summary => new StreamInfo(summary.Stream, summary.Floor, summary.Highest))];

    public static Receipt? FindByKey(this Core.Journal journal, string key) =>
        Core.JournalModule.index(journal).TryFindKey(key).ToReference() is { } found ? new Receipt(found.Receipt) : null;

    public static Head? HeadAt(this Core.Journal journal, long position) =>
        Core.JournalModule.headAt(position, journal) is { } head ? head.Value : null;

    private static IEnumerable<JournalEntry> Pages(
        long from, long remaining, Func<long, int, FSharpList<Core.Entry>> read, Func<JournalEntry, long> place)
    {
        while (remaining > 0)
        {
            var asked = (int)Math.Min(remaining, PageSize);
            var count = 0;
            foreach (var entry in read(from, asked))
            {
                var found = new JournalEntry(entry);
                from = place(found) + 1;
                count++;
                yield return found;
            }

            if (count < asked) yield break;
            remaining -= count;
        }
    }
}
