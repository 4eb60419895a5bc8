// What a journal has of an operation: its attempts, each with what it asked for, in position order.
// Read by OperationRunner before an attempt, by OperationReplay for each of them, and by ResumeOperationsAsync.
namespace Refold;

/// <summary>One entry of an attempt, with what it says.</summary>
internal sealed record RecordedEffect(JournalEntry Entry, OperationEntry Said);

/// <summary>One attempt: what it was begun with, what it asked for, branch by branch, and how it ended.</summary>
internal sealed class RecordedAttempt(RecordedEffect begun)
{
    private readonly Dictionary<(string Type, string Branch), List<RecordedEffect>> effects = [];

    /// <summary>The entry that began it.</summary>
    public RecordedEffect Begun => begun;

    /// <summary>Its number, from 1.</summary>
    public int Number => begun.Said.Attempt;

    /// <summary>The entry that ended it, with an output or a failure; null where it was cut off.</summary>
    public RecordedEffect? End { get; private set; }

    /// <summary>Whether an entry of it repeats what an earlier attempt got: it is caused by that, not by the beginning of this
    /// one.</summary>
    public bool IsCopy(RecordedEffect effect) => effect.Said.Type == OperationEntry.Executed && effect.Said.Failure is null
        ? effect.Said.Earlier is not null
        : effect.Entry.CausationId != begun.Entry.Id;

    /// <summary>Whether it was cancelled, perhaps in the middle of something.</summary>
    public bool IsCancelled => End?.Said.Failure is { IsOfCaller: true };

    /// <summary>Whether something that it was given or answered was redacted, so that the record cannot stand in for it.</summary>
    public bool IsRedacted => begun.Said.IsRedacted || Effects.Exists(effect => effect.Said.IsRedacted);

    /// <summary>What it asked for, in position order.</summary>
    public List<RecordedEffect> Effects { get; } = [];

    /// <summary>Entries that are no part of an attempt as it is recorded, in position order.</summary>
    public List<JournalEntry> Strays { get; } = [];

    /// <summary>Entries of a type in a branch, by their numbers.</summary>
    public IReadOnlyList<RecordedEffect> Of(string type, string branch) => effects.TryGetValue((type, branch), out var found) ? found : [];

    /// <summary>The branches in which something of a type was asked for.</summary>
    public IEnumerable<string> Branches(string type) => effects.Keys.Where(key => key.Type == type).Select(key => key.Branch);

    /// <summary>The next entry. One that does not follow is a stray.</summary>
    public void Add(RecordedEffect effect)
    {
        var said = effect.Said;
        if (End is not null || said.Operation != begun.Said.Operation || effect.Entry.Run != begun.Entry.Run)
        {
            Strays.Add(effect.Entry);
        }
        else if (said.Type is OperationEntry.Ended or OperationEntry.Failed)
        {
            End = effect;
        }
        else
        {
            if (!effects.TryGetValue((said.Type, said.Branch), out var found)) effects[(said.Type, said.Branch)] = found = [];
            if (said.Ordinal != found.Count + 1)
            {
                Strays.Add(effect.Entry);
                return;
            }

            found.Add(effect);
            Effects.Add(effect);
        }
    }
}

/// <summary>An operation under one key.</summary>
internal sealed class RecordedOperation
{
    /// <summary>Its attempts, in the order in which they were begun.</summary>
    public List<RecordedAttempt> Attempts { get; } = [];

    /// <summary>Entries of no attempt, in position order.</summary>
    public List<JournalEntry> Strays { get; } = [];

    /// <summary>The attempt that was begun last; null for none.</summary>
    public RecordedAttempt? Last => Attempts.Count > 0 ? Attempts[^1] : null;

    /// <summary>The position of the last command that an attempt gave; 0 for none.</summary>
    public long LastCommand => Attempts.SelectMany(attempt => attempt.Effects)
        .Where(effect => effect.Said is { Type: OperationEntry.Executed, Failure: null })
        .Select(effect => effect.Said.Earlier ?? effect.Entry.Position)
        .DefaultIfEmpty()
        .Max();

    /// <summary>The operation under a key, in the whole journal: a deployment begins a new run.</summary>
    public static async ValueTask<(RecordedOperation Operation, long AsOf)> FindAsync(
        IJournal journal, string key, CancellationToken cancellationToken)
    {
        var found = await journal.QueryAsync(Query.WithTags(OperationEntry.TagOf(key)), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return (Of(found.Entries), found.AsOf);
    }

    /// <summary>The operation that entries are of, in position order.</summary>
    public static RecordedOperation Of(IEnumerable<JournalEntry> entries)
    {
        var operation = new RecordedOperation();
        foreach (var entry in entries.Where(OperationEntry.IsOne))
        {
            if (OperationEntry.TryRead(entry) is not { } said)
                operation.Strays.Add(entry);
            else if (said.Type == OperationEntry.Begun)
                operation.Attempts.Add(new RecordedAttempt(new RecordedEffect(entry, said)));
            else if (operation.Last is { } last && last.Number == said.Attempt)
                last.Add(new RecordedEffect(entry, said));
            // Nothing is appended to an attempt once the next was begun.
            else if (operation.Attempts.FindLast(attempt => attempt.Number == said.Attempt) is { } over)
                over.Strays.Add(entry);
            else
                operation.Strays.Add(entry);
        }

        return operation;
    }

    /// <summary>Whether an entry repeats what an earlier attempt got.</summary>
    public bool IsCopy(RecordedEffect effect) =>
        Attempts.Find(attempt => attempt.Number == effect.Said.Attempt) is { } attempt && attempt.IsCopy(effect);

    /// <summary>The id of the entry that an effect repeats; its own where it repeats none.</summary>
    public Guid OriginalOf(RecordedEffect effect)
    {
        while (IsCopy(effect) && Attempts.SelectMany(attempt => attempt.Effects)
            .FirstOrDefault(other => other.Entry.Id == effect.Entry.CausationId) is { } original)
        {
            effect = original;
        }

        return effect.Entry.Id;
    }

    /// <summary>What the attempts got of a type in a branch, number by number: of the last attempt that came so far.</summary>
    public IReadOnlyList<RecordedEffect> Merged(string type, string branch)
    {
        var merged = new List<RecordedEffect>();
        for (var index = Attempts.Count - 1; index >= 0; index--) merged.AddRange(Attempts[index].Of(type, branch).Skip(merged.Count));
        return merged;
    }

    /// <summary>The readings of the clock in a branch: of earlier attempts only as far as later ones did nothing but repeat them, as what
    /// was read on another path is the time of other things.</summary>
    public IReadOnlyList<RecordedEffect> Readings(string branch)
    {
        var readings = new List<RecordedEffect>();
        for (var index = Attempts.Count - 1; index >= 0; index--)
        {
            var attempt = Attempts[index];
            readings.AddRange(attempt.Of(OperationEntry.Clock, branch).Skip(readings.Count));
            if (attempt.Effects.Exists(effect => effect.Said.Branch == branch && !attempt.IsCopy(effect))) break;
        }

        return readings;
    }
}
