// Between folding and verifying and the core's Replay.
// Used by Aggregate, runs and the extensions of journals.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>What verifies the streams of an aggregate's category, whatever its types.</summary>
internal sealed class AggregateVerifier(Core.ReplayVerifier value)
{
    public Core.ReplayVerifier Value { get; } = value;

    public static AggregateVerifier Of<TState, TCommand, TEvent, TError>(Aggregate<TState, TCommand, TEvent, TError> aggregate) =>
        new(Core.Replay.verifierOf(
            aggregate.Category, FuncConvert.FromFunc((Func<Core.Aggregate<TState, TCommand, TEvent, TError>>)aggregate.Fresh)));
}

internal static class ReplayTranslation
{
    public static FoldReport<TState> Fold<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate, IEnumerable<JournalEntry> entries)
    {
        var fold = aggregate.FoldFrom(null);
        foreach (var entry in entries)
            if (!fold.Add(entry.Value)) break;
        return fold.ToFacade();
    }

    /// <summary>A fold from a state, or from the beginning.</summary>
    public static Core.StreamFold<TState, TCommand, TEvent, TError> FoldFrom<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate, FoldedState<TState>? start) =>
        new(aggregate, start is null ? Core.Replay.beginning(aggregate) : new Core.FoldStart<TState>(start.State, start.Version));

    /// <summary>What a fold came to so far.</summary>
    public static FoldReport<TState> ToFacade<TState, TCommand, TEvent, TError>(
        this Core.StreamFold<TState, TCommand, TEvent, TError> fold)
    {
        var report = fold.Report();
        return new FoldReport<TState>(
            report.State,
            report.Version,
            report.Entries,
            report.Applied,
            report.Upcast,
            report.Checked,
            report.Divergence.ToReference() is { } divergence ? new Divergence(divergence) : null,
            report.StateHash.ToNullable()?.ToString())
        {
            Redacted = report.Redacted,
        };
    }

    public static UncomparedEntries Uncompared(Core.ReplayFinding finding)
    {
        var found = (Core.ReplayFinding.NotCompared)finding;
        return new UncomparedEntries(found.members, found.entries, [.. found.ranges.Select(range => (range.Item1, range.Item2))]);
    }

    /// <summary>The core's sentence.</summary>
    public static string Sentence(UncomparedEntries found) => Core.ReplayFinding.NewNotCompared(
        found.Members, found.Entries, found.Ranges.Select(range => Tuple.Create(range.First, range.Last)).ToFSharpList()).ToString();

    public static ReplayReport Verify(
        RunId run,
        IEnumerable<Aggregate> aggregates,
        RecordedRun recording,
        Func<StreamId, IEnumerable<JournalEntry>> read,
        VerifyOptions options)
    {
        var input = new Core.VerifyInput(
            run,
            read(run.Stream).Select(entry => entry.Value),
            FuncConvert.FromFunc((StreamId stream) => read(stream).Select(entry => entry.Value)),
            FuncConvert.FromFunc<StreamId, long>(recording.DeletedTo),
            recording.Outside.Select(entry => entry.Value),
            recording.IsOutsideWhole,
            options.StartFrom.Select(snapshot => snapshot.Value).ToFSharpList(),
            FuncConvert.FromFunc((long position) => recording.HeadAt(position) is { } head ? FSharpOption<Head>.Some(head) : null),
            options.Pin.ToOption(),
            options.IgnorePin);
        return new ReplayReport(
            Core.Replay.verify(aggregates.Select(aggregate => aggregate.Verifier.Value).ToFSharpList(), input), recording.Head);
    }

    /// <summary>The report of a run whose operations were replayed too: another verdict, another first difference, and more findings, each
    /// of one entry.</summary>
    public static ReplayReport With(
        this ReplayReport report, ReplayVerdict verdict, Divergence? divergence, IEnumerable<(long Position, string Sentence)> findings)
    {
        var value = report.Value;
        var more = findings.Select(finding => Core.ReplayFinding.NewAtEntry(finding.Position, finding.Sentence));
        var replayed = new Core.ReplayReport(
            value.Run,
            verdict,
            value.Entries,
            value.External,
            value.Decided,
            value.Derived,
            verdict == ReplayVerdict.Diverged ? null : value.StateHash,
            value.Streams,
            divergence is null ? null : FSharpOption<Core.Divergence>.Some(divergence.Value),
            value.Findings.Where(finding => !finding.IsOperationsNotReplayed).Concat(more).ToFSharpList());
        return new ReplayReport(replayed, report.Head);
    }

    /// <summary>The first difference between a recorded payload and one that was made; null where they are the same bytes.</summary>
    public static Divergence? DifferenceOf(JournalEntry entry, ReadOnlyMemory<byte> made) =>
        Core.PayloadDifference.find(entry.Value, entry.Value.Data.Payload, Core.Bytes.Wrap(made)).ToReference() is { } found
            ? new Divergence(found)
            : null;

    /// <summary>The first difference between a recorded entry and what it must be, places and idempotency key apart; null where there is
    /// none.</summary>
    public static Divergence? DifferenceOf(JournalEntry entry, EntryData made)
    {
        var value = made.TryToCore(entry.IdempotencyKey).ValueOrThrow(nameof(made));
        return Core.StepComparison.whole(entry.Value, value).ToReference() is { } found ? new Divergence(found) : null;
    }

    /// <summary>A difference at an entry.</summary>
    public static Divergence DifferenceAt(JournalEntry entry, string path, Core.DivergenceCause cause, string expected, string actual) =>
        new(Core.DivergenceModule.at(entry.Value, path, cause, expected, actual));

    /// <summary>The same difference, by another cause, with more said of what the replay made.</summary>
    public static Divergence As(this Divergence found, Core.DivergenceCause cause, string of)
    {
        var value = found.Value;
        return new Divergence(new Core.Divergence(
            value.Position, value.Stream, value.Version, value.Path, value.ByteOffset, value.Expected, value.Actual + " (" + of + ")",
            value.ExpectedDraws, value.ActualDraws, cause, of.ToOption(), value.StateBefore));
    }

    /// <summary>The same difference, said in the words of what two members hold: JSON, or bytes.</summary>
    public static Divergence Within(this Divergence found, JournalEntry entry, ReadOnlyMemory<byte> recorded, ReadOnlyMemory<byte> made)
    {
        if (Core.PayloadDifference.find(entry.Value, Core.Bytes.Wrap(recorded), Core.Bytes.Wrap(made)).ToReference() is not { } inner)
            return found;
        var value = found.Value;
        var place = inner.ByteOffset.ToNullable() is { } from ? $"from byte {from} of it" : $"at {inner.Path["/data".Length..]} in it";
        return new Divergence(new Core.Divergence(
            value.Position, value.Stream, value.Version, value.Path, value.ByteOffset, inner.Expected, $"{inner.Actual}, {place}",
            value.ExpectedDraws, value.ActualDraws, value.Cause, value.Command, value.StateBefore));
    }

    /// <summary>The payload of a command entry.</summary>
    public static ReadOnlyMemory<byte> Envelope(StreamId stream, Encoded command) =>
        Core.Envelope.write(stream, Core.Bytes.Wrap(command.Payload)).Memory;

    /// <summary>The state hash over a run's streams.</summary>
    public static Hash HashOf(IEnumerable<(StreamId Stream, long Version, Hash Hash)> streams) =>
        Core.StateHash.ofRun(streams.Select(stream => new Tuple<StreamId, long, Hash>(stream.Stream, stream.Version, stream.Hash)));
}
