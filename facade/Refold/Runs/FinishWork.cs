// The end of a run on its way: the state hash over the run's streams, and the entry that holds it.
// Made by Run.FinishAsync, driven by RunPipeline when everything before is settled.
using Refold.Interop;

namespace Refold;

/// <summary>What was recorded at a run's end.</summary>
/// <param name="StateHash">The state hash over the run's streams, 64 hexadecimal digits; null where it does not apply.</param>
/// <param name="Streams">How many streams commands of the run were for. 0 in mode <see cref="RecordMode.Off"/>.</param>
/// <param name="Receipt">What was committed; null in mode <see cref="RecordMode.Off"/>.</param>
public sealed record RunEnd(string? StateHash, int Streams, Receipt? Receipt);

internal sealed class FinishWork(RunCore run, IReadOnlyList<Aggregate> aggregates, DateTimeOffset time, CancellationToken cancellationToken)
    : RunWork<RunEnd>(cancellationToken)
{
    private Hash? stateHash;
    private int streams;

    public override bool IsAlone => true;

    // Off the caller's thread: it reads every command and every stream of the run.
    public override async Task<KeptState?> LoadAsync(CancellationToken cancellationToken)
    {
        if (run.Options.Mode == RecordMode.Off)
            return null;
        await System.Threading.Tasks.Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var last = await LastStepsAsync(cancellationToken).ConfigureAwait(false);
        streams = last.Count;
        stateHash = await HashOverAsync(last, cancellationToken).ConfigureAwait(false);
        return null;
    }

    public override StepMade Make(KeptState? before, long runVersion) =>
        run.Options.Mode == RecordMode.Off
            ? new StepMade(null, null, runVersion)
            : new StepMade(run.Context.Finish(runVersion, stateHash, streams, time), null, runVersion + 1);

    protected override RunEnd Result(Receipt? receipt) => new(stateHash?.ToString(), streams, receipt);

    // The batch of the last command for each stream. The journal has them all, also those before the run was resumed.
    private async Task<SortedDictionary<StreamId, long>> LastStepsAsync(CancellationToken cancellationToken)
    {
        var last = new SortedDictionary<StreamId, long>();
        await foreach (var entry in run.Journal.ReadStreamAsync(run.Id.Stream, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (RunTranslation.TryReadCommand(entry) is { } command)
                last[command.Stream] = entry.Batch;
        }

        return last;
    }

    private async Task<Hash?> HashOverAsync(SortedDictionary<StreamId, long> last, CancellationToken cancellationToken)
    {
        var hashes = new List<(StreamId, long, Hash)>();
        foreach (var (stream, batch) in last)
        {
            if (aggregates.Where(aggregate => aggregate.Owns(stream)).MaxBy(aggregate => aggregate.Category.Length) is not { } aggregate)
                return null;
            var end = (await run.Journal.HeadAtAsync(batch, cancellationToken).ConfigureAwait(false))?.Position ?? batch;
            if (await aggregate.StateHashAsync(run, stream, end, cancellationToken).ConfigureAwait(false) is not (var version, { } hash))
                return null;
            hashes.Add((stream, version, hash));
        }

        return ReplayTranslation.HashOf(hashes);
    }
}
