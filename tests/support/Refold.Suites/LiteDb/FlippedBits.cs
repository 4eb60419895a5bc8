// Flipped bits in the files of a LiteDB journal: refused, found, or without effect; never a wrong entry, never a foreign exception.
// Run by LiteDbSuites.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.Suites;

internal static class FlippedBits
{
    /// <summary>How many bits a case flips, each in files of their own.</summary>
    private const int Flips = 40;

    /// <summary>A thousand times what one takes: what runs as long does not end.</summary>
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(1);

    public static IReadOnlyList<FileRole> Roles { get; } = [FileRole.Data, FileRole.Log];

    /// <summary>The file of a seed.</summary>
    public static FileRole Of(ulong seed) => Roles[(int)(seed % (ulong)Roles.Count)];

    /// <summary>Reads everything.</summary>
    public static async Task ReadAsync(Tally tally, ulong seed)
    {
        var (role, random) = (Of(seed), SeededRng.FromSeed(seed).AsRandom());
        var (files, expected) = await MadeAsync(isClosed: role == FileRole.Data);
        var contents = files.Contents();
        for (var flip = 0; flip < Flips; flip++)
        {
            var bent = Bent(contents[role], random);
            var damaged = new SimulatedFiles(new Dictionary<FileRole, byte[]>(contents) { [role] = bent });
            await EndsAsync(tally, "read", () => ReadOneAsync(tally, damaged, expected));
        }
    }

    private static async Task ReadOneAsync(Tally tally, SimulatedFiles damaged, List<string> expected)
    {
        try
        {
            await using var journal = LiteDbJournal.Open(damaged, Samples.ReadOnly);
            var read = new List<string>();
            try
            {
                foreach (var entry in journal.ReadAll()) read.Add(entry + Convert.ToHexString(entry.Payload.Span));
                Assert.Equal(expected, read);
            }
            catch (JournalCorruptedException)
            {
                Assert.Equal(expected.Take(read.Count), read);
                tally.Add("found when read");
                return;
            }

            foreach (var stream in journal.Streams()) Read(() => journal.ReadStream(stream.Stream, stream.Floor + 1).Count());
            tally.Add("without effect on entries");
        }
        catch (JournalException)
        {
            tally.Add("refused");
        }
    }

    /// <summary>Verifies, copies, compacts, appends.</summary>
    public static async Task UseAsync(Tally tally, ulong seed)
    {
        var (role, random) = (Of(seed), SeededRng.FromSeed(seed).AsRandom());
        var (files, _) = await MadeAsync(isClosed: role == FileRole.Data);
        var contents = files.Contents();
        for (var flip = 0; flip < Flips; flip++)
        {
            var bent = Bent(contents[role], random);
            var damaged = new Dictionary<FileRole, byte[]>(contents) { [role] = bent };
            (string Name, Func<SimulatedFiles, Task> Run)[] actions =
            [
                ("verify", left => Task.Run(() => LiteDbJournal.Verify(left))),
                ("copy", left => Task.Run(() => LiteDbFiles.Read(left).Count())),
                ("compact", left => Task.Run(() => LiteDbFiles.Compact(left))),
                ("append", AppendAsync),
            ];
            foreach (var (name, run) in actions)
            {
                var left = new SimulatedFiles(damaged);
                if (await Record.ExceptionAsync(() => EndsAsync(tally, name, () => run(left))) is not { } exception) continue;
                Assert.True(exception is JournalException, $"flip {flip}, {name}: {exception}");
                tally.Add(name + " refused");
            }
        }
    }

    /// <summary>A file with one bit flipped, anywhere but in index pages (page type 2): LiteDB goes round in one that leads back to
    /// itself, and nobody can stop it.</summary>
    private static byte[] Bent(byte[] content, Random random)
    {
        const int IndexPage = 2;
        var bent = (byte[])content.Clone();
        var place = random.Next(bent.Length);
        while (content[place / EngineStream.PageSize * EngineStream.PageSize + 4] == IndexPage) place = random.Next(bent.Length);
        bent[place] ^= (byte)(1 << random.Next(8));
        return bent;
    }

    /// <summary>Runs something on a thread of its own. LiteDB goes round in some damaged pages, and nothing stops it: what has no end is
    /// counted, and its thread is left behind.</summary>
    private static async Task EndsAsync(Tally tally, string name, Func<Task> run)
    {
        var task = Task.Factory.StartNew(
            run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        if (await Task.WhenAny(task, Task.Delay(LongestRun)) == task) await task;
        else tally.Add(name + " without an end");
    }

    private static async Task AppendAsync(SimulatedFiles files)
    {
        await using var journal = LiteDbJournal.Open(files);
        for (var number = 0; number < 3; number++)
            await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s" + number, new string('x', 3000), "a"))
            {
                IdempotencyKey = "k" + number
            });
        await journal.DeleteToAsync(StreamId.Create("s2"), 2);
        _ = journal.Query(Query.WithTags("a"));
        _ = journal.FindByKey("k1");
        _ = journal.Streams();
    }

    private static async Task<(SimulatedFiles Files, List<string> Expected)> MadeAsync(bool isClosed)
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        // In few transactions, so that most of the log is still in use.
        for (var batch = 0; batch < 3; batch++)
            await journal.Append(
                [.. Enumerable.Range(0, 20).Select(number => Samples.Entry("s" + number % 5, new string('x', 300 + number), "a"))]);
        await journal.DeleteToAsync(StreamId.Create("s1"), 3);
        var expected = journal.ReadAll().Select(entry => entry + Convert.ToHexString(entry.Payload.Span)).ToList();
        if (isClosed) await journal.DisposeAsync();
        return (files, expected);
    }

    private static void Read(Action read)
    {
        try
        {
            read();
        }
        catch (JournalCorruptedException)
        {
            // Found.
        }
    }
}
