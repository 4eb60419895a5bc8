// What decisions must not read, each provoked in C#: recorded, then verified with the culprit in place. Named as in core/determinism.md.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit;

namespace Refold.Tests.Determinism;

public class ReadingTests
{
    private static int counter;

    public static TheoryData<string> EveryStore => Notes.EveryStore;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public Task AClock(string store) => IsUnstableAsync(store, NextReading);

    [Theory]
    [MemberData(nameof(EveryStore))]
    public Task NewGUIDs(string store) => IsUnstableAsync(store, () => Guid.NewGuid().ToString());

    [Theory]
    [MemberData(nameof(EveryStore))]
    public Task UnseededRandomNumbers(string store) => IsUnstableAsync(store, () => Notes.Text(Random.Shared.NextInt64()));

    [Theory]
    [MemberData(nameof(EveryStore))]
    public Task DrawsOutsideTheStepsGenerator(string store)
    {
        var kept = SeededRng.FromSeed(42);
        return IsUnstableAsync(store, () => Notes.Text(kept.NextUInt32()));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public Task StaticMutableState(string store) => IsUnstableAsync(store, () => Notes.Text(counter++));

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AStateThatCanBeChanged(string store)
    {
        // One list, which every stream and every fold begins with.
        static Aggregate<List<string>, string, string, string> Shared(Func<List<string>, string> say) => Aggregate.Create(
            "notes",
            new List<string>(),
            (Step _, List<string> notes, string _) => Notes.Accept(say(notes)),
            (notes, note) =>
            {
                notes.Add(note);
                return notes;
            },
            Codec.Text("ask"),
            Codec.Text("note"),
            Codec.Text("no"),
            Notes.Json<List<string>>("known"));

        var counting = Shared(notes => Notes.Text(notes.Count));
        var read = await Notes.FindAsync(store, counting, counting);
        await using var journal = Stores.Open(store);
        var plain = Shared(_ => "a note");
        var end = await Notes.RecordAsync(journal, plain);
        var unread = Found.In(await journal.VerifyAsync("test", plain));
        DeterminismPage.Promises([read, unread]);
        Assert.Equal(Found.AtFirstNote("unstable", "/data", "\"0\"", "\"4\""), read);
        Assert.Equal(Found.AtEnd("state", "/data/stateHash", end.StateHash!, unread.Actual), unread);
        Assert.Matches("^[0-9a-f]{64}$", unread.Actual);
        Assert.NotEqual(unread.Expected, unread.Actual);

        // What the section says to do instead.
        await Notes.MatchesAsync(store, Aggregate.Create(
            "notes",
            () => new List<string>(),
            (Step _, List<string> notes, string _) => Notes.Accept(Notes.Text(notes.Count)),
            (notes, note) => [.. notes, note],
            Codec.Text("ask"),
            Codec.Text("note"),
            Codec.Text("no"),
            Notes.Json<List<string>>("known")));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task TheCulture(string store)
    {
        async Task<Found> MovedAsync(Func<string> say, string culture)
        {
            var before = CultureInfo.CurrentCulture;
            try
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("sv-SE");
                var notes = Notes.Saying(_ => say());
                return await Notes.FindAsync(store, notes, notes, () => CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture));
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }

        var letters = await MovedAsync(() => "FILE".ToLower(), "tr-TR");
        var numbers = await MovedAsync(() => $"{1.5}", "en-US");
        DeterminismPage.Promises([letters, numbers]);
        Assert.Equal(Found.AtFirstNote("payload", "/data", "\"file\"", "\"fıle\""), letters);
        Assert.Equal(Found.AtFirstNote("payload", "/data", "\"1,5\"", "\"1.5\""), numbers);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task HashCodesAndTheOrderOfHashTables(string store)
    {
        // What another process had: three codes of 32 bits, so that this one has not all of them by accident.
        const string recorded = "-1573474284 1061402938 742093128";
        var now = string.Join(' ', new[] { "apple", "pear", "plum" }.Select(fruit => Notes.Text(fruit.GetHashCode())));
        var codes = await Notes.FindAsync(store, Notes.Saying(_ => recorded), Notes.Saying(_ => now));

        // The same set, of which members were taken out and put in again.
        HashSet<string> fruits = ["apple", "pear", "plum"];
        var listing = Notes.Saying(_ => string.Join(' ', fruits));
        var order = await Notes.FindAsync(store, listing, listing, () =>
        {
            foreach (var fruit in (string[])["apple", "pear"]) fruits.Remove(fruit);
            foreach (var fruit in (string[])["apple", "pear"]) fruits.Add(fruit);
        });

        DeterminismPage.Promises([codes, order]);
        Assert.Equal(Found.AtFirstNote("payload", "/data", Notes.Quoted(recorded), Notes.Quoted(now)), codes);
        Assert.Equal(Found.AtFirstNote("payload", "/data", "\"apple pear plum\"", "\"pear apple plum\""), order);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task Threads(string store)
    {
        // Which of two workers is the slower one today.
        var slower = "left";
        var notes = Notes.Saying(_ => string.Join(' ', InOrderOfFinishing(slower, slower == "left" ? "right" : "left")));
        var found = await Notes.FindAsync(store, notes, notes, () => slower = "right");
        DeterminismPage.Promises([found]);
        Assert.Equal(Found.AtFirstNote("payload", "/data", "\"right left\"", "\"left right\""), found);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task CallsToOtherSystems(string store)
    {
        var answers = new Dictionary<string, string>(StringComparer.Ordinal) { ["sku"] = "12.50" };
        var asking = Notes.Saying(_ => answers.TryGetValue("sku", out var price)
            ? price
            : throw new Core.UnrecordedInputException("the price of today was not recorded"));
        var found = await Notes.FindAsync(store, asking, asking, answers.Clear);
        DeterminismPage.Promises([found]);
        Assert.Equal(Found.AtFirstNote("unrecorded-input", "", "accepted: note \"12.50\"", found.Actual), found);
        Assert.Contains("the price of today was not recorded", found.Actual, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ExceptionsThatDependOnTheMachine(string store)
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("limit.txt");
        File.WriteAllText(file, "10");
        var reading = Notes.Saying(_ => File.ReadAllText(file));
        var threw = await Notes.FindAsync(store, reading, reading, () => File.Delete(file));

        var place = file;
        var refusing = Notes.Of((_, _) =>
        {
            try
            {
                return Notes.Accept(File.ReadAllText(place));
            }
            catch (IOException error)
            {
                return Decision.Refuse<string, string>(error.Message);
            }
        });
        var message = await Notes.FindAsync(store, refusing, refusing, () => place += ".elsewhere");
        DeterminismPage.Promises([threw, message]);
        Assert.Equal(Found.AtFirstNote("threw", "", "accepted: note \"10\"", threw.Actual), threw);
        Assert.Contains(nameof(FileNotFoundException), threw.Actual, StringComparison.Ordinal);
        Assert.Equal(new("payload", "/data", 3, "$run/test", 3, message.Expected, message.Actual), message);
        Assert.Contains("limit.txt", message.Expected, StringComparison.Ordinal);
        Assert.DoesNotContain("limit.txt.elsewhere", message.Expected, StringComparison.Ordinal);
        Assert.Contains("limit.txt.elsewhere", message.Actual, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task MathSinAndItsKin(string store)
    {
        // One machine has one library: another's is stood in for by its last bit.
        var elsewhere = Math.BitIncrement(Math.Sin(1));
        var recorded = Notes.Of(Notes.Json<Wave>("note"), _ => new Wave("first", elsewhere));
        var found = await Notes.FindAsync(store, recorded, Notes.Of(Notes.Json<Wave>("note"), _ => new Wave("first", Math.Sin(1))));
        DeterminismPage.Says("`payload` at the number.");
        Assert.Equal(Found.AtFirstNote("payload", "/data/Height", Shortest(elsewhere), Shortest(Math.Sin(1))), found);
    }

    // Recorded are the first two answers; then the first command is decided twice.
    private static async Task IsUnstableAsync(string store, Func<string> source, [CallerMemberName] string section = "")
    {
        var said = new List<string>();
        var notes = Notes.Saying(_ =>
        {
            said.Add(source());
            return said[^1];
        });
        var found = await Notes.FindAsync(store, notes, notes);
        DeterminismPage.Promises([found], section);
        Assert.Equal(Found.AtFirstNote("unstable", "/data", Notes.Quoted(said[0]), Notes.Quoted(said[2])), found);
        Assert.Equal(4, said.Count);
    }

    // However coarse the machine's clock is, it moves on between two decisions.
    private static string NextReading()
    {
        var last = DateTimeOffset.UtcNow;
        SpinWait.SpinUntil(() => DateTimeOffset.UtcNow != last);
        return Notes.Text(DateTimeOffset.UtcNow.Ticks);
    }

    private static string[] InOrderOfFinishing(string slower, string faster)
    {
        var finished = new ConcurrentQueue<string>();
        using var first = new ManualResetEventSlim();
        Thread[] workers =
        [
            new(() =>
            {
                first.Wait();
                finished.Enqueue(slower);
            }),
            new(() =>
            {
                finished.Enqueue(faster);
                first.Set();
            }),
        ];
        foreach (var worker in workers) worker.Start();
        foreach (var worker in workers) worker.Join();
        return [.. finished];
    }

    private static string Shortest(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private sealed record Wave(string Name, double Height);
}
