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
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate,
        IEnumerable<JournalEntry> entries,
        FoldedState<TState>? start = null)
    {
        var beginning = start is null ? Core.Replay.beginning(aggregate) : new Core.FoldStart<TState>(start.State, start.Version);
        var report = Core.Replay.fold(aggregate, beginning, entries.Select(entry => entry.Value));
        return new FoldReport<TState>(
            report.State,
            report.Version,
            report.Entries,
            report.Applied,
            report.Upcast,
            report.Checked,
            report.Divergence.ToReference() is { } divergence ? new Divergence(divergence) : null,
            report.StateHash.ToNullable()?.ToString());
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
            options.StartFrom.Select(snapshot => snapshot.Value).ToFSharpList(),
            FuncConvert.FromFunc((long position) => recording.HeadAt(position) is { } head ? FSharpOption<Head>.Some(head) : null),
            options.Pin.ToOption(),
            options.IgnorePin);
        return new ReplayReport(Core.Replay.verify(aggregates.Select(aggregate => aggregate.Verifier.Value).ToFSharpList(), input));
    }

    /// <summary>The state hash over a run's streams.</summary>
    public static Hash HashOf(IEnumerable<(StreamId Stream, long Version, Hash Hash)> streams) =>
        Core.StateHash.ofRun(streams.Select(stream => new Tuple<StreamId, long, Hash>(stream.Stream, stream.Version, stream.Hash)));
}
