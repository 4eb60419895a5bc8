// Whether the commands of an attempt are those that its entries say it gave: each is claimed once, in its place.
// Asked by RecordedForm.
using System.Globalization;
using Refold.Interop;

namespace Refold;

internal sealed class RecordedClaims(RecordedCommands commands)
{
    /// <summary>The differences, in no order.</summary>
    public async ValueTask<List<Divergence>> DifferencesAsync(RecordedAttempt attempt, Guid firstId, CancellationToken cancellationToken)
    {
        var differences = new List<Divergence>();
        var claimed = new HashSet<Guid>();
        foreach (var effect in attempt.Effects)
        {
            if (effect.Said is not { Type: OperationEntry.Executed, Failure: null, Earlier: null }) continue;
            if (await commands.FindAsync(effect, cancellationToken).ConfigureAwait(false) is not { } command) continue;
            var isFirst = claimed.Add(command.Id);
            if (Of(attempt, effect, command, isFirst, firstId) is { } difference) differences.Add(difference);
        }

        foreach (var command in commands.CausedBy(attempt.Begun.Entry.Id).Where(command => !claimed.Contains(command.Id)))
        {
            // A run that goes on may have given it since its effects were read.
            if (await commands.IsClaimedAsync(command, cancellationToken).ConfigureAwait(false)) continue;
            var shown = string.Create(CultureInfo.InvariantCulture, $"{command.Type} at position {command.Position}");
            differences.Add(ReplayTranslation.DifferenceAt(
                command, "", Core.DivergenceCause.Unexpected, shown, "no entry of its operation says that it was given"));
        }

        return differences;
    }

    // A command that an operation gave hangs on the operation, is appended with the entry that says so, and is for the stream that it says.
    private static Divergence? Of(RecordedAttempt attempt, RecordedEffect effect, JournalEntry command, bool isFirst, Guid firstId)
    {
        var (begun, said) = (attempt.Begun.Entry.Id, effect.Said);
        if (!isFirst || command.Batch != effect.Entry.Batch)
        {
            return RecordedForm.Header(
                effect.Entry, "/causationId", Text(effect.Entry.CausationId), "the command that was appended with it");
        }

        if (RunTranslation.TryReadCommand(command) is { } given && given.Stream.Value != said.Stream)
            return RecordedForm.Header(effect.Entry, "/data/stream", said.Stream ?? "absent", given.Stream.Value);
        if (command.CorrelationId != firstId) return Differs("/correlationId", Text(command.CorrelationId), Text(firstId));
        if (command.CausationId != begun) return Differs("/causationId", Text(command.CausationId), Text(begun));
        // Keys may have been forgotten.
        var key = OperationEntry.CommandKey(attempt.Begun.Said.Key!, said.Branch, said.Ordinal);
        return command.IdempotencyKey is { } recorded && recorded != key ? Differs("/idempotencyKey", recorded, key) : null;

        Divergence Differs(string path, string recorded, string made) => RecordedForm.Header(command, path, recorded, made);
    }

    private static string Text(Guid? id) => RecordedForm.Text(id);
}
