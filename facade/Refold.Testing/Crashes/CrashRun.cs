// One store, from process to process: executes steps until they are done or the device stops.
// Used by CrashSimulation.
using Refold.Segments;

namespace Refold.Testing;

/// <summary>A workload being executed. What the store is asked and answers, the oracle knows.</summary>
/// <param name="oracle">The judge.</param>
/// <param name="device">The first device.</param>
/// <param name="rng">Chance inside the run.</param>
/// <param name="outside">A reader in another process; null for none.</param>
internal sealed class CrashRun(CrashOracle oracle, SimulatedDevice device, SeededRng rng, OutsideReader? outside)
{
    // Each try uses up the faults it meets, so that a plan of few faults ends before this.
    private const int MaxTries = 20;

    private ILocalJournal? journal;

    /// <summary>The device of the process that runs.</summary>
    public SimulatedDevice Device => device;

    /// <summary>Opens, executes the steps, and stops where the device does. The store is not closed: the process just ends.</summary>
    public async Task ExecuteAsync(IEnumerable<CrashStep> steps)
    {
        device.Begun = Look;
        try
        {
            await OpenAsync();
            foreach (var step in steps)
            {
                if (device.HasStopped) break;
                await ExecuteAsync(step);
            }
        }
        finally
        {
            device.Stop();
            await CloseAsync();
            if (outside is not null) await outside.CloseAsync();
        }

        outside?.ThrowIfWronged();
    }

    private async Task ExecuteAsync(CrashStep step)
    {
        switch (step)
        {
            case CrashStep.Append append:
                await SettleAsync(await oracle.AppendAsync(journal!, append.Request, device));
                break;
            case CrashStep.Guarded guarded:
                await SettleAsync(await oracle.AppendAsync(journal!, Guard(guarded), device));
                break;
            case CrashStep.Group group:
                await SettleAsync(await AppendTogetherAsync(group));
                break;
            case CrashStep.Retry retry when oracle.Keyed is { Count: > 0 } keyed:
                await SettleAsync(await oracle.AppendAsync(journal!, keyed[retry.Number % keyed.Count], device));
                break;
            case CrashStep.Delete delete when journal!.HighestVersion(delete.Stream) is > 0 and var highest:
                if (!await oracle.DeleteAsync(journal, delete.Stream, 1 + (long)(delete.Share * highest), device)) await ReopenAsync();
                break;
            case CrashStep.Compact compact when journal is SegmentJournal segments:
                if (!await CompactAsync(segments, compact)) await ReopenAsync();
                break;
            case CrashStep.Reopen:
                await ReopenAsync();
                break;
            case CrashStep.Kill:
                await KillAsync();
                break;
        }
    }

