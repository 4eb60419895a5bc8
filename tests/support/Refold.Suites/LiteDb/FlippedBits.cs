// Flipped bits and larger damages in the files of a LiteDB journal: every read, receipt and retry is right or a named error, and each ends.
// Run by LiteDbSuites.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.Suites;

/// <summary>What is damaged: pages of a kind, as LiteDB names them, or the log.</summary>
internal enum DamagedPart
{
    Header = 1,
    Collection = 2,
    Index = 3,
    Data = 4,
    Log = 5,
}

internal static class FlippedBits
{
    /// <summary>How many bits a case flips, each in files of their own.</summary>
    public const int Flips = 40;

    /// <summary>How many larger damages a case does.</summary>
    public const int Damages = 20;

    /// <summary>A thousand times what one takes: what runs as long does not end.</summary>
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(1);

    /// <summary>A seed chooses its part by the remainder.</summary>
    public static IReadOnlyList<DamagedPart> Parts { get; } = Enum.GetValues<DamagedPart>();

    /// <summary>Flips bits and uses what is left.</summary>
    public static Task ReadAsync(Tally tally, ulong seed, int count = Flips) => RunAsync(tally, seed, count, (made, part, random) =>
    {
        var (role, places) = made.Places(part);
        var bent = (byte[])made.Contents[role].Clone();
        Flip(bent, places, random);
        return (role, bent);
    });

    /// <summary>Damages more than a bit and uses what is left.</summary>
    public static Task DamageAsync(Tally tally, ulong seed, int count = Damages) => RunAsync(tally, seed, count, (made, part, random) =>
    {
        var (role, places) = made.Places(part);
        var bent = (byte[])made.Contents[role].Clone();
        var page = bent.AsSpan(places[random.Next(places.Count)] * EngineStream.PageSize, EngineStream.PageSize);
        var start = random.Next(EngineStream.PageSize - 512);
        switch (random.Next(6))
        {
            case 0:
                page.Clear();
                break;
            case 1:
                random.NextBytes(page.Slice(start, random.Next(1, 512)));
                break;
            case 2:
                page.Slice(start / 512 * 512, 512).Clear();
                break;
            case 3:
                // A page where another belongs.
                bent.AsSpan(random.Next(bent.Length / EngineStream.PageSize) * EngineStream.PageSize, EngineStream.PageSize).CopyTo(page);
                break;
            case 4:
                page.Slice(start, 256).CopyTo(page[((start + 4096) % (EngineStream.PageSize - 256))..]);
                break;
            default:
                bent = bent[..random.Next(bent.Length)];
                break;
        }

        return (role, bent);
    });

    /// <summary>Verifies, copies, compacts, appends.</summary>
    public static async Task UseAsync(Tally tally, ulong seed, int count = Flips)
    {
        var (part, random) = (Parts[(int)(seed % (ulong)Parts.Count)], SeededRng.FromSeed(seed).AsRandom());
        var made = await MadeJournal.MakeAsync(isClosed: part != DamagedPart.Log);
        var (role, places) = made.Places(part);
        for (var flip = 0; flip < count; flip++)
        {
            var bent = (byte[])made.Contents[role].Clone();
            Flip(bent, places, random);
            var damaged = new Dictionary<FileRole, byte[]>(made.Contents) { [role] = bent };
            (string Name, Func<SimulatedFiles, Task> Run)[] actions =
            [
                ("verify", left => Task.Run(() =>
                {
                    if (!LiteDbJournal.Verify(left).Ok) tally.Add("verify found");
                })),
                ("copy", left => Task.Run(() => LiteDbFiles.Read(left).Count())),
                ("compact", left => Task.Run(() => LiteDbFiles.Compact(left))),
                ("append", AppendAsync),
            ];
            foreach (var (name, run) in actions)
            {
                var left = new SimulatedFiles(damaged);
                if (await Record.ExceptionAsync(() => EndsAsync(() => run(left))) is not { } exception) continue;
                Assert.True(exception is JournalException, $"flip {flip}, {name}: {exception}");
                tally.Add(name + " refused");
            }
        }
    }

    private static void Flip(byte[] content, List<int> places, Random random)
    {
        var page = places[random.Next(places.Count)] * EngineStream.PageSize;
        content[page + random.Next(EngineStream.PageSize)] ^= (byte)(1 << random.Next(8));
    }

    private static async Task RunAsync(
        Tally tally, ulong seed, int count, Func<MadeJournal, DamagedPart, Random, (FileRole Role, byte[] Content)> damage)
    {
        var (part, random) = (Parts[(int)(seed % (ulong)Parts.Count)], SeededRng.FromSeed(seed).AsRandom());
        var made = await MadeJournal.MakeAsync(isClosed: part != DamagedPart.Log);
        for (var number = 0; number < count; number++)
        {
            var (role, content) = damage(made, part, random);
            var damaged = new Dictionary<FileRole, byte[]>(made.Contents) { [role] = content };
            var noticed = false;
            foreach (var options in (JournalOptions[])[Samples.ReadOnly, new()])
                await EndsAsync(async () => noticed |= await made.IsNoticedAsync(new SimulatedFiles(damaged), options));
            tally.Add(part.ToString());
            if (noticed) tally.Add(part + " noticed");
            if (noticed) tally.Add("noticed");
        }
    }

    /// <summary>Runs something on a thread of its own: LiteDB goes round in some damaged pages, and nothing stops it.</summary>
    /// <exception cref="TimeoutException">It does not end.</exception>
    private static async Task EndsAsync(Func<Task> run)
    {
        var task = Task.Factory.StartNew(
            run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        if (await Task.WhenAny(task, Task.Delay(LongestRun)) != task) throw new TimeoutException("A damaged file has no end.");
        await task;
    }

    private static async Task AppendAsync(SimulatedFiles files)
    {
        await using var journal = LiteDbJournal.Open(files);
        for (var number = 0; number < 3; number++)
            await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s" + number, new string('x', 3000), "a"))
            {
                IdempotencyKey = "l" + number
            });
        await journal.DeleteToAsync(StreamId.Create("s2"), 2);
        _ = journal.Query(Query.WithTags("a"));
        _ = journal.FindByKey("k1");
        _ = journal.Streams();
    }
}
