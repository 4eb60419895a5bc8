// A consumer of a journal's entries that goes on where it stopped, and refuses to where that is not known.
// Used by applications that read a journal for years: projections elsewhere, mail, search.
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>Reads a journal as it grows, from a checkpoint on. Entries are handed over at least once: in position order, again from the
/// last <see cref="SaveAsync"/> on after a stop. A missing checkpoint, one of another region, and one of another journal's history are
/// refused; nothing is ever rewound to the beginning by itself.</summary>
/// <threadsafety>One caller at a time.</threadsafety>
public sealed class JournalConsumer
{
    private readonly IJournal journal;
    private readonly IConsumerCheckpointStore store;
    private readonly Query query;
    private ConsumerCheckpoint? current;

    /// <summary>Makes a consumer.</summary>
    /// <param name="journal">The journal. It stays the caller's.</param>
    /// <param name="name">The consumer's name: 1 to 128 UTF-8 bytes without control characters.</param>
    /// <param name="store">Where its checkpoint is kept.</param>
    /// <param name="query">What it consumes; null: everything but checkpoints in streams <c>$consumer/NAME</c>.</param>
    /// <param name="journalName">A name of the journal, part of the region: a checkpoint kept under another one is refused. Empty: none;
    /// the head hash alone then tells journals apart.</param>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    public JournalConsumer(
        IJournal journal, string name, IConsumerCheckpointStore store, Query? query = null, string journalName = "")
    {
        ArgumentNullException.ThrowIfNull(journal);
        Interop.DeliveryTranslation.CheckName(name, nameof(name));
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(journalName);
        (this.journal, Name, this.store, this.query) = (journal, name, store, query ?? Query.All);
        Region = Interop.DeliveryTranslation.RegionOf(journalName, this.query);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What it consumes: a hash over the journal's name and the query, 64 hexadecimal digits.</summary>
    public string Region { get; }

    /// <summary>Makes the checkpoint of a new consumer.</summary>
    /// <param name="after">It begins behind this head; null: at the journal's first entry.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The checkpoint, not started.</returns>
    /// <exception cref="ConsumerCheckpointException">There is one.</exception>
    public async Task<ConsumerCheckpoint> CreateAsync(Head? after = null, CancellationToken cancellationToken = default)
    {
        var checkpoint = new ConsumerCheckpoint(Name, Region, after ?? new Head(0, Hash.Zero), IsStarted: false);
        if (!await store.TrySaveAsync(checkpoint, null, cancellationToken).ConfigureAwait(false))
            throw ConsumerCheckpointException.Exists(Name);
        current = checkpoint;
        return checkpoint;
    }

    /// <summary>The checkpoint.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The checkpoint.</returns>
    /// <exception cref="ConsumerCheckpointException">There is none, or it is of another region.</exception>
    public async Task<ConsumerCheckpoint> LoadAsync(CancellationToken cancellationToken = default)
    {
        var found = await store.FindAsync(Name, cancellationToken).ConfigureAwait(false) ?? throw ConsumerCheckpointException.Missing(Name);
        if (found.Region != Region) throw ConsumerCheckpointException.OtherRegion(Name);
        current = found;
        return found;
    }

    /// <summary>The entries behind the checkpoint, and those that come, until it is cancelled or the journal is closed.</summary>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The entries that the query matches, in position order. The first <c>MoveNextAsync</c> throws
    /// <see cref="ConsumerCheckpointException"/> where there is no checkpoint of this region, and <see cref="ForeignHistoryException"/>
    /// where the journal has another head at its position.</returns>
    public async IAsyncEnumerable<JournalEntry> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var checkpoint = await LoadAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var entry in journal.SubscribeAsync(checkpoint.Head, cancellationToken).ConfigureAwait(false))
        {
            if (!JournalCheckpointStore.IsCheckpoint(entry.Stream) && Interop.DeliveryTranslation.Matches(query, entry))
                yield return entry;
        }
    }

    /// <summary>Everything up to an entry was handled.</summary>
    /// <param name="handled">The entry.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>The checkpoint, once it is kept.</returns>
    /// <exception cref="ArgumentException">The entry lies before the checkpoint, which does not go back.</exception>
    /// <exception cref="ConsumerCheckpointException">There is no checkpoint, or another process moved it.</exception>
    public async Task<ConsumerCheckpoint> SaveAsync(JournalEntry handled, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handled);
        var before = current ?? await LoadAsync(cancellationToken).ConfigureAwait(false);
        if (handled.Position < before.Head.Position)
            throw new ArgumentException("The entry lies before the checkpoint, which does not go back.", nameof(handled));
        var head = await journal.HeadAtAsync(handled.Position, cancellationToken).ConfigureAwait(false)
            ?? throw new ArgumentException("The journal has no such entry.", nameof(handled));
        var next = before with { Head = new Head(handled.Position, head.Hash), IsStarted = true };
        if (!await store.TrySaveAsync(next, before, cancellationToken).ConfigureAwait(false))
            throw ConsumerCheckpointException.Moved(Name);
        current = next;
        return next;
    }
}
