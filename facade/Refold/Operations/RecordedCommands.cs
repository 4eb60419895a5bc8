// The commands that operations gave, and what came of them, out of the journal: nothing is decided.
// Asked by ReplayedAttempt and RecordedClaims.
using System.Collections.Concurrent;

namespace Refold;

internal sealed class RecordedCommands(IJournal journal, IReadOnlyList<JournalEntry> runEntries)
{
    private readonly Dictionary<Guid, JournalEntry> commands =
        runEntries.Where(entry => entry.Role == EntryRole.Command).DistinctBy(entry => entry.Id).ToDictionary(entry => entry.Id);
    private readonly ILookup<Guid, JournalEntry> caused = runEntries
        .Where(entry => entry.Role == EntryRole.Command && entry.CausationId is not null).ToLookup(entry => entry.CausationId!.Value);
    private readonly Dictionary<Guid, JournalEntry> refusals = runEntries
        .Where(entry => entry.Role == EntryRole.Refusal && entry.CausationId is not null)
        .DistinctBy(entry => entry.CausationId).ToDictionary(entry => entry.CausationId!.Value);
    private readonly ConcurrentDictionary<StreamId, Task<IReadOnlyList<JournalEntry>>> streams = new();

    /// <summary>The command that an entry says was executed: of this run, or of an earlier one.</summary>
    public async ValueTask<JournalEntry?> FindAsync(RecordedEffect effect, CancellationToken cancellationToken)
    {
        if (effect.Said.Earlier is not { } position)
            return effect.Entry.CausationId is { } id ? commands.GetValueOrDefault(id) : null;
        foreach (var entry in await BatchAsync(position, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Role == EntryRole.Command) return entry;
        }

        return null;
    }

    /// <summary>The commands of the run that an entry caused, in position order.</summary>
    public IEnumerable<JournalEntry> CausedBy(Guid id) => caused[id];

    /// <summary>Whether an entry of an operation that was appended with a command says that it was given.</summary>
    public async ValueTask<bool> IsClaimedAsync(JournalEntry command, CancellationToken cancellationToken)
    {
        var batch = await BatchAsync(command.Position, cancellationToken).ConfigureAwait(false);
        return batch.Exists(entry =>
            OperationEntry.IsOne(entry) && entry.Type == OperationEntry.Executed && entry.CausationId == command.Id);
    }

    /// <summary>What a command came to, as it was answered then.</summary>
    public async ValueTask<ExecutionResult<TState, TEvent, TError>> OutcomeAsync<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        JournalEntry command,
        bool isRepeated,
        CancellationToken cancellationToken)
    {
        var entries = await streams.GetOrAdd(stream, ReadAsync).WaitAsync(cancellationToken).ConfigureAwait(false);
        var events = entries.Where(entry => entry.Role == EntryRole.Event && entry.CausationId == command.Id).ToList();
        var until = events.Count > 0 ? events[^1].Position : command.Position;
        var folded = Interop.ReplayTranslation.Fold(aggregate.Fresh(), entries.TakeWhile(entry => entry.Position <= until));
        if (folded.Divergence is { } unreadable) throw new StateUnreadableException(stream, unreadable);
        var refusal = refusals.GetValueOrDefault(command.Id)
            ?? (await BatchAsync(command.Batch, cancellationToken).ConfigureAwait(false))
                .Find(entry => entry.Role == EntryRole.Refusal && entry.CausationId == command.Id);
        Decision<TEvent, TError> outcome = refusal is not null
            ? Decision.Refuse<TEvent, TError>(aggregate.Errors.Decode(refusal))
            : Decision.Accept<TEvent, TError>(events.Select(aggregate.Events.Decode));
        var receipt = command.IdempotencyKey is { } key
            ? await journal.FindByKeyAsync(key, cancellationToken).ConfigureAwait(false)
            : null;
        return new ExecutionResult<TState, TEvent, TError>(
            outcome, folded.State, folded.Version, command.Drawn ?? 0, receipt, isRepeated);
    }

    private async Task<List<JournalEntry>> BatchAsync(long position, CancellationToken cancellationToken)
    {
        var batch = new List<JournalEntry>();
        await foreach (var entry in journal.ReadAllAsync(position, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (batch.Count > 0 && entry.Batch != batch[0].Batch) break;
            batch.Add(entry);
        }

        return batch;
    }

    private async Task<IReadOnlyList<JournalEntry>> ReadAsync(StreamId stream)
    {
        var entries = new List<JournalEntry>();
        await foreach (var entry in journal.ReadStreamAsync(stream).ConfigureAwait(false)) entries.Add(entry);
        return entries;
    }
}
