// The fold as it is said to be, one whole entry after the other, with nothing proved and nothing left out: the oracle of the fast one.
// Used by SlowFoldTests.
using Refold.Interop;

namespace Refold.Segments.Tests;

internal static class SlowFold
{
    /// <summary>Folds entries that follow a version without gaps.</summary>
    public static FoldReport<TState> Over<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate, IEnumerable<JournalEntry> entries)
    {
        var (state, codec) = (aggregate.Decider.Initial, aggregate.Events.Value);
        var report = new FoldReport<TState>(state, 0, 0, 0, 0, 0, null, null);
        foreach (var entry in entries)
        {
            var counted = report with { Version = entry.Version, Entries = report.Entries + 1 };
            if (Core.Folding.gap(report.Version, entry.Value).ToReference() is { } gap) return Ended(report, gap);
            if (entry.Role is not (EntryRole.Fact or EntryRole.Event or EntryRole.Unmarked))
            {
                report = counted with { Checked = report.Checked + 1 };
                continue;
            }

            var read = Core.Folding.decode(codec, entry.Value, Core.Folding.encodedOf(entry.Value.Data));
            if (read.IsError) return Ended(report, read.ErrorValue);
            var (isUpcast, unfaithful) = Judge(codec, entry, read.ResultValue);
            if (entry.Role == EntryRole.Fact) unfaithful = null;
            var evolved = Core.Folding.evolve(aggregate.Value, report.State, entry.Value, read.ResultValue);
            if (evolved.IsError) return Ended(report, evolved.ErrorValue);
            var isRedacted = Core.CodecEncode.redacts(codec) && Core.Redaction.isMarked(entry.Value.Data.Payload);
            report = counted with
            {
                State = evolved.ResultValue,
                Applied = report.Applied + 1,
                Upcast = report.Upcast + (isUpcast ? 1 : 0),
                Redacted = report.Redacted + (isRedacted ? 1 : 0),
                Divergence = report.Divergence ?? (unfaithful is null ? null : new Divergence(unfaithful)),
            };
        }

        return Hashed(report);

        FoldReport<TState> Ended(FoldReport<TState> ended, Core.Divergence found) =>
            Hashed(ended with { Divergence = ended.Divergence ?? new Divergence(found) });

        FoldReport<TState> Hashed(FoldReport<TState> whole) =>
            whole with { StateHash = Core.Folding.tryStateHash(aggregate.Value, whole.State).ToNullable()?.ToString() };
    }

    // What the codec makes of the value once more, whole, against what is recorded.
    private static (bool IsUpcast, Core.Divergence? Unfaithful) Judge<TEvent>(Core.Codec<TEvent> codec, JournalEntry entry, TEvent read)
    {
        var encoded = Core.Folding.encode(codec, entry.Value, read);
        if (encoded.IsError) return (false, encoded.ErrorValue);
        var again = encoded.ResultValue;
        if (again.SchemaVersion > entry.SchemaVersion) return (true, null);
        if (again.SchemaVersion < entry.SchemaVersion)
            return (false, Unfaithful("/schemaVersion", NumberText.Of(entry.SchemaVersion), NumberText.Of(again.SchemaVersion)));
        if (again.Type != entry.Type) return (false, Unfaithful("/type", entry.Type, again.Type));
        if (Core.PayloadDifference.find(entry.Value, entry.Value.Data.Payload, again.Payload).ToReference() is not { } found)
            return (false, null);
        return (false, new Core.Divergence(
            found.Position, found.Stream, found.Version, found.Path, found.ByteOffset, found.Expected, found.Actual,
            found.ExpectedDraws, found.ActualDraws, Core.DivergenceCause.CodecNotFaithful, found.Command, found.StateBefore));

        Core.Divergence Unfaithful(string path, string expected, string actual) =>
            Core.DivergenceModule.at(entry.Value, path, Core.DivergenceCause.CodecNotFaithful, expected, actual);
    }
}
