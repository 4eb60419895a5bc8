// Checks a whole journal without changing it: opens it, reads every entry, and finds a head that was kept.
// Called by verify and the demo.
namespace Refold.Cli.Shell;

/// <summary>The first thing that is not in order.</summary>
/// <param name="Position">The position concerned, where it is known.</param>
/// <param name="What">What is wrong, in one sentence.</param>
/// <param name="File">The file, where there is one.</param>
/// <param name="Offset">The offset in bytes from the start of the file.</param>
internal sealed record Fault(long? Position, string What, string? File, long? Offset);

/// <summary>What a check came to.</summary>
internal sealed record JournalCheck(long Entries, Head? Head, Fault? First)
{
    public static async Task<JournalCheck> RunAsync(string uri, (long? Position, string Hash)? expectedHead)
    {
        long entries = 0, position = 0;
        try
        {
            await using var journal = Journals.OpenForReading(uri);
            foreach (var entry in journal.ReadAll())
            {
                entries++;
                position = entry.Position;
            }

            return new JournalCheck(entries, journal.Head, expectedHead is null ? null : Compare(journal, expectedHead.Value));
        }
        catch (JournalCorruptedException exception)
        {
            return new JournalCheck(entries, null, new Fault(position == 0 ? null : position + 1, exception.Message, exception.File, exception.Offset));
        }
    }

    /// <summary>Without a position the expected hash is that of the last one.</summary>
    private static Fault? Compare(IJournal journal, (long? Position, string Hash) expected)
    {
        var (position, hash) = expected;
        var found = position is { } place ? journal.HeadAt(place) : journal.Head;
        if (found is not { } head)
            return new Fault(position, FormattableString.Invariant($"the journal ends at position {journal.Head.Position}, before the expected head"), null, null);
        return head.Hash == hash && head.Position == (position ?? head.Position)
            ? null
            : new Fault(head.Position, $"the head is {head}, expected hash {hash}", null, null);
    }
}
