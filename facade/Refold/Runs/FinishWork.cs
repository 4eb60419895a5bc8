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
    private string? stateHash;
    private int streams;

    public override bool IsAlone => true;

    public override AppendRequest? Make(RunMemory memory)
    {
        if (run.Options.Mode == RecordMode.Off)
            return null;
        var last = LastSteps();
        streams = last.Count;
        var hash = HashOver(last);
        stateHash = hash?.ToString();
        var version = memory.RunVersion;
        memory.Advance(version + 1);
        return run.Context.Finish(version, hash, streams, time);
    }

    protected override RunEnd Result(Receipt? receipt)
    {
        run.End();
        return new RunEnd(stateHash, streams, receipt);
    }

    // The batch of the last command for each stream. The journal has them all, also those before the run was resumed.
    private SortedDictionary<StreamId, long> LastSteps()
    {
        var last = new SortedDictionary<StreamId, long>();
        foreach (var entry in run.Journal.ReadStream(run.Id.Stream))
        {
            if (RunTranslation.TryReadCommand(entry) is { } command)
                last[command.Stream] = entry.Batch;
        }

        return last;
    }

    private Core.Hash? HashOver(SortedDictionary<StreamId, long> last)
    {
        var hashes = new List<(StreamId, long, Core.Hash)>();
        foreach (var (stream, batch) in last)
        {
            var aggregate = aggregates.Where(aggregate => aggregate.Owns(stream)).MaxBy(aggregate => aggregate.Category.Length);
            if (aggregate?.StateHash(run, stream, EndOf(batch)) is not (var version, { } hash))
                return null;
            hashes.Add((stream, version, hash));
        }

        return ReplayTranslation.HashOf(hashes);
    }

    private long EndOf(long batch) => run.Journal.HeadAt(batch)?.Position ?? batch;
}
