// Everything at once over one directory: appends, deletions, compactions, reads, subscriptions, readers in this process and in another one,
// verifications, closing and opening again.
// Called by StressSuite with a seed; what the threads make of it is the machine's.
using System.Collections.Concurrent;
using System.Diagnostics;
using Refold.Segments;

namespace Refold.Suites;

/// <summary>One run.</summary>
/// <param name="directory">An empty directory.</param>
/// <param name="seed">What every task draws from.</param>
/// <param name="length">How long it goes on.</param>
internal sealed class StressRun(string directory, ulong seed, TimeSpan length)
{
    private const int Writers = 4;

    // Nobody waits so long for anything; on a machine that is busy with other things, nearly.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly StressFacts facts = new();
    private readonly ConcurrentDictionary<long, int> retried = new();
    private readonly ConcurrentDictionary<SegmentJournal, bool> closing = new();
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ended = new();
    private volatile SegmentJournal? writer;
    private volatile Exception? failure;

    private JournalOptions Options => new()
    {
        Segments = new()
        {
            SegmentBytes = seed % 3 == 2 ? 5 * 4096 : 2048,
            OpenFiles = 4,
            CheckpointBytes = 700,
            Durability = StressSuite.Durabilities[(int)(seed % 3)],
            Pipelined = seed % 2 == 0,
        },
    };

    /// <summary>Whether answers come before their flush: readers see what is flushed.</summary>
    private bool IsBehind => Options.Segments.Durability == Durability.PowerCutLosesNewest;

    /// <summary>How often each thing was done.</summary>
    public IReadOnlyDictionary<string, int> Counts => counts;

    /// <summary>Runs, and judges what is left.</summary>
    /// <exception cref="StressViolationException">Answers contradict each other, or somebody waits for ever.</exception>
    public async Task RunAsync()
    {
        writer = SegmentJournal.Open(directory, Options);
        var tasks = new List<(string Name, Task Task)>();
        for (var number = 0; number < Writers; number++)
        {
            var writes = new StressWrites(facts, Dice("append" + number), number, retried);
            Start("append", number, random => writes.AppendAsync(OpenAsync));
        }

        var (deletes, compacts) = (
            new StressWrites(facts, Dice("delete"), 0, retried), new StressWrites(facts, Dice("compact"), 0, retried));
        Start("delete", 0, random => ChangeAsync(deletes.DeleteAsync, random.Next(30)));
        Start("compact", 0, random => ChangeAsync(compacts.CompactAsync, random.Next(20)));
        for (var number = 0; number < 2; number++)
        {
            var reads = new StressReads(facts, Dice("read" + number), "writer's reads " + number);
            Start("read", number, async random => await UseAsync(await OpenAsync(), reads.Read, random));
        }

        var follows = new StressReads(facts, Dice("follow"), "writer's subscription");
        Start("follow", 0, async random => await FollowAsync(follows, await OpenAsync(), random));
        Start("look", 0, LookAsync);
        Start("look", 1, LookAsync);
        Start("verify", 0, random => VerifyAsync());
        Start("reopen", 0, ReopenAsync);
        Start("outside", 0, _ => OutsideAsync());
        await Task.WhenAny(Task.Delay(length), Task.WhenAny(tasks.Select(item => item.Task)));
        await ended.CancelAsync();
        foreach (var (name, task) in tasks)
        {
            if (await Task.WhenAny(task, Task.Delay(Patience)) != task) throw StressFacts.Violation($"{name} waits for ever");
        }

        if (failure is { } first) throw StressFacts.Violation(first.ToString());
        await writer!.DisposeAsync();
        facts.Judge();
        await new StressEnd(facts, directory, Options).JudgeAsync();

        void Start(string kind, int number, Func<Random, Task> work) =>
            tasks.Add((kind + number, Task.Run(() => RepeatAsync(kind, Dice(kind + number), work))));
    }

    private Random Dice(string name) => SeededRng.FromSeed(seed).Named(name).AsRandom();

