// Replaying the operations of a run: each attempt by itself, in position order, answered from the record.
// Called by OperationReplayExtensions after the run was verified.
using System.Globalization;
using Refold.Interop;

namespace Refold;

/// <param name="journal">The journal.</param>
/// <param name="verified">What verifying came to.</param>
/// <param name="operations">The operations that are given.</param>
/// <param name="isBounded">Whether nothing behind the verified head counts.</param>
internal sealed class OperationReplay(
    IJournal journal, ReplayReport verified, IReadOnlyList<Operation> operations, bool isBounded)
{
    // What a branch still asks for once another has stopped is answered at once.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly List<Divergence> differences = [];
    private readonly List<(long Position, string Sentence)> findings = [];
    private bool isIncomplete;
    private bool hasStart;
    private RecordedForm? form;

    public async Task<ReplayReport> RunAsync(CancellationToken cancellationToken)
    {
        var run = verified.Run;
        // First the effects, then the commands: of a run that goes on meanwhile, no command is missing that an effect names.
        var effects = await AllAsync(RunTranslation.EffectsOf(run), cancellationToken).ConfigureAwait(false);
        var entries = await AllAsync(run.Stream, cancellationToken).ConfigureAwait(false);
        var recorded = effects
            .Where(OperationEntry.IsOne)
            .GroupBy(entry => entry.Tags.FirstOrDefault() ?? "", StringComparer.Ordinal)
            .Select(RecordedOperation.Of)
            .ToList();
        var start = entries.Count > 0 && entries[0].Version == 1 ? RunTranslation.TryReadStart(entries[0], out _) : null;
        hasStart = start is not null;
        var commands = new RecordedCommands(journal, entries);
        form = new RecordedForm(journal, run, start?.Root, commands);
        differences.AddRange(effects.Where(effect => !OperationEntry.IsKnown(effect)).Select(Stray));
        AddStrays(recorded.SelectMany(operation => operation.Strays), isCut: effects.Count > 0 && effects[0].Version > 1);
        var attempts = recorded.SelectMany(operation => operation.Attempts).OrderBy(attempt => attempt.Begun.Entry.Position).ToList();
        foreach (var attempt in attempts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            differences.AddRange(attempt.Strays.Select(Stray));
            await ReplayAsync(attempt, commands, cancellationToken).ConfigureAwait(false);
        }

        await NameOperationAsync(attempts, cancellationToken).ConfigureAwait(false);
        return Report(attempts.Count > 0);
    }

    private async Task ReplayAsync(RecordedAttempt attempt, RecordedCommands commands, CancellationToken cancellationToken)
    {
        var (begun, name) = (attempt.Begun, ReplayedAttempt.NameOf(attempt));
        if (operations.FirstOrDefault(operation => operation.Name == begun.Said.Operation) is not { } operation)
        {
            isIncomplete = true;
            Tell(begun.Entry, $"{name} was not replayed: no operation of this name is given");
            return;
        }

        if (begun.Said is not { Input: { } input, Seed: not null, Key: not null })
        {
            differences.Add(Stray(begun.Entry));
            return;
        }

        var mark = operation.MarkOfInput(input);
        if (mark == RedactionMark.Wrong)
        {
            differences.Add(RecordedForm.WrongMark(begun.Entry, "input", input));
            return;
        }

        if (attempt.End is { Said.Output: { } answer } end && operation.MarkOfOutput(answer) == RedactionMark.Wrong)
            differences.Add(RecordedForm.WrongMark(end.Entry, "output", answer));
        if (await form!.DifferencesAsync(attempt, operation, cancellationToken).ConfigureAwait(false) is { } found)
            differences.AddRange(found);
        else
            TellIncomplete(begun.Entry, $"{name}: attempts before it may be deleted, so what it repeats was not compared with them");
        var replayed = new ReplayedAttempt(attempt, commands, cancellationToken);
        // One that never ends is left to itself once nobody waits any more.
        var outcome = await CallAsync(operation, replayed, input, cancellationToken).ConfigureAwait(false);
        if (replayed.Fault is { } fault) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        cancellationToken.ThrowIfCancellationRequested();
        differences.AddRange(replayed.WrongMarks);
        if (replayed.WrongMarks.Count > 0) return;
        if (replayed.Dropped is { } dropped)
        {
            isIncomplete = true;
            Tell(
                begun.Entry,
                $"{name} was replayed up to position {Text(dropped.Position)} only: the beginning of '{dropped.Stream}' was deleted, so "
                + "nobody knows what came of its command");
            differences.AddRange(replayed.Differences);
            return;
        }

        if ((replayed.HasMetRedacted || mark == RedactionMark.Right) && !IsSame(operation, replayed, attempt, outcome))
        {
            var first = replayed.Differences.MinBy(difference => difference.Position)
                ?? (attempt.End is { } told ? Compare(operation, replayed, told, outcome, name) : null);
            TellIncomplete(
                begun.Entry,
                $"{name} is not replayable: it was given or answered what was redacted, and comes to something else without it"
                + (first is null ? "" : ", first at " + first.ToString().ReplaceLineEndings("; ")));
            return;
        }

        differences.AddRange(replayed.Differences);
        if (attempt.End is null) Tell(begun.Entry, $"{name} was cut off");
        if (attempt is { IsCancelled: true, End.Entry: var cancelled })
            Tell(cancelled, $"{name} was cancelled at position {Text(cancelled.Position)}, perhaps in the middle of something");
        if (replayed.Differences.Count > 0) return;
        if (replayed.HasStopped)
        {
            // It may be that the function was not led that far; it may also be that it does not ask for it any more.
            isIncomplete |= replayed.NotAsked.Count > 0;
            foreach (var effect in replayed.NotAsked)
            {
                Tell(
                    effect.Entry,
                    $"{ReplayedAttempt.NameOf(attempt, effect)}, at position {Text(effect.Entry.Position)}, was not asked for before the "
                    + "function asked for more than is recorded: it was not compared");
            }

            return;
        }

        differences.AddRange(replayed.NotAsked.Select(NotAsked));
        // A cancelled one may have ended, but for that.
        if (attempt is { End: { } ended, IsCancelled: false } && Compare(operation, replayed, ended, outcome, name) is { } difference)
            differences.Add(difference);

        Divergence NotAsked(RecordedEffect effect) => ReplayTranslation.DifferenceAt(
            effect.Entry, "", Core.DivergenceCause.Missing, ReplayedAttempt.NameOf(attempt, effect), "no longer asked for");
    }

    // The function may do nothing over the journal but by its context: what it captured is refused, as when it was recorded.
    private async Task<AttemptOutcome> CallAsync(
        Operation operation, ReplayedAttempt replayed, Encoded input, CancellationToken cancellationToken)
    {
        using var scope = OperationScope.EnterReplay(journal, operation.Name);
        var outcome = await operation.ReplayAsync(replayed, input).WaitAsync(cancellationToken).ConfigureAwait(false);
        // A branch that has stopped ends the function; others may be on their way through what is recorded of them.
        if (replayed is { HasStopped: true, Fault: null, Dropped: null })
            await replayed.AllAsked.WaitAsync(Patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return outcome;
    }

    private static bool IsSame(
        Operation operation, ReplayedAttempt replayed, RecordedAttempt attempt, AttemptOutcome outcome) =>
        replayed.Differences.Count == 0
        && (replayed.HasStopped
            || (replayed.NotAsked.Count == 0 && (attempt.End is null || Compare(operation, replayed, attempt.End, outcome, "") is null)));

    private static Divergence? Compare(
        Operation operation, ReplayedAttempt replayed, RecordedEffect end, AttemptOutcome outcome, string name)
    {
        if (end.Said.Output is { } recordedOutput && outcome.Output is { } output)
        {
            if (operation.IsSameOutput(recordedOutput, output)) return null;
            var made = (end.Said with { Output = output }).Payload();
            return ReplayTranslation.DifferenceOf(end.Entry, made)?.As(Core.DivergenceCause.Payload, name);
        }

        var failure = outcome.Error is { } error ? RecordedFailure.Of(error).Without(replayed.Hidden) : null;
        // What was recorded may say more, of a time when fewer forms were known.
        var recorded = end.Said.Failure?.Without(replayed.Hidden);
        if (recorded is not null && recorded == failure) return null;
        var expected = recorded is not null ? $"{recorded.Type}: {recorded.Message}" : "an output";
        var actual = failure is null ? "an output" : $"{failure.Type}: {failure.Message}";
        var cause = failure is null ? Core.DivergenceCause.Refusal : Core.DivergenceCause.Threw;
        return ReplayTranslation.DifferenceAt(end.Entry, "", cause, expected, actual).As(cause, name);
    }

    // Entries of no attempt. Where the beginning of the stream was deleted, what began their attempts is gone.
    private void AddStrays(IEnumerable<JournalEntry> strays, bool isCut)
    {
        var left = strays.ToLookup(stray => isCut && OperationEntry.TryRead(stray) is { Type: not OperationEntry.Begun });
        differences.AddRange(left[false].Select(Stray));
        if (left[true].MinBy(stray => stray.Position) is not { } first) return;
        isIncomplete = true;
        Tell(
            first,
            $"the beginning of '{first.Stream}' was deleted: {Text(left[true].Count())} entries from position {Text(first.Position)} on "
            + "were not replayed, as what began their operations is gone");
    }

    private static Divergence Stray(JournalEntry entry)
    {
        var cause = OperationEntry.TryRead(entry) is null ? Core.DivergenceCause.Undecodable : Core.DivergenceCause.Unexpected;
        var shown = string.Create(CultureInfo.InvariantCulture, $"{entry.Type} at position {entry.Position}");
        return ReplayTranslation.DifferenceAt(entry, "", cause, shown, "no attempt that is recorded asked for it so");
    }

    // A step that is decided otherwise now: which operation gave its command.
    private async Task NameOperationAsync(IReadOnlyList<RecordedAttempt> attempts, CancellationToken cancellationToken)
    {
        if (verified.Divergence is not { } divergence) return;
        var entry = await journal.ReadAllAsync(divergence.Position, 1, cancellationToken).FirstOrDefaultAsync(cancellationToken)
            .ConfigureAwait(false);
        if (entry is null) return;
        var command = entry.Role == EntryRole.Command ? entry.Id : entry.CausationId;
        foreach (var attempt in attempts)
        {
            if (attempt.Of(OperationEntry.Executed, "").Concat(attempt.Branches(OperationEntry.Executed)
                .SelectMany(branch => attempt.Of(OperationEntry.Executed, branch)))
                .FirstOrDefault(effect => effect.Entry.CausationId == command) is not { } effect)
            {
                continue;
            }

            var place = new EffectPlace(effect.Said.Branch, effect.Said.Ordinal);
            var name = ReplayedAttempt.NameOf(attempt, $"command on '{effect.Said.Stream}'", place);
            Tell(entry, $"the step at position {Text(entry.Position)} is of {name}");
            return;
        }
    }

    private ReplayReport Report(bool hasOperations)
    {
        if (verified.Divergence is { } divergence) differences.Add(divergence);
        var ordered = differences.OrderBy(difference => difference.Position).ToList();
        var others = ordered.Skip(1).Select(difference => (difference.Position, difference.ToString().ReplaceLineEndings("; ")));
        var verdict = ordered.Count > 0 ? ReplayVerdict.Diverged
            : isIncomplete ? ReplayVerdict.Incomplete
            // Without commands there is nothing to verify but start and end, which are the same, and there was something to replay.
            : hasOperations && hasStart && verified.Verdict == ReplayVerdict.NotRecorded ? ReplayVerdict.Matched
            : verified.Verdict;
        return verified.With(verdict, ordered.FirstOrDefault(), findings.Concat(others).OrderBy(finding => finding.Position));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void TellIncomplete(JournalEntry entry, string sentence)
    {
        isIncomplete = true;
        Tell(entry, sentence);
    }

    private void Tell(JournalEntry entry, string sentence) => findings.Add((entry.Position, sentence));

    private async Task<IReadOnlyList<JournalEntry>> AllAsync(StreamId stream, CancellationToken cancellationToken)
    {
        var entries = new List<JournalEntry>();
        var read = journal.ReadKeptAsync(stream, cancellationToken: cancellationToken);
        await foreach (var entry in read.ConfigureAwait(false))
        {
            if (isBounded && entry.Position > verified.Head.Position) break;
            entries.Add(entry);
        }

        return entries;
    }
}