    private AppendRequest Guard(CrashStep.Guarded guarded)
    {
        var (first, tags) = (guarded.Request.Entries[0], guarded.Request.Entries[0].Tags);
        var version = Math.Max(0, journal!.HighestVersion(first.Stream) - guarded.Lag);
        return guarded.Request with
        {
            Expected = new Dictionary<StreamId, ExpectedVersion>
            {
                [first.Stream] = version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version)
            },
            Condition = tags.Count == 0
                ? null
                : new AppendCondition(Query.WithTags(tags[0]), Math.Max(0, journal.Head.Position - guarded.Lag)),
        };
    }

    private async Task<AppendResult?> AppendTogetherAsync(CrashStep.Group group)
    {
        var (running, others) = (journal!, new List<Task<AppendResult?>>());
        // Behind its answer another thread may still be at a spare or a checkpoint: others that came with one of
        // its flushes would overtake the first.
        var caller = Environment.CurrentManagedThreadId;
        device.Begun = operation =>
        {
            Look(operation);
            if (operation.Kind == StorageOperationKind.Flush && Environment.CurrentManagedThreadId == caller) Arrive();
        };
        var first = await oracle.AppendAsync(running, group.First, device);
        // An append that was answered without a flush let nobody in.
        Arrive();
        var answers = await Task.WhenAll(others);
        return answers.Append(first).FirstOrDefault(NeedsReopening) ?? first;

        void Arrive()
        {
            device.Begun = Look;
            if (others.Count > 0) return;
            foreach (var request in group.Others) others.Add(oracle.AppendAsync(running, request, device));
        }
    }

    /// <returns>Whether the store goes on.</returns>
    private async Task<bool> CompactAsync(SegmentJournal running, CrashStep.Compact step)
    {
        var (others, operations) = (new List<Task<AppendResult?>>(), -1);
        device.Begun = operation =>
        {
            Look(operation);
            if (operation is { Kind: StorageOperationKind.Create, Name: CrashOracle.CompactionTarget })
                operations = Math.Max(operations, 0);
            // Only between the writes of the store: what arrives during one is written by another thread, whenever that runs.
            if (operations < 0 || others.Count > 0 || IsOfTheWriter(operation) || operations++ < step.After) return;
            foreach (var request in step.Meanwhile) others.Add(oracle.AppendAsync(running, request, device));
        };
        var isDone = await oracle.CompactAsync(running, Request(running, step), device);
        var answers = await Task.WhenAll(others);
        device.Begun = Look;
        return isDone && !answers.Any(NeedsReopening);
    }

    private static bool IsOfTheWriter(StorageOperation operation) =>
        !operation.Changes || operation.Name.EndsWith(".seg", StringComparison.Ordinal) || operation.Name is "COMMIT" or "spare"
            || operation.Name.StartsWith("index.", StringComparison.Ordinal);

    private static CompactionRequest Request(SegmentJournal running, CrashStep.Compact step) => step.What switch
    {
        Compaction.Retain => new CompactionRequest.RetainFrom(1 + (long)(step.Share * running.Head.Position)),
        Compaction.DeleteStream => new CompactionRequest.DeleteStream(step.Stream!),
        Compaction.ForgetKeys => new CompactionRequest.ForgetKeysBefore(1 + (long)(step.Share * running.Head.Position)),
        Compaction.DropDeleted => new CompactionRequest.DropDeleted(),
        _ => new CompactionRequest.Merge { MaxBytes = 6000 },
    };

    // A reader in the process, and one in another, at every moment: what they see was answered, or will be.
    private void Look(StorageOperation operation)
    {
        if (operation.Kind is not (StorageOperationKind.Flush or StorageOperationKind.FlushDirectory)) return;
        if (journal is { } running) oracle.Saw(running.Head);
        outside?.Look(oracle, device);
    }

    private static bool NeedsReopening(AppendResult? answer) =>
        answer is null or AppendResult.OutcomeUnknown or AppendResult.NotAppended { Failure: AppendFailure.Unavailable };

    /// <summary>A store that takes no more is opened again, as its answers ask for.</summary>
    private async Task SettleAsync(AppendResult? answer)
    {
        if (!NeedsReopening(answer) || device.HasStopped) return;
        if (rng.NextBoolean()) await ReopenAsync();
        else await KillAsync();
    }

    private async Task ReopenAsync()
    {
        await CloseAsync();
        if (rng.NextBoolean()) device.Evict();
        await OpenAsync();
    }

    private async Task KillAsync()
    {
        var next = device.AfterKill();
        (next.CrashAt, next.Faults, next.Begun) = (device.CrashAt, device.Faults, device.Begun);
        device.Stop();
        await CloseAsync();
        device = next;
        await OpenAsync();
    }

    private async Task OpenAsync()
    {
        for (var tries = 0; journal is null && !device.HasStopped; tries++)
        {
            if (tries == MaxTries)
                throw new CrashViolationException("The store does not open, although faults come only now and then.\n" + device.Story());
            journal = await oracle.OpenAsync(device);
        }
    }

    private async Task CloseAsync()
    {
        if (journal is null) return;
        try
        {
            await journal.DisposeAsync();
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            // It could not write what it writes when it is closed.
        }

        journal = null;
    }
}