    private async Task RepeatAsync(string kind, Random random, Func<Random, Task> work)
    {
        try
        {
            while (!ended.IsCancellationRequested)
            {
                await work(random);
                counts.AddOrUpdate(kind, 1, (_, count) => count + 1);
            }
        }
#pragma warning disable CA1031 // Told at the end, with all of its stack.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure ??= new InvalidOperationException($"{kind}: {exception.Message}", exception);
            await ended.CancelAsync();
        }
    }

    /// <summary>The journal, once it is open.</summary>
    private async Task<SegmentJournal> OpenAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (writer is { } journal && !closing.ContainsKey(journal)) return journal;
            StressFacts.Demand(clock.Elapsed < Patience, () => "the journal is not opened again");
            await Task.Delay(1);
        }
    }

    private async Task ChangeAsync(Func<SegmentJournal, Task> change, int pause)
    {
        var journal = await OpenAsync();
        try
        {
            await change(journal);
        }
        catch (Exception exception)
            when (
                exception is ObjectDisposedException or OperationCanceledException
                    or NotAppendedException { Failure: AppendFailure.Unavailable }
                    && closing.ContainsKey(journal))
        {
            // It ended under this.
        }

        await Task.Delay(pause);
    }

    private async Task UseAsync(SegmentJournal journal, Action<SegmentJournal> use, Random random)
    {
        try
        {
            use(journal);
        }
        catch (ObjectDisposedException) when (closing.ContainsKey(journal))
        {
            // It ended under this.
        }

        if (random.Next(10) == 0) await Task.Delay(random.Next(5));
    }

    private async Task FollowAsync(StressReads reads, SegmentJournal journal, Random random)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(300)));
        try
        {
            await reads.FollowAsync(journal, random.Next(1, 400), patience.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // Long enough.
        }
        catch (ObjectDisposedException) when (closing.ContainsKey(journal))
        {
            // It ended before this began.
        }
    }

    /// <summary>A reader of its own, for some reads.</summary>
    private async Task LookAsync(Random random)
    {
        var reader = SegmentJournal.Open(directory, (Options with { ReadOnly = true }).With(s => s with { Opening = Ways(random) }));
        var reads = new StressReads(facts, random, "a reader", IsBehind);
        var use = Task.Run(async () =>
        {
            for (var left = random.Next(1, 60); left > 0 && !ended.IsCancellationRequested; left--)
            {
                if (random.Next(15) == 0) await FollowAsync(reads, reader, random);
                else await UseAsync(reader, reads.Read, random);
            }
        });
        // Some end while they are used.
        if (random.Next(4) == 0) await Task.WhenAny(use, Task.Delay(random.Next(20)));
        else await use;
        closing[reader] = true;
        await reader.DisposeAsync();
        await use;
        closing.TryRemove(reader, out _);
    }

    private async Task VerifyAsync()
    {
        // Beside a writer its newest bytes may look torn.
        var found = SegmentJournal.Verify(directory);
        StressFacts.Demand(found.Ok || found.Torn, () => found.ToString());
        await Task.Delay(20);
    }

    private async Task ReopenAsync(Random random)
    {
        try
        {
            await Task.Delay(random.Next(100, 1500), ended.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        var journal = writer!;
        closing[journal] = true;
        await Task.WhenAll(Enumerable.Range(0, random.Next(1, 3)).Select(_ => Task.Run(async () => await journal.DisposeAsync())));
        writer = SegmentJournal.Open(directory, Options.With(s => s with { Opening = Ways(random) }));
    }

    /// <summary>A way of opening; there is always the scan.</summary>
    private static OpeningWays Ways(Random random) => new() { Checkpoint = random.Next(3) > 0, Footers = random.Next(3) > 0 };

    private async Task OutsideAsync()
    {
        using var outside = StressOutside.Start(directory);
        while (!ended.IsCancellationRequested)
        {
            var answer = await outside.AskAsync(IsBehind ? 0 : facts.Acknowledged).WaitAsync(Patience);
            StressFacts.Demand(answer == StressOutside.Right, () => "a reader in another process: " + answer);
            counts.AddOrUpdate("ask", 1, (_, count) => count + 1);
        }
    }
}
