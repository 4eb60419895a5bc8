// The stream of a journal in which a harness keeps what it records, and from which it loads.
// Used by ReplayHarness, one call at a time.
namespace Refold;

/// <summary>Writes entries one by one, each under the version that must come next, so that a second writer is a conflict.</summary>
internal sealed class JournalMirror(IJournal journal, StreamId stream)
{
    // The stream's highest version as far as this harness knows; null before it was read.
    private long? highest;

    /// <summary>Appends an entry as the next version. A write that fails leaves the next version as it was.</summary>
    public async ValueTask WriteAsync(Encoded entry)
    {
        // A caller's token cancels its waiting, never a write that was begun.
        highest ??= await journal.HighestVersionAsync(stream, CancellationToken.None).ConfigureAwait(false);
        var expected = highest == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(highest.Value);
        var data = new EntryData(stream, entry.Type, entry.Payload) { SchemaVersion = entry.SchemaVersion };
        var result = await journal.TryAppendAsync(stream, expected, [data], CancellationToken.None).ConfigureAwait(false);
        result.ReceiptOrThrow();
        highest++;
    }

    /// <summary>Entries in version order. The next write then reads again where the stream ends.</summary>
    /// <exception cref="ReplayEntryUndecodableException">One is none of a harness.</exception>
    public async ValueTask<List<ReplayJournalEntry>> ReadAsync(long fromVersion, long maxCount, CancellationToken cancellationToken)
    {
        var read = new List<ReplayJournalEntry>();
        if (maxCount > 0)
        {
            var entries = journal.ReadStreamAsync(stream, fromVersion, maxCount: maxCount, cancellationToken: cancellationToken);
            await foreach (var entry in entries.ConfigureAwait(false))
                read.Add(Decoded(entry));
        }

        highest = null;
        return read;
    }

    private ReplayJournalEntry Decoded(JournalEntry entry)
    {
        try
        {
            return ReplayJournalEntry.Codec.Decode(entry);
        }
        catch (CodecException cause)
        {
            throw new ReplayEntryUndecodableException(stream, entry.Version, cause);
        }
    }
}
