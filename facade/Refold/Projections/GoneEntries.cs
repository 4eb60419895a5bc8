// What is gone of a journal up to a head, as far as that can be told without reading what is not there.
// Asked before and after a run of a projection, so that nothing is left out in silence.
using Microsoft.FSharp.Core;

namespace Refold;

internal static class GoneEntries
{
    private const int MostTries = 100;

    /// <summary>Positions of which entries were deleted, dropped, or never there; types and tags of them cannot be asked any
    /// more.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="head">The position up to which it is asked.</param>
    /// <returns>Ranges, of a stream where it is known.</returns>
    /// <exception cref="JournalException">Deletions go on without a pause.</exception>
    public static List<Core.GoneEntries> UpTo(ILocalJournal journal, long head)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            try
            {
                if (TryTell(journal, head) is { } gone) return gone;
            }
            catch (EntriesDroppedException)
            {
                // Deleted between two questions.
            }
        }

        throw new JournalException("busy", "So much is deleted meanwhile that what is gone cannot be told; run it again.");
    }

    // Null where the journal went on meanwhile.
    private static List<Core.GoneEntries>? TryTell(ILocalJournal journal, long head)
    {
        var before = journal.Head;
        var (floors, visible, deleted, isSure) = (new List<(StreamId Stream, long Before)>(), Int128.Zero, Int128.Zero, true);
        foreach (var stream in journal.Streams())
        {
            visible += stream.HighestVersion - stream.Floor;
            deleted += stream.Floor;
            if (stream.Floor == 0) continue;
            var next = stream.Floor < stream.HighestVersion
                ? journal.ReadStream(stream.Stream, stream.Floor + 1, stream.Floor + 1).Single().Position
                : before.Position + 1;
            // Each version had a position of its own before the next one.
            isSure &= stream.Floor < next;
            floors.Add((stream.Stream, next - 1));
        }

        if (journal.Head != before) return null;
        // As many versions are gone as positions: then they are the same. Otherwise nobody knows whose a position was.
        isSure &= visible + deleted == before.Position;
        if (isSure && floors.Count == 0) return [];
        var (first, last) = Missing(journal, head);
        if (first == 0) return [];
        if (!isSure) return [new Core.GoneEntries(null, first, last)];
        return
        [
            .. floors.Where(floor => floor.Before >= first).Select(
                floor => new Core.GoneEntries(FSharpOption<StreamId>.Some(floor.Stream), first, Math.Min(last, floor.Before))),
        ];
    }

    /// <summary>The first and the last position that has no entry; 0 where all have one.</summary>
    private static (long First, long Last) Missing(ILocalJournal journal, long head)
    {
        var (first, last, next) = (0L, 0L, 1L);
        journal.ScanAll((in EntryView entry) =>
        {
            var position = Math.Min(entry.Position, head + 1);
            if (position > next)
            {
                if (first == 0) first = next;
                last = position - 1;
            }

            next = position + 1;
            return entry.Position < head;
        });
        if (next <= head) (first, last) = (first == 0 ? next : first, head);
        return (first, last);
    }
}
