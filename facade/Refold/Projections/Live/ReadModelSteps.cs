// One read model on its way through a journal: whole batches are read, matched and applied, and nothing that is missing goes unseen.
// Driven by ReadModelRunner, for the one that is live and for one that is made anew beside it.
using Refold.Interop;

namespace Refold;

/// <summary>A read model and how far it has come. Used by one caller at a time.</summary>
/// <param name="journal">The journal.</param>
/// <param name="name">Its name, for errors.</param>
/// <param name="model">The read model.</param>
/// <param name="options">How it reads.</param>
/// <param name="selection">What it could match.</param>
internal sealed class ReadModelSteps(
    IJournal journal, string name, IReadModel model, ReadModelRunnerOptions options, Core.Selection selection)
{
    private Head kept;

    /// <summary>The place up to which everything was read and, where it matched, applied.</summary>
    public Head Place { get; private set; }

    /// <summary>Asks the read model where it is.</summary>
    /// <exception cref="ForeignHistoryException">The journal has another head there.</exception>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var place = await model.LoadPlaceAsync(cancellationToken).ConfigureAwait(false) ?? default;
        await RequireOwnAsync(journal, name, place, cancellationToken).ConfigureAwait(false);
        (kept, Place) = (place, place);
    }

    /// <summary>Refuses a place that is not one of a journal.</summary>
    /// <exception cref="ForeignHistoryException">The journal has another head there.</exception>
    /// <exception cref="ReadModelException">The journal does not go back so far any more.</exception>
    public static async Task RequireOwnAsync(IJournal journal, string name, Head place, CancellationToken cancellationToken)
    {
        var head = place == default ? place : await journal.HeadAtAsync(place.Position, cancellationToken).ConfigureAwait(false);
        if (head == place) return;
        // Where the beginning was dropped there is no head before the first entry.
        if (head is null && await journal.HeadAtAsync(0, cancellationToken).ConfigureAwait(false) is null)
        {
            var first = await journal.ReadAllAsync(maxCount: 1, cancellationToken: cancellationToken)
                .FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false);
            var now = await journal.HeadAsync(cancellationToken).ConfigureAwait(false);
            if (place.Position < (first?.Position ?? now.Position)) throw ReadModelException.BeginningDropped(name, place);
        }

        throw new ForeignHistoryException(place);
    }

    /// <summary>Reads and applies some whole batches behind the place, none behind a head.</summary>
    /// <param name="head">The head, behind the place.</param>
    /// <param name="reading">Ends the reading.</param>
    /// <param name="applying">Given to the read model.</param>
    /// <exception cref="ReadModelException">Something that it could match is gone.</exception>
    public async Task StepAsync(Head head, CancellationToken reading, CancellationToken applying)
    {
        var (entries, upTo) = await ReadAsync(head, reading).ConfigureAwait(false);
        if (entries.Count != upTo.Position - Place.Position && !options.SkipsMissing && HasLost(entries, upTo))
            throw ReadModelException.HistoryDropped(name, Place, upTo);
        List<JournalEntry> matching = [.. entries.Where(entry => DeliveryTranslation.Matches(options.Query, entry))];
        if (matching.Count > 0 || upTo.Position - kept.Position >= options.SavePlaceEvery)
        {
            await model.ApplyAsync(new ReadModelBatch(matching, kept, upTo), applying).ConfigureAwait(false);
            kept = upTo;
        }

        Place = upTo;
    }

    /// <summary>Keeps the place, also where nothing matched since it was kept.</summary>
    public async Task KeepAsync(CancellationToken applying)
    {
        if (kept == Place) return;
        await model.ApplyAsync(new ReadModelBatch([], kept, Place), applying).ConfigureAwait(false);
        kept = Place;
    }

    private async Task<(List<JournalEntry> Entries, Head UpTo)> ReadAsync(Head head, CancellationToken cancellationToken)
    {
        var entries = new List<JournalEntry>();
        await foreach (var entry in journal.ReadAllAsync(Place.Position + 1, options.BatchSize, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Position > head.Position) break;
            entries.Add(entry);
        }

        if (entries.Count == 0) return (entries, head);
        var last = entries[^1].Position;
        var upTo = await journal.HeadAtAsync(last, cancellationToken).ConfigureAwait(false)
            ?? throw new JournalException("dropped", "What was read was dropped meanwhile; it is read again.");
        if (upTo.Position == last) return (entries, upTo);
        await foreach (var entry in journal.ReadAllAsync(last + 1, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (entry.Position > upTo.Position) break;
            entries.Add(entry);
        }

        return (entries, upTo);
    }

    // Of a journal that is far away nobody can tell what is missing.
    private bool HasLost(List<JournalEntry> entries, Head upTo) =>
        journal is not ILocalJournal local
            || Core.GoneEntriesModule.hasLost(
                Place.Position, GoneEntries.Among(local, entries, Place.Position, upTo.Position), selection);
}
