// Entries of a LiteDB journal by their ids, by what brought them about, and by their runs: look-ups, not scans.
// FindById is called by applications and the tool; the others are kept for walks along causes, and asked by tests.
using Refold.LiteDb;

namespace Refold;

public sealed partial class LiteDbJournal
{
    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public override IReadOnlyList<long> FindById(Guid id) => [.. With(IdKey.OfEntry(id)).Select(entry => entry.Position)];

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The database is damaged.</exception>
    public override IReadOnlyList<long> CausedBy(Guid id) => [.. With(IdKey.OfCause(id)).Select(entry => entry.Position)];

    /// <summary>The entries of a run, in position order.</summary>
    internal IEnumerable<JournalEntry> OfRun(RunId run) => With(IdKey.OfRun(run));

    private IEnumerable<JournalEntry> With(IdKey key) => Shown(reader.With(View, key));
}
