// Whether a file looks as if it had been imported before: a second import would double the journal.
// Called by ImportVerb before the first write, unless --again or --resume is given.
using Refold.Cli.Shell;

namespace Refold.Cli.Import;

internal static class RepeatedImport
{
    /// <summary>Finds the first entry of a file in a journal, by its idempotency key or id; or the whole first batch, standing there in
    /// a row with the same streams, types, payloads and times.</summary>
    /// <returns>What was found, a sentence without its point; null for nothing.</returns>
    public static string? Find(ILocalJournal journal, IReadOnlyList<ImportLine> batch, CancellationToken cancellationToken)
    {
        if (journal.Head.Position == 0 || batch.Count == 0)
            return null;
        var first = batch[0];
        if (first.Key is { } key && journal.FindByKey(key) is { } receipt)
            return FormattableString.Invariant(
                $"the idempotency key '{key}' of its first entry is there, at position {receipt.FirstPosition}");
        var stream = first.Data.Stream;
        if (journal.HighestVersion(stream) > 0 && InStream(journal, stream, batch, cancellationToken) is { } found)
            return found;
        return first.Data.Id is { } id ? Anywhere(journal, id, cancellationToken) : null;
    }

    private static string? InStream(
        ILocalJournal journal, StreamId stream, IReadOnlyList<ImportLine> batch, CancellationToken cancellationToken)
    {
        long floor = journal.Streams(stream.Value).FirstOrDefault(found => found.Stream == stream)?.Floor ?? 0;
        using var progress = Progress.Start("looking for an earlier import", "versions", journal.HighestVersion(stream));
        foreach (var entry in Interruption.Until(journal.ReadStream(stream, floor + 1), cancellationToken))
        {
            progress.Tell(entry.Version);
            if (batch[0].Data.Id is { } id && entry.Id == id)
                return SameId(id, entry);
            if (IsSame(entry, batch[0]) && StandsAt(journal, entry.Position, batch))
                return FormattableString.Invariant(
                    $"its first batch stands there from position {entry.Position} on: the same streams, types, payloads and times");
        }

        return null;
    }

    private static string? Anywhere(ILocalJournal journal, Guid id, CancellationToken cancellationToken)
    {
        using var progress = Progress.Start("looking for an earlier import", "positions", journal.Head.Position);
        foreach (var entry in Interruption.Until(journal.ReadAll(), cancellationToken))
        {
            progress.Tell(entry.Position);
            if (entry.Id == id) return SameId(id, entry);
        }

        return null;
    }

    private static bool StandsAt(ILocalJournal journal, long position, IReadOnlyList<ImportLine> batch)
    {
        int matched = 0;
        foreach (var entry in journal.ReadAll(position))
        {
            if (!IsSame(entry, batch[matched])) return false;
            if (++matched == batch.Count) return true;
        }

        return false;
    }

    private static bool IsSame(JournalEntry entry, ImportLine line) =>
        entry.Stream == line.Data.Stream && entry.Type == line.Data.Type && entry.Time == line.Data.Time
            && entry.Payload.Span.SequenceEqual(line.Data.Payload.Span);

    private static string SameId(Guid id, JournalEntry entry) =>
        FormattableString.Invariant($"the id {id} of its first entry is there, at position {entry.Position}");
}
