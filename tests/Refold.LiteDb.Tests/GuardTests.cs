// What LiteDB does badly and the adapter keeps it from: scans, false loops in large transactions, flat skip
// lists, memory that grows with the file.
// Run by `dotnet test`.
using System.Buffers.Binary;
using System.Reflection;
using LiteDB.Engine;
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class GuardTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Line13_FiveThousandEntriesInOneTransaction_OnANewFile()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            await journal.Append(
                [.. Enumerable.Range(0, 5000).Select(number => Samples.Entry("s" + number % 1500, "{}", "a", "n:" + number))]);
            Assert.Equal(5000, journal.ReadAll().Count());
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
    }

    [Fact]
    public async Task ANullToRestore_IsTheCallersMistake_AndHarmsNothing()
    {
        await using var journal = LiteDbJournal.Open(new SimulatedFiles());
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.TryRestoreAsync([null!]));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.TryRestoreAsync(null!));
        Assert.Equal(1, (await journal.Append(Samples.Entry("s"))).FirstPosition);
    }

    [Fact]
    public Task Line13_ALargeBatch_OnANewFile() => LiteDbSuites.LargestBatch.HoldsAsync(output);

    [Fact]
    public Task Line13_ALongImport_KeepsMemoryBounded() => LiteDbSuites.LongImport.HoldsAsync(output);

    [Fact]
    public async Task Line13_EverySearch_IsARangeOfAnIndex()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(Samples.Entry("s", "{}", "a"));
        using var database = Database.Open(files, readOnly: true);
        var stream = StreamId.Create("s");
        Search[] searches =
        [
            Search.ById(Collections.Streams, Keys.OfStream(stream)), Search.ByIds(Collections.Entries, 1L, 9L),
            Search.Ids(Collections.Keys, Array.Empty<byte>(), Keys.AboveNames),
            Search.LastId(Collections.Places, new byte[] { 0 }, Keys.AboveNames),
            Search.ByAnyId(Collections.Words, [Keys.OfWord(new Word(WordKind.Tag, "a")), Keys.OfStream(stream)]),
        ];
        var made = typeof(Search)
            .GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Where(method => method.ReturnType == typeof(Search))
            .ToList();
        Assert.Equal(made.Count, searches.Length);
        Assert.All(searches, search =>
        {
            var plan = database.Explain(search);
            Assert.Matches(@"^INDEX (SEEK|RANGE SCAN)", plan["index"]["mode"].AsString);
            Assert.False(plan.ContainsKey("orderBy"), plan.ToString());
            Assert.False(plan.ContainsKey("filters"), plan.ToString());
        });
    }

    [Fact]
    public async Task AnEmptyRange_FindsNothing_AlsoWhereItsBeginningIsThere()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(
            Samples.Entry("s", "{}", "a"), Samples.Entry("s", "{}", "a"));
        using var database = Database.Open(files, readOnly: true);
        Search[] searches =
        [
            Search.ByIds(Collections.Entries, 2L, 1L), Search.Ids(Collections.Entries, 2L, 1L), Search.LastId(Collections.Entries, 2L, 1L)
        ];
        Assert.All(searches, search => Assert.Empty(database.Find(search)));
    }

    [Fact]
    public async Task Line18_ManyShortProcesses_BuildNoFlatSkipLists()
    {
        var files = new SimulatedFiles();
        for (var session = 0; session < 120; session++)
        {
            // As in a new process: LiteDB's numbers begin anew, and the probe runs.
            BeginNumbersAnew();
            typeof(Probe).GetMethod("Try", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, null);
            await using var journal = LiteDbJournal.Open(files);
            await journal.Append(Samples.Entry("s"));
        }

        // Half of the nodes of a skip list are higher than one level, a quarter higher than two; of a flat one none is.
        var levels = Levels(files.Contents()[FileRole.Data]);
        Assert.InRange(levels.Count(level => level > 1), levels.Count * 0.3, levels.Count * 0.7);
        Assert.InRange(levels.Count(level => level > 2), levels.Count * 0.1, levels.Count * 0.4);
    }

    private static void BeginNumbersAnew()
    {
        var numbers = typeof(LiteEngine).Assembly.GetType("LiteDB.Randomizer")!.GetField(
            "_random", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;
        var state = typeof(Random).GetField("_impl", BindingFlags.NonPublic | BindingFlags.Instance)!;
        state.SetValue(numbers, state.GetValue(new Random(0)));
    }

    /// <summary>The height of every index node, read from LiteDB's index pages (page type 2; slots from the end,
    /// height in a node's second byte).</summary>
    private static List<int> Levels(byte[] data)
    {
        var levels = new List<int>();
        for (var page = 0; page < data.Length; page += EngineStream.PageSize)
        {
            var bytes = data.AsSpan(page, EngineStream.PageSize);
            if (bytes[4] != 2 || bytes[30] == byte.MaxValue) continue;
            for (var slot = 0; slot <= bytes[30]; slot++)
            {
                var at = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(EngineStream.PageSize - (slot + 1) * 4 + 2)..]);
                // Head and tail of an index have all levels.
                if (at != 0 && bytes[at + 1] is > 0 and < 32) levels.Add(bytes[at + 1]);
            }
        }

        return levels;
    }
}
