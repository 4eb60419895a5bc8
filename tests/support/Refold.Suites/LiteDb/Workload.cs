// Appends and deletions drawn from a seed, made on simulated files, with the state of the journal in
// memory after each: the oracle of crashes.
// Used by the tests of power cuts, one by one and in chains.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.Suites;

/// <summary>A workload that may go on over several lives of its journal.</summary>
/// <param name="random">What it draws from.</param>
internal sealed class Workload(Random random) : IAsyncDisposable
{
    // Small, so that a few commits bring a checkpoint.
    public const long CheckpointBytes = 40 * EngineStream.PageSize;

    /// <summary>Small too, so that a few entries are written into documents, and a few of those make a piece.</summary>
    public static readonly PlaceLimits Places = new(Entries: 16, Names: 8, PieceSize: 3, ChunkSize: 4, Fan: 2);

    // Everything that was done, to make the journal in memory again as it was after any step.
    private readonly List<Func<ILocalJournal, Task>> done = [];
    private InMemoryJournal model = new();

    // The journal of this life. A process that is killed takes its threads and memory with it; here they stay until it is closed.
    private LiteDbJournal? life;

    // The state after each step of this life, and behind how many operations of the device it was acknowledged.
    private readonly List<(List<string> State, int Acknowledged)> steps = [];

    /// <summary>Makes so many steps, in bursts of which each is answered together.</summary>
    public async Task RunAsync(SimulatedFiles files, int count)
    {
        await EndAsync();
        steps.Clear();
        steps.Add((Lines(model), 0));
        var journal = life = LiteDbJournal.Open(files, checkpointBytes: CheckpointBytes, places: Places);
        Assert.Equal(steps[0].State, Lines(journal));
        for (var step = 0; step < count;)
        {
            var burst = new List<Task<int>>();
            for (var size = random.Next(1, 4); size > 0 && step < count; size--, step++)
            {
                var action = Draw();
                done.Add(action);
                await action(model);
                burst.Add(AcknowledgedAsync(action(journal), files));
                steps.Add((Lines(model), int.MaxValue));
            }

            foreach (var (task, back) in burst.Select((task, item) => (task, burst.Count - item)))
                steps[^back] = (steps[^back].State, await task);
        }

        if (random.Next(2) == 0) await EndAsync();
    }

    /// <summary>Opens what a crash left: it must be the state after a step, none earlier than the last that was acknowledged.</summary>
    /// <param name="crashed">What is left.</param>
    /// <param name="operations">Behind how many operations the crash came.</param>
    /// <param name="goesOn">Whether the workload goes on from there.</param>
    /// <returns>Null, or what is wrong.</returns>
    public async Task<string?> JudgeAsync(SimulatedFiles crashed, int operations, bool goesOn = false)
    {
        var acknowledged = steps.FindLastIndex(step => step.Acknowledged <= operations);
        try
        {
            if (!crashed.Exists(FileRole.Data) && acknowledged > 0) return "the data file is gone";
            await using (var journal = LiteDbJournal.Open(crashed, checkpointBytes: CheckpointBytes, places: Places))
            {
                var found = Lines(journal);
                var step = steps.FindIndex(acknowledged, state => state.State.SequenceEqual(found));
                if (step < 0)
                    return $"acknowledged is step {acknowledged} ({steps[acknowledged].State[^1]}), found is {found[^1]}, "
                        + $"which is {(steps.Exists(state => state.State.SequenceEqual(found)) ? "an earlier one" : "no step")}";
                await AfterAsync(journal);
                if (goesOn) await RewindAsync(step);
            }

            return LiteDbJournal.Verify(crashed).First?.ToString();
        }
        catch (JournalException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Opens what a crash left, and takes the power away again, in the opening or behind it;
    /// what was read then must stay.</summary>
    public async Task<SimulatedFiles> CrashAgainAsync(SimulatedFiles crashed, Loss loss)
    {
        int opened;
        List<string> found;
        await using (var journal = LiteDbJournal.Open(crashed, checkpointBytes: CheckpointBytes, places: Places))
            (opened, found) = (crashed.Count, Lines(journal));
        var operations = random.Next(crashed.Count + 1);
        if (operations >= opened && steps.FindIndex(step => step.State.SequenceEqual(found)) is >= 0 and var seen) steps[seen] = (found, 0);
        return crashed.Crash(operations, loss, random);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await model.DisposeAsync();
    }

    private static List<string> Lines(ILocalJournal journal) =>
        [.. journal.Lines()[..^1], .. journal.Streams().Select(stream => stream.ToString()), journal.Head.ToString()];

    private static async Task AfterAsync(ILocalJournal journal) =>
        await journal.AppendAsync(new AppendRequest(Samples.Entry("after", "{}", "a")));

    private static async Task<int> AcknowledgedAsync(Task task, SimulatedFiles files)
    {
        await task;
        return files.Count;
    }

    private async Task EndAsync()
    {
        if (life is not null) await life.DisposeAsync();
        life = null;
    }

    private async Task RewindAsync(int step)
    {
        done.RemoveRange(done.Count - (steps.Count - 1 - step), steps.Count - 1 - step);
        done.Add(AfterAsync);
        await model.DisposeAsync();
        model = new InMemoryJournal();
        foreach (var action in done) await action(model);
    }

    private Func<ILocalJournal, Task> Draw()
    {
        if (random.Next(6) == 0)
        {
            var (stream, version) = (StreamId.Create("s" + random.Next(4)), random.Next(1, 30));
            return async journal => await journal.DeleteToAsync(stream, version);
        }

        var count = random.Next(8) switch { 0 => 60, < 4 => 1, _ => 7 };
        EntryData[] entries =
        [
            .. Enumerable.Range(0, count)
                .Select(_ => Samples.Entry("s" + random.Next(4), new string('x', random.Next(400)), "a", "t:" + random.Next(20)))
        ];
        var request = new AppendRequest(entries) { IdempotencyKey = random.Next(3) == 0 ? "k" + done.Count : null };
        return async journal => await journal.AppendAsync(request);
    }
}
