// A journal with runs side by side whose operations call, fail, are cancelled, cut off by a kill, and tried again in the same run or
// another. Recorded anew for each case by EditedRuns.
using System.Globalization;
using Xunit;

namespace Refold.Suites;

internal sealed class RecordedOperations
{
    private readonly SeededRng rng;
    private readonly TickingClock clock = new();
    private readonly IReadOnlyList<Aggregate<Known, Ask, Told, Denied>> aggregates;
    private readonly ScriptedOutside outside;
    private readonly Operation<Script, string> operation;
    private readonly List<(string Key, Script Script)> keyed = [];
    private List<Run> runs = [];

    private RecordedOperations(SeededRng rng)
    {
        this.rng = rng;
        aggregates = [RandomAggregate.Create("left", rng), RandomAggregate.Create("right", rng)];
        outside = new ScriptedOutside(RngState.FromSeed(rng.NextUInt32()));
        operation = RandomProgram.Operation(aggregates, outside.AnswerAsync);
    }

    /// <summary>Records; half of all journals are what a kill left, gone on with by a next process.</summary>
    public static Task<RecordedWorld> RecordAsync(Func<ILocalJournal> open, SeededRng rng) => new RecordedOperations(rng).RecordAsync(open);

    private async Task<RecordedWorld> RecordAsync(Func<ILocalJournal> open)
    {
        var journal = open();
        try
        {
            runs = [await StartAsync(journal, "one"), await StartAsync(journal, "two")];
            await WorkAsync(journal);
            if (rng.Between(0, 1) == 0)
            {
                await EndAsync(finishing: rng.Between(0, 3) == 0 ? 1 : 0);
                journal = await KilledAsync(journal, open);
                await WorkAsync(journal);
            }

            await EndAsync(finishing: rng.Between(0, runs.Count));
            var silent = RandomProgram.Operation(aggregates, (_, _) => throw new InvalidOperationException("a replay calls"));
            var recorded = (await journal.RunsAsync()).Select(run => (run.Id, run.HasEnded));
            return new RecordedWorld([.. journal.ReadAll()], journal.Head, [.. recorded], aggregates) { Operations = [silent] };
        }
        finally
        {
            await journal.DisposeAsync();
        }
    }

    private Task<Run> StartAsync(ILocalJournal journal, string name) =>
        journal.StartRunAsync(RecordedWorld.Pin, Options() with { RunId = RunId.Create(name) });

    private RunOptions Options() => new() { TimeProvider = clock, StartTime = clock.GetUtcNow() };

    private async Task EndAsync(int finishing)
    {
        foreach (var run in runs)
        {
            if (finishing-- > 0) await run.FinishAsync();
            await run.DisposeAsync();
        }
    }

    // What is left of a journal after a kill between two batches, and the next process: it goes on with runs, or begins one of its own.
    private async Task<ILocalJournal> KilledAsync(ILocalJournal journal, Func<ILocalJournal> open)
    {
        var batches = journal.ReadAll().Select(entry => entry.Batch).Distinct().ToList();
        var last = batches[rng.Between(Math.Min(2, batches.Count - 1), batches.Count - 1)];
        var left = Exports.Of(journal.ReadAll().Where(entry => entry.Batch <= last));
        await journal.DisposeAsync();
        journal = open();
        Assert.True(await Exports.TryImportAsync(journal, left));
        runs = [];
        foreach (var run in await journal.RunsAsync())
        {
            if (!run.HasEnded && rng.Between(0, 2) > 0)
                runs.Add(await journal.ResumeRunAsync(run.Id, RecordedWorld.Pin, new RunOptions { TimeProvider = clock }));
        }

        if (runs.Count == 0 || rng.Between(0, 1) == 0) runs.Add(await StartAsync(journal, "three"));
        if (rng.Between(0, 1) == 0) await runs[0].ResumeOperationsAsync([operation]);
        foreach (var (key, script) in keyed) await CallAsync(key, script);
        return journal;
    }

    private async Task WorkAsync(ILocalJournal journal)
    {
        for (var count = rng.Between(1, 5); count > 0; count--)
        {
            switch (rng.Between(0, 9))
            {
                case 0:
                    await AnyRun().Streams(aggregates[0]).ExecuteAsync("left/1", RandomAggregate.NextCommand(rng));
                    break;
                case 1:
                    await RecordedWorld.AppendFactAsync(journal, "right/1", rng, runs);
                    break;
                case 2:
                    await CallAsync(null, RandomProgram.Draw(rng));
                    break;
                case < 5 when keyed.Count > 0:
                    var (key, script) = keyed[rng.Between(0, keyed.Count - 1)];
                    await CallAsync(key, script);
                    break;
                default:
                    keyed.Add(("k" + keyed.Count.ToString(CultureInfo.InvariantCulture), RandomProgram.Draw(rng)));
                    await CallAsync(keyed[^1].Key, keyed[^1].Script);
                    break;
            }
        }
    }

    private async Task CallAsync(string? key, Script script)
    {
        using var source = new CancellationTokenSource();
        outside.Source = source;
        try
        {
            if (key is null)
                await AnyRun().RunAsync(operation, script, source.Token);
            else
                await AnyRun().RunAsync(operation, key, script, source.Token);
        }
        catch (Exception exception) when (exception is CallFailedException or OperationCanceledException)
        {
            // Recorded as that.
        }
    }

    private Run AnyRun() => runs[rng.Between(0, runs.Count - 1)];

    // No two readings are the same.
    private sealed class TickingClock : TimeProvider
    {
        private static readonly DateTimeOffset Begin = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        private int readings;

        public override DateTimeOffset GetUtcNow() => Begin.AddMilliseconds(Interlocked.Increment(ref readings));
    }
}
