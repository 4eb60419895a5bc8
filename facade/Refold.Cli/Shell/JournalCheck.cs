// Checks a whole journal without changing it, and looks for a head that was kept elsewhere.
// Called by verify and the demo.
using Refold.Segments;
using Refold.Transfers;

namespace Refold.Cli.Shell;

/// <summary>The first thing that is not in order.</summary>
/// <param name="Position">The position concerned, where it is known.</param>
/// <param name="What">What is wrong, in one sentence.</param>
/// <param name="File">The file, where there is one.</param>
/// <param name="Offset">The offset in bytes from the start of the file.</param>
internal sealed record Fault(long? Position, string What, string? File, long? Offset);

/// <summary>What a check came to.</summary>
/// <param name="Entries">How many entries are in order.</param>
/// <param name="Head">The head behind them.</param>
/// <param name="First">The first fault; null where there is none.</param>
/// <param name="Unconfirmed">Entries and deletions behind them that are whole, and not known to be flushed.</param>
internal sealed record JournalCheck(long Entries, Head Head, Fault? First, long Unconfirmed)
{
    /// <summary>Whether the fault is what an interrupted write left, which opening for writing heals.</summary>
    public bool Torn { get; init; }

    public static Task<JournalCheck> RunAsync(
        string uri, (long? Position, string Hash)? expectedHead, CancellationToken cancellationToken) =>
        Interruption.LeaveAsync(() => Run(uri, expectedHead, cancellationToken), cancellationToken);

    private static JournalCheck Run(string uri, (long? Position, string Hash)? expectedHead, CancellationToken cancellationToken)
    {
        if (Journals.SegmentDirectory(uri) is { } directory)
        {
            Journals.RequireDirectory(directory);
            using var progress = Progress.Start("verifying", "bytes", WatchedDevice.SegmentBytes(directory));
            var device = progress.Watching(new DirectoryDevice(directory), cancellationToken);
            if (SegmentJournal.Verify(device) is { First: { } first } found)
                return new JournalCheck(
                    found.Entries, found.Head, new Fault(first.Position, first.What, first.File, first.Offset), found.Unconfirmed)
                {
                    Torn = found.Torn
                };
        }

        Journals.RequireStore(uri);
        if (StoreFiles.Of(uri) is var (files, path) && files.Verify(path) is { First: var (position, what) } stored)
            return new JournalCheck(stored.Entries, stored.Head, new Fault(position, what, path, null), 0);

        var journal = Journals.OpenForReading(uri);
        try
        {
            var fault = expectedHead is { } expected ? Compare(journal, expected) : null;
            using var progress = Progress.Start("counting", "positions", journal.Head.Position);
            // Of one moment: somebody may be writing.
            var head = journal.Head;
            long entries = 0;
            foreach (var entry in Interruption.Until(journal.ReadAll(), cancellationToken))
            {
                if (entry.Position > head.Position) break;
                progress.Tell(entry.Position);
                entries++;
            }

            return new JournalCheck(entries, head, fault, (journal as SegmentJournal)?.Unconfirmed ?? 0);
        }
        finally
        {
            journal.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Without a position the expected hash is that of the last one.</summary>
    private static Fault? Compare(ILocalJournal journal, (long? Position, string Hash) expected)
    {
        var (position, hash) = expected;
        string unconfirmed = journal is SegmentJournal { Unconfirmed: > 0 and var count }
            ? FormattableString.Invariant(
                $"; {count} entries or deletions behind it are unconfirmed: open it for writing, and verify again")
            : "";
        if ((position is { } place ? journal.HeadAt(place) : journal.Head) is not { } head)
            return new Fault(
                position,
                FormattableString.Invariant($"the journal ends at position {journal.Head.Position}, before the expected head{unconfirmed}"),
                null, null);
        return head.Hash.ToString() == hash && head.Position == (position ?? head.Position)
            ? null
            : new Fault(head.Position, $"the head is {head}, expected hash {hash}{unconfirmed}", null, null);
    }
}
