// Reports that are made by reading a local journal: of a recorded run, and of an import. Nothing is appended.
// Called by applications and by the tool's verbs evidence and import.
using Refold.Interop;

namespace Refold;

/// <summary>Makes reports of what is in a local journal. Nothing is appended.</summary>
public static class EvidenceExtensions
{
    /// <summary>Reports a recorded run: what it was made under, how many entries it recorded, and where its generators stood. Reads the
    /// journal from the run's start on.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="run">The run.</param>
    /// <param name="asOf">The position up to which entries count: the batch that holds it counts whole. Null for the head.</param>
    /// <returns>The report. It is as of the batch that holds the run's last entry, so it stays the same when others append.</returns>
    /// <exception cref="RunNotFoundException">The journal has no such run, or its start was deleted or cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No batch of the journal holds the position.</exception>
    /// <exception cref="JournalException">Entries between its start and its last entry were deleted or dropped (<c>dropped</c>): what was
    /// recorded cannot be counted.</exception>
    public static EvidenceReport RunReport(this ILocalJournal journal, RunId run, long? asOf = null)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        var upTo = asOf is not { } position
            ? journal.Head
            : journal.HeadAt(position)
                ?? throw new ArgumentOutOfRangeException(nameof(asOf), position, "No batch of the journal holds that position.");
        if (journal.HighestVersion(run.Stream) == 0 || FloorOf(journal, run.Stream) > 0)
            throw new RunNotFoundException(run, "the journal has no start of a run of this name");
        var first = journal.ReadStream(run.Stream, 1, 1).Single();
        if (first.Position > upTo.Position) throw new RunNotFoundException(run, "it was started behind the position");
        if (RunTranslation.TryReadStart(first, out var reason) is not (var pin, var root)) throw new RunNotFoundException(run, reason);
        var tally = new Core.RunTally(run);
        long next = first.Position, hole = 0;
        foreach (var entry in journal.ReadAll(first.Position))
        {
            if (entry.Position > upTo.Position) break;
            if (hole == 0 && entry.Position != next) hole = next;
            next = entry.Position + 1;
            tally.Add(entry.Value);
        }

        if (hole > 0 && hole < tally.Last)
            throw Dropped($"position {NumberText.Of(hole)} lies within the run '{run}'");
        var head = journal.HeadAt(tally.Last) ?? throw Dropped($"the head of the run '{run}' is not known");
        return EvidenceReport.Of(tally.Body(pin, root, head, (stream, before) => VersionBefore(journal, stream, before)));
    }

    /// <summary>Reports an import that appended everything behind a head.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="before">The head before the import.</param>
    /// <param name="head">The head behind the last entry that was imported. Null for the head of the journal.</param>
    /// <param name="alreadyThere">How many entries of the source were in the journal before; not below 0.</param>
    /// <param name="renumbered">Whether the entries got new positions, versions and batches.</param>
    /// <param name="timesTruncated">Whether digits of times behind the seventh were to be cut off.</param>
    /// <returns>The report, with a hash over the entries between the heads. Positions that a file leaves out are no entries; make the
    /// report before anything is deleted.</returns>
    /// <exception cref="ArgumentException">One of the heads is not of this journal.</exception>
    /// <exception cref="JournalException">The tree at the head was dropped (<c>dropped</c>).</exception>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    public static EvidenceReport ImportReport(
        this ILocalJournal journal, Head before, Head? head = null, long alreadyThere = 0, bool renumbered = false,
        bool timesTruncated = false)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentOutOfRangeException.ThrowIfNegative(alreadyThere);
        var last = head ?? journal.Head;
        if (last.Position < before.Position || journal.HeadAt(last.Position) != last)
            throw new ArgumentException($"The journal has no head {last} behind {before}.", nameof(head));
        if (journal.HeadAt(before.Position) != before)
            throw new ArgumentException($"The journal has no head {before}.", nameof(before));
        var (hash, count) = (Core.EntriesHash.zero, 0L);
        foreach (var entry in journal.ReadAll(before.Position + 1).TakeWhile(entry => entry.Position <= last.Position))
        {
            hash = Core.EntriesHash.next(hash, entry.Value);
            count++;
        }

        var size = journal.TreeSize(last.Position) ?? throw Dropped("the tree at the head is not known");
        return EvidenceReport.Of(Core.ReportBody.NewImport(new Core.ImportReportBody(
            count, alreadyThere, renumbered, timesTruncated, hash, before, last, size, journal.RootAt(size).Root)));
    }

    internal static JournalException Dropped(string what) =>
        new("dropped", $"What was deleted or dropped cannot be reported: {what}. Use a backup that has all of it.");

    internal static long FloorOf(ILocalJournal journal, StreamId stream) =>
        journal.Streams(stream.Value, maxCount: 1) is [var found] && found.Stream == stream ? found.Floor : 0;

    // Where nothing before the position is left, what was deleted may lie before or behind it.
    private static long VersionBefore(ILocalJournal journal, StreamId stream, long position)
    {
        var (low, high) = (FloorOf(journal, stream), journal.HighestVersion(stream));
        var floor = low;
        while (low < high)
        {
            var middle = low + (high - low + 1) / 2;
            if (journal.ReadStream(stream, middle, middle).Single().Position < position) low = middle;
            else high = middle - 1;
        }

        return low > floor || floor == 0
            ? low
            : throw Dropped($"how far the stream '{stream}' was before position {NumberText.Of(position)} cannot be told any more");
    }
}
