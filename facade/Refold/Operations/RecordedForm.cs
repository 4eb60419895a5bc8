// What every entry of an attempt must be, but for what came from outside: made again from what it says, and compared.
// Asked by OperationReplay before the attempt is replayed; what the function asks for is compared by ReplayedAttempt.
using System.Globalization;
using Refold.Interop;

namespace Refold;

/// <summary>Seed, number and ids of an attempt follow from the run and the operation's key; what it repeats, from the attempts before it;
/// tags, causes and the form of payloads from the rest. So an entry that was edited is found without what the function does, and without
/// the run's end.</summary>
internal sealed class RecordedForm(IJournal journal, RunId run, RngState? root, RecordedCommands commands)
{
    private readonly RecordedClaims claims = new(commands);
    private bool? isDeleted;

    /// <summary>The differences of an attempt's entries, in position order; null where attempts before it may be deleted, so that nobody
    /// can tell.</summary>
    public async ValueTask<IReadOnlyList<Divergence>?> DifferencesAsync(
        RecordedAttempt attempt, Operation operation, CancellationToken cancellationToken)
    {
        var (found, _) = await RecordedOperation.FindAsync(journal, attempt.Begun.Said.Key!, cancellationToken).ConfigureAwait(false);
        var place = attempt.Begun.Entry.Position;
        var before = found.Attempts.Where(other => other.Begun.Entry.Position < place).ToList();
        if (before.Count < attempt.Number - 1 && await IsDeletedAsync(cancellationToken).ConfigureAwait(false)) return null;
        var firstId = before.Count > 0 ? before[0].Begun.Entry.Id : attempt.Begun.Entry.Id;
        var next = found.Attempts.Find(other => other.Begun.Entry.Position > place)?.Begun.Entry.Position;
        var differences = new List<Divergence?> { OfBegun(attempt.Begun, operation, before) };
        var ends = attempt.End is { } end ? [end] : Array.Empty<RecordedEffect>();
        foreach (var effect in attempt.Effects.Concat(ends))
            differences.Add(TakenOver(effect.Entry, next) ?? Of(attempt, effect, before, firstId));
        differences.AddRange(await claims.DifferencesAsync(attempt, firstId, cancellationToken).ConfigureAwait(false));
        return [.. differences.OfType<Divergence>().OrderBy(difference => difference.Position)];
    }

    // In this run or another: where the next attempt was begun, its entries lie.
    private static Divergence? TakenOver(JournalEntry entry, long? next)
    {
        if (next is not { } position || entry.Position < position) return null;
        var shown = string.Create(CultureInfo.InvariantCulture, $"{entry.Type} at position {entry.Position}");
        var over = string.Create(CultureInfo.InvariantCulture, $"nothing: another attempt was begun at position {position}");
        return ReplayTranslation.DifferenceAt(entry, "", Core.DivergenceCause.Unexpected, shown, over);
    }

    private Divergence? OfBegun(RecordedEffect begun, Operation operation, List<RecordedAttempt> before)
    {
        var said = begun.Said;
        var (first, last) = (before.FirstOrDefault()?.Begun, before.LastOrDefault()?.Begun);
        var number = (last?.Said.Attempt ?? 0) + 1;
        var seed = first is not null ? first.Said.Seed : root is not null ? OperationRunner.SeedOf(root, said.Key!) : said.Seed;
        if (seed is null) return null;
        var id = OperationGuid.Of(seed.Named("attempt/" + number.ToString(CultureInfo.InvariantCulture)));
        var made = said.Own() with
        {
            Operation = last?.Said.Operation ?? said.Operation,
            Attempt = number,
            Seed = seed,
            // Nobody finds such a key again, and no caller may give it.
            IsMade = number == 1 && OperationEntry.IsMadeKey(run, said.Key!),
        };
        var entry = made.ToEntry(run, said.Key!, begun.Entry.Time, first?.Entry.Id ?? id, last?.Entry.Id) with { Id = id };
        if (ReplayTranslation.DifferenceOf(begun.Entry, entry) is { } difference) return difference;
        if (last?.Said.Input is { } input && !operation.IsSameInput(input, said.Input!))
            return ReplayTranslation.DifferenceOf(begun.Entry, (made with { Input = input }).Payload());
        return Untimed(begun.Entry);
    }

