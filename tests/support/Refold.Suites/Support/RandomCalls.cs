// Random calls of a journal, compared one by one with the same calls of the journal in memory.
// Called by the model tests of the stores; the seed stands in the message of what differs.
using Xunit;

namespace Refold.Suites;

internal static class RandomCalls
{
    /// <summary>Makes the calls of a seed.</summary>
    /// <param name="open">Opens the journal, first empty, then again what it was.</param>
    /// <param name="seed">What is drawn.</param>
    /// <param name="steps">How many calls.</param>
    public static async Task RunAsync(Func<ILocalJournal> open, ulong seed, int steps)
    {
        var random = SeededRng.FromSeed(seed).AsRandom();
        await using var model = new InMemoryJournal();
        var journal = open();
        for (var step = 0; step < steps; step++)
        {
            var place = $"seed {seed}, step {step}: ";
            switch (random.Next(10))
            {
                case 0:
                    await journal.DisposeAsync();
                    journal = open();
                    break;
                case 1:
                    var (stream, version) = (StreamId.Create("s" + random.Next(4)), random.Next(1, 6));
                    await model.DeleteToAsync(stream, version);
                    await journal.DeleteToAsync(stream, version);
                    break;
                case 2:
                    var batch = Restored(random, model);
                    Assert.Equal(place + Told(await model.TryRestoreAsync(batch)), place + Told(await journal.TryRestoreAsync(batch)));
                    break;
                default:
                    var request = Request(random, model);
                    Assert.Equal(place + Told(await model.TryAppendAsync(request)), place + Told(await journal.TryAppendAsync(request)));
                    break;
            }

            Assert.Equal(model.Everything().Prepend(place), journal.Everything().Prepend(place));
        }

        await journal.DisposeAsync();
    }

    private static AppendRequest Request(Random random, InMemoryJournal model)
    {
        var entries = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Data(random)).ToArray();
        var request = new AppendRequest(entries);
        if (random.Next(4) == 0) request = request with { IdempotencyKey = "key" + random.Next(4) };
        if (random.Next(4) == 0)
            request = request with
            {
                Expected = new Dictionary<StreamId, ExpectedVersion>
                {
                    [entries[0].Stream] = random.Next(2) == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(random.Next(1, 9))
                }
            };
        if (random.Next(3) == 0)
            request = request with { Condition = new AppendCondition(Query.WithTags("a", "b"), model.Head.Position - random.Next(-1, 4)) };
        return request;
    }

    private static EntryData Data(Random random) =>
        new("s" + random.Next(4), random.Next(3) == 0 ? "Other" : "Happened", new byte[random.Next(0, 200)])
        {
            Tags = random.Next(3) switch { 0 => [], 1 => ["a"], _ => ["a", "b"] },
            Role = random.Next(2) == 0 ? EntryRole.Fact : EntryRole.Event,
        };

    private static List<JournalEntry> Restored(Random random, InMemoryJournal model)
    {
        var first = model.Head.Position + random.Next(0, 3);
        var data = Data(random);
        var version = model.HighestVersion(data.Stream) + random.Next(1, 3);
        var second = first + 1 + random.Next(2);
        return [new JournalEntry(first + random.Next(2), version, first, data), new JournalEntry(second + 1, version + 1, first, data)];
    }

    private static string Told(AppendResult result) => result switch
    {
        AppendResult.Appended appended =>
            $"{appended.Receipt.FirstPosition}+{appended.Receipt.Count} {appended.Receipt.Head} "
            + $"{string.Join(",", appended.Receipt.Versions)}",
        _ => result.ToString(),
    };
}
