// The fixture of a store for the conformance suite: how its journal is opened, and its promises.
// Written by the author of a store; made anew for each case by JournalConformance.
namespace Refold.Testing;

/// <summary>The promises of a store. A promise that is not declared is reported as not shown.</summary>
[Flags]
public enum JournalCapabilities
{
    /// <summary>Appending and reading with expected versions, in one process, for as long as the journal is open.</summary>
    None = 0,

    /// <summary>Answered appends are there after reopening, and after a crash if the fixture can make one.</summary>
    Durability = 1,

    /// <summary>One process writes, others read at the same time; a second writer is refused.</summary>
    SeveralProcesses = 2,

    /// <summary>Batches can be restored where they were in another journal.</summary>
    Restore = 4,

    /// <summary>The beginning of a stream can be deleted.</summary>
    Deletion = 8,

    /// <summary>Idempotency keys are known for as long as the journal is.</summary>
    Keys = 16,

    /// <summary>Appends can be made on a condition.</summary>
    Conditions = 32,

    /// <summary>Entries can be found by types and tags.</summary>
    Queries = 64,

    /// <summary>Readers are told of new entries.</summary>
    Subscriptions = 128,

    /// <summary>Roots of the batch tree, and proofs of entries and of growth.</summary>
    Proofs = 256,

    /// <summary>A journal that is opened with gates demands them of every append (<see cref="JournalOptions.RequiredGates"/>).</summary>
    RequiredGates = 512,

    /// <summary>Every promise.</summary>
    All = Durability | SeveralProcesses | Restore | Deletion | Keys | Conditions | Queries | Subscriptions | Proofs | RequiredGates,
}

/// <summary>The place of one journal of the store under test: a directory, a file, a database. Made for one case, destroyed after
/// it.</summary>
public abstract class JournalFixture : IAsyncDisposable
{
    /// <summary>The promises of the store.</summary>
    public abstract JournalCapabilities Capabilities { get; }

    /// <summary>Opens the journal for writing. The first call makes an empty journal; every later call opens that journal.</summary>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The journal; the suite closes it before it opens it again.</returns>
    public abstract ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Opens the journal for writing as <see cref="OpenAsync"/> does, with gates that it demands; for
    /// <see cref="JournalCapabilities.RequiredGates"/>.</summary>
    /// <param name="options">Of them <see cref="JournalOptions.RequiredGates"/> and <see cref="JournalOptions.GateOptions"/> count.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The journal; the suite closes it.</returns>
    public virtual ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        throw new NotSupportedException("A fixture that declares RequiredGates opens with gates.");

    /// <summary>Opens the journal for reading while a writer has it open; for <see cref="JournalCapabilities.SeveralProcesses"/>.</summary>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The journal; the suite closes it.</returns>
    public virtual ValueTask<IJournal> OpenForReadingAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException("A fixture that declares SeveralProcesses opens for reading.");

    /// <summary>Ends the process that has the journal open, as a power cut does, without closing it; the next <see cref="OpenAsync"/> is
    /// the next process.</summary>
    /// <returns>False, the default, where the fixture cannot; the cases about crashes are then reported as not shown.</returns>
    public virtual ValueTask<bool> CrashAsync() => ValueTask.FromResult(false);

    /// <summary>Destroys the place, after the journal was closed.</summary>
    /// <returns>A task that is done when nothing is left.</returns>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
