// A journal with two recorded runs side by side, facts of theirs and of others, and entries that are nobody's.
// Recorded anew for each case by EditedRuns.
using System.Globalization;

namespace Refold.Suites;

/// <summary>What was recorded.</summary>
/// <param name="Lines">The export, a line an entry.</param>
/// <param name="Head">The head.</param>
/// <param name="Runs">The runs, with whether each was finished.</param>
/// <param name="Aggregates">What decides.</param>
internal sealed record RecordedWorld(
    IReadOnlyList<JournalEntry> Lines, Head Head, IReadOnlyList<(RunId Id, bool IsFinished)> Runs, IReadOnlyList<Aggregate> Aggregates)
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>Operations of the runs, over nothing outside.</summary>
    public IReadOnlyList<Operation> Operations { get; init; } = [];

    public static RunPin Pin { get; } = new("random", "acme", "1.4.0", seed: 42);

    /// <summary>Records in a journal, whatever its store.</summary>
    public static async Task<RecordedWorld> RecordAsync(ILocalJournal journal, SeededRng rng)
    {
        var (left, right) = (RandomAggregate.Create("left", rng), RandomAggregate.Create("right", rng));
        var snapshots = rng.Between(0, 1) == 0 ? null : new InMemorySnapshotStore();
        var runs = new List<Run>();
        foreach (var name in (string[])["one", "two"])
        {
            runs.Add(await journal.StartRunAsync(Pin, new RunOptions
            {
                RunId = name,
                StartTime = Begin,
                TimeProvider = new FixedClock(),
                Snapshots = snapshots,
                SnapshotInterval = 2,
                // Hardly any state is kept, so that snapshots are stood on.
                CachedStreams = 1,
            }));
        }

        var steps = rng.Between(3, 14);
        for (var step = 0; step < steps; step++)
        {
            var run = runs[step < 2 ? step : rng.Between(0, 1)];
            var number = rng.Between(1, 2).ToString(CultureInfo.InvariantCulture);
            var isLeft = rng.Between(0, 1) == 0;
            var (stream, aggregate) = isLeft ? ("left/" + number, left) : ("right/" + number, right);
            if (rng.Between(0, 3) == 0) await AppendFactAsync(journal, stream, rng, runs);
            var options = new ExecuteOptions
            {
                Time = Begin.AddSeconds(step),
                CausationId = rng.Between(0, 2) == 0 ? rng.NextGuid() : null,
                CorrelationId = rng.Between(0, 2) == 0 ? rng.NextGuid() : null,
                IdempotencyKey = rng.Between(0, 4) == 0 ? "key" + step.ToString(CultureInfo.InvariantCulture) : null,
            };
            await run.Streams(aggregate).ExecuteAsync(stream, RandomAggregate.NextCommand(rng), options);
            if (rng.Between(0, 5) == 0) await AppendFactAsync(journal, "elsewhere/1", rng, []);
        }

        var finished = new List<(RunId, bool)>();
        foreach (var run in runs)
        {
            var ends = rng.Between(0, 2) > 0;
            if (ends) await run.FinishAsync(Begin.AddHours(1));
            finished.Add((run.Id, ends));
            await run.DisposeAsync();
        }

        if (rng.Between(0, 3) == 0) await AppendFactAsync(journal, "left/1", rng, []);
        return new RecordedWorld([.. journal.ReadAll()], journal.Head, finished, [left, right]);
    }

    /// <summary>Appends a fact of one of the runs, or of nobody.</summary>
    public static async Task AppendFactAsync(ILocalJournal journal, string stream, SeededRng rng, IReadOnlyList<Run> runs)
    {
        var told = RandomAggregate.Events.Encode(new Told("fact", rng.Between(-9, 9), "outside"));
        var of = rng.Between(0, 2);
        var fact = new EntryData(stream, told.Type, told.Payload)
        {
            Role = EntryRole.Fact,
            Time = rng.Between(0, 1) == 0 ? Begin.AddMinutes(rng.Between(0, 9)) : null,
            Tags = rng.Between(0, 2) == 0 ? ["weather"] : [],
            Run = of < runs.Count ? runs[of].Id : null,
        };
        (await journal.TryAppendAsync(new AppendRequest([fact]))).ReceiptOrThrow();
    }
}
