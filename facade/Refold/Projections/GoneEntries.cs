// What is gone of a journal up to a head: what the core's rule asks of a local journal.
// Asked before and after a run of a projection, so that nothing is left out in silence.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold;

internal static class GoneEntries
{
    private const int MostTries = 100;

    /// <summary>What is gone up to a position; types and tags of it cannot be asked any more.</summary>
    /// <param name="journal">The journal. It is read whole, though nothing is decoded, where something is gone.</param>
    /// <param name="head">The position up to which it is asked.</param>
    /// <returns>Each range of missing positions, and the streams they were of where that is known.</returns>
    /// <exception cref="JournalException">Deletions go on without a pause.</exception>
    public static Core.GoneEntries UpTo(ILocalJournal journal, long head) => Of(journal, () => Missing(journal, head));

    /// <summary>What is gone among positions that a read has just found without entries.</summary>
    /// <param name="journal">The journal. No entry is read again but the first one of each stream that lost some.</param>
    /// <param name="entries">What was read, whole and in position order.</param>
    /// <param name="after">The position behind which it was read.</param>
    /// <param name="upTo">The position up to which it was read.</param>
    /// <returns>As <see cref="UpTo"/>, of those positions.</returns>
    /// <exception cref="JournalException">Deletions go on without a pause.</exception>
    public static Core.GoneEntries Among(ILocalJournal journal, IReadOnlyList<JournalEntry> entries, long after, long upTo)
    {
        var (missing, next) = (new List<(long, long)>(), after + 1);
        foreach (var entry in entries)
        {
            if (entry.Position > next) missing.Add((next, entry.Position - 1));
            next = entry.Position + 1;
        }

        if (next <= upTo) missing.Add((next, upTo));
        return Of(journal, () => [.. missing]);
    }

    private static Core.GoneEntries Of(ILocalJournal journal, Func<(long First, long Last)[]> missing)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            try
            {
                if (TryTell(journal, missing) is { } gone) return gone;
            }
            catch (EntriesDroppedException)
            {
                // Deleted between two questions.
            }
        }

        throw new JournalException("busy", "So much is deleted meanwhile that what is gone cannot be told; run it again.");
    }

    // Null where the journal went on meanwhile.
    private static Core.GoneEntries? TryTell(ILocalJournal journal, Func<(long First, long Last)[]> missing)
    {
        var before = journal.Head;
        var (floors, visible) = (new List<Core.GoneStream>(), Int128.Zero);
        foreach (var stream in journal.Streams())
        {
            visible += stream.HighestVersion - stream.Floor;
            if (stream.Floor == 0) continue;
            var next = stream.Floor < stream.HighestVersion
                ? journal.ReadStream(stream.Stream, stream.Floor + 1, stream.Floor + 1).Single().Position
                : before.Position + 1;
            floors.Add(new Core.GoneStream(stream.Stream, stream.Floor, next - 1));
        }

        if (journal.Head != before) return null;
        return Core.GoneEntriesModule.tell(new Core.GoneReader(
            before.Position, visible, floors.ToFSharpList(),
            FuncConvert.FromFunc<Unit?, ValueTuple<long, long>[]>(_ => missing())!, null));
    }

    /// <summary>The ranges of positions that have no entry.</summary>
    private static (long First, long Last)[] Missing(ILocalJournal journal, long head)
    {
        var (found, next) = (new List<(long, long)>(), 1L);
        journal.ScanAll((in EntryView entry) =>
        {
            var position = Math.Min(entry.Position, head + 1);
            if (position > next) found.Add((next, position - 1));
            next = position + 1;
            return entry.Position < head;
        });
        if (next <= head) found.Add((next, head));
        return [.. found];
    }
}
