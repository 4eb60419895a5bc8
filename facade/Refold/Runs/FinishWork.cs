// The end of a run on its way: the state hash over the run's streams, the hash over its inputs, and the entry that holds both.
// Made by Run.FinishAsync, driven by RunPipeline when everything before is settled.
using Refold.Interop;

namespace Refold;

/// <summary>The record of a run's end.</summary>
/// <param name="StateHash">The state hash over the run's streams, 64 hexadecimal digits; null where it does not apply.</param>
/// <param name="Streams">How many streams commands of the run were for. 0 in mode <see cref="RecordMode.Off"/>.</param>
/// <param name="Receipt">The receipt of the batch; null in mode <see cref="RecordMode.Off"/>.</param>
public sealed record RunEnd(string? StateHash, int Streams, Receipt? Receipt);

internal sealed class FinishWork(RunCore run, IReadOnlyList<Aggregate> aggregates, DateTimeOffset time, CancellationToken cancellationToken)
    : RunWork<RunEnd>(cancellationToken)
{
    private RunRecording? recorded;

    public override bool IsAlone => true;

    protected override bool IsWaitedOut => true;

    // Off the caller's thread: it reads every command and every stream of the run, and what was recorded since it began.
    public override async Task<KeptState?> LoadAsync(CancellationToken cancellationToken)
    {
        if (run.Options.Mode == RecordMode.Off)
            return null;
        await Elsewhere.Switch();
        using var inputs = new Core.RunInputs();
        var (started, last) = await LastStepsAsync(inputs, cancellationToken).ConfigureAwait(false);
        // Asked first: an effect that somebody else adds from now on is a conflict, and then all is read again.
        var effects = await run.Journal.HighestVersionAsync(RunTranslation.EffectsOf(run.Id), cancellationToken).ConfigureAwait(false);
        // Facts and entries of others conflict with nothing: the end counts those up to here.
        var head = (await run.Journal.HeadAsync(cancellationToken).ConfigureAwait(false)).Position;
        await foreach (var effect in run.Journal.ReadKeptAsync(RunTranslation.EffectsOf(run.Id), cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            if (effect.Role == EntryRole.Effect && effect.Run == run.Id) inputs.Add(effect.Value.Data);
        }

        var (facts, beside) = (0L, new Core.RunBeside());
        var ends = new List<(StreamId Stream, long Position)>();
        foreach (var (stream, command) in last)
        {
            var read = await AddAsync(inputs, beside, stream, command, head, cancellationToken).ConfigureAwait(false);
            ends.Add((stream, read.End));
            facts += read.Facts;
        }

        await AddElsewhereAsync(beside, last, started?.Position ?? head, head, cancellationToken).ConfigureAwait(false);
        var stateHash = await HashOverAsync(ends, cancellationToken).ConfigureAwait(false);
        var start = started is null ? Hash.Zero : Core.RunInputs.OfEntry(started.Value.Data);
        recorded = new RunRecording(stateHash, last.Count, inputs.Finish(), start, effects, facts, beside);
        return null;
    }

    public override StepMade Make(KeptState? before, long runVersion) =>
        run.Options.Mode == RecordMode.Off
            ? new StepMade(null, null, runVersion)
            : new StepMade(run.Context.Finish(runVersion, recorded!, time), null, runVersion + 1);

    protected override RunEnd Result(Receipt? receipt) => new(recorded?.StateHash?.ToString(), recorded?.Streams ?? 0, receipt);

    // The start, and the last command for each stream. The journal has them all, also those before the run was resumed.
    private async Task<(JournalEntry? Started, SortedDictionary<StreamId, JournalEntry> Last)> LastStepsAsync(
        Core.RunInputs inputs, CancellationToken cancellationToken)
    {
        JournalEntry? started = null;
        var last = new SortedDictionary<StreamId, JournalEntry>();
        await foreach (var entry in run.Journal.ReadKeptAsync(run.Id.Stream, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (entry.Version == 1)
                started = entry;
            if (entry.Role != EntryRole.Command)
                continue;
            inputs.Add(entry.Value.Data);
            if (RunTranslation.TryReadCommand(entry) is { } command)
                last[command.Stream] = entry;
        }

        return (started, last);
    }

    // Adds what a stream has of facts and of entries that are not the run's, and gives the position at which the step of a command ends in
    // it: by what it caused, as an import may have made other batches. What was deleted cannot be vouched for, and verifying says so.
    private async Task<(long End, long Facts)> AddAsync(
        Core.RunInputs inputs, Core.RunBeside beside, StreamId stream, JournalEntry command, long head, CancellationToken cancellationToken)
    {
        var (end, facts) = (command.Position, 0L);
        await foreach (var entry in run.Journal.ReadKeptAsync(stream, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (entry.Position > head) break;
            if (entry.Run != run.Id)
            {
                beside.Add(entry.Value);
            }
            else
            {
                if (entry.Role == EntryRole.Fact)
                {
                    inputs.Add(entry.Value.Data);
                    beside.Add(entry.Value);
                    facts++;
                }

                if (entry.Role == EntryRole.Event && entry.CausationId == command.Id) end = entry.Position;
            }
        }

        return (end, facts);
    }

    // Facts under the run's name in streams that no command of it was for. Until an index has them, they are found by looking at all that
    // was recorded since the run began.
    private async Task AddElsewhereAsync(
        Core.RunBeside beside,
        SortedDictionary<StreamId, JournalEntry> streams,
        long start,
        long head,
        CancellationToken cancellationToken)
    {
        await foreach (var entry in run.Journal.ReadAllAsync(start + 1, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (entry.Position > head) break;
            if (entry.Run == run.Id && entry.Role == EntryRole.Fact && !IsOwn(entry.Stream) && !streams.ContainsKey(entry.Stream))
                beside.Add(entry.Value);
        }

        bool IsOwn(StreamId stream) => stream == run.Id.Stream || stream == RunTranslation.EffectsOf(run.Id);
    }

    private async Task<Hash?> HashOverAsync(IEnumerable<(StreamId Stream, long Position)> ends, CancellationToken cancellationToken)
    {
        var hashes = new List<(StreamId, long, Hash)>();
        foreach (var (stream, end) in ends)
        {
            if (aggregates.Where(aggregate => aggregate.Owns(stream)).MaxBy(aggregate => aggregate.Category.Length) is not { } aggregate)
                return null;
            if (await aggregate.StateHashAsync(run, stream, end, cancellationToken).ConfigureAwait(false) is not (var version, { } hash))
                return null;
            // The state that was decided on and the one that the entries give: by construction the same, unless the aggregate's code is not
            // what it promises.
            if (aggregate.LiveStateHash(run, stream, version) is { } live && live != hash)
                throw new StateDiffersException(stream, live.ToString(), hash.ToString());
            hashes.Add((stream, version, hash));
        }

        return ReplayTranslation.HashOf(hashes);
    }
}