    private Divergence? Of(RecordedAttempt attempt, RecordedEffect effect, List<RecordedAttempt> before, Guid firstId)
    {
        var (begun, entry, said) = (attempt.Begun, effect.Entry, effect.Said);
        var made = said.Own();
        Guid? causation = begun.Entry.Id;
        DateTimeOffset? time = null;
        if (said.Type == OperationEntry.Executed && said.Failure is null)
        {
            // Caused by its command, which is looked for by that; or repeated, and then an earlier attempt gave it in this place.
            if (said.Earlier is null)
                causation = entry.CausationId;
            else if (Repeated(said, before) is { } repeated)
                made = made with { Stream = repeated.Said.Stream, Earlier = repeated.Said.Earlier ?? repeated.Entry.Batch };
            else
                return Header(entry, "/data/earlier", said.Earlier.Value.ToString(CultureInfo.InvariantCulture), "absent");
        }
        else if (attempt.IsCopy(effect) && said.Type is not (OperationEntry.Ended or OperationEntry.Failed))
        {
            if (Original(effect, before) is not { } original)
                return Header(entry, "/causationId", Text(entry.CausationId), Text(begun.Entry.Id));
            causation = entry.CausationId;
            time = original.Said.Time;
            made = made with
            {
                Output = original.Said.Output,
                Failure = original.Said.Failure,
                Time = original.Said.Time,
                Stream = original.Said.Stream,
            };
            // Another form of the same request, or command, is compared by its codec when it is asked for.
            if (original.Said.Input?.SchemaVersion == said.Input?.SchemaVersion) made = made with { Input = original.Said.Input };
        }
        else
        {
            time = said.Type switch
            {
                OperationEntry.Clock => said.Time,
                OperationEntry.Executed => null,
                _ => entry.Time,
            };
            if (said.Type is not (OperationEntry.Clock or OperationEntry.Executed) && Untimed(entry) is { } untimed) return untimed;
        }

        return ReplayTranslation.DifferenceOf(entry, made.ToEntry(run, begun.Said.Key!, time, firstId, causation)) ?? Unanswered(effect);
    }

    private static RecordedEffect? Repeated(OperationEntry said, List<RecordedAttempt> before) => before
        .SelectMany(attempt => attempt.Of(OperationEntry.Executed, said.Branch))
        .FirstOrDefault(effect => effect.Said.Ordinal == said.Ordinal && effect.Said.Failure is null
            && (effect.Said.Earlier ?? effect.Entry.Batch) == said.Earlier);

    // A call is repeated wherever it is asked for again; what else is, in its own place.
    private static RecordedEffect? Original(RecordedEffect copy, List<RecordedAttempt> before) => before
        .SelectMany(attempt => attempt.Of(copy.Said.Type, copy.Said.Branch))
        .FirstOrDefault(effect => effect.Entry.Id == copy.Entry.CausationId
            && (copy.Said.Type == OperationEntry.Call ? effect.Said.Name == copy.Said.Name : effect.Said.Ordinal == copy.Said.Ordinal));

    private static Divergence? Untimed(JournalEntry entry) =>
        entry.Time is null ? Header(entry, "/time", "absent", "the time at which it was recorded") : null;

    /// <summary>A payload that is marked as redacted, or not, against what its codec writes.</summary>
    internal static Divergence WrongMark(JournalEntry entry, string member, Encoded recorded)
    {
        const string marked = "a payload in which something was replaced";
        const string plain = "a payload in which nothing was replaced";
        var (found, made) = recorded.IsRedacted ? (marked, plain) : (plain, marked);
        return ReplayTranslation.DifferenceAt(entry, $"/data/{member}/data", Core.DivergenceCause.CodecNotFaithful, found, made);
    }

    internal static Divergence Header(JournalEntry entry, string path, string recorded, string made) =>
        ReplayTranslation.DifferenceAt(entry, path, Core.DivergenceCause.Header, recorded, made);

    internal static string Text(Guid? id) => id?.ToString("D") ?? "absent";

    private static Divergence? Unanswered(RecordedEffect effect) =>
        effect.Said is { Type: OperationEntry.Call, Output: null, Failure: null }
        ? ReplayTranslation.DifferenceAt(effect.Entry, "/data", Core.DivergenceCause.Missing, "absent", "an answer or a failure")
        : null;

    // Of effects, in whatever run: then what was before may be gone.
    private async ValueTask<bool> IsDeletedAsync(CancellationToken cancellationToken)
    {
        if (isDeleted is { } known) return known;
        isDeleted = await DeletedStreams.AnyAsync(journal, OperationEntry.StreamPrefix, cancellationToken).ConfigureAwait(false);
        return isDeleted.Value;
    }
}
