// Initial states that can be changed: made anew for every stream and every fold.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Aggregates;

public class InitialStateTests
{
    private static readonly Codec<List<string>> states = Codec.Create<List<string>>(
        "notes",
        notes => System.Text.Encoding.UTF8.GetBytes(string.Join(' ', notes)),
        bytes => [.. System.Text.Encoding.UTF8.GetString(bytes.Span).Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

    private static List<string> Add(List<string> notes, string note)
    {
        notes.Add(note);
        return notes;
    }

    private static Aggregate<List<string>, string, string, string> Make(Func<List<string>> initial) => Aggregate.Create(
        "note", initial, Decide, Add, Codec.Text("ask"), Codec.Text("noted"), Codec.Text("no"), states);

    private static Decision<string, string> Decide(Step step, List<string> notes, string command) =>
        Decision.Accept<string, string>([command]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EveryStreamAndEveryFold_BeginsWithAnInitialStateOfItsOwn(bool inDecider)
    {
        var notes = inDecider
            ? Aggregate.Create(
                "note",
                new Decider<List<string>, string, string, string>([], Decide, Add) { NewInitial = () => [] },
                Codec.Text("ask"), Codec.Text("noted"), Codec.Text("no"), states)
            : Make(() => []);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        foreach (var (stream, note) in new[] { ("note/a", "1"), ("note/b", "2"), ("note/a", "3") })
            await run.Streams(notes).ExecuteAsync(stream, note);
        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(["1", "3"], (await run.Streams(notes).LoadAsync("note/a")).State);
            Assert.Equal(["2"], (await run.Streams(notes).LoadAsync("note/b")).State);
            Assert.Empty((await run.Streams(notes).LoadAsync("note/c")).State);
            Assert.Equal(["1", "3"], (await journal.FoldAsync("note/a", notes)).State);
            Assert.Equal(["2"], (await journal.RehydrateAsync("note/b", notes)).State);
        }

        Assert.Empty(notes.Decider.Initial);
        Assert.Equal(["2"], (await journal.FoldAsync("note/b", notes.WithDecide((_, _, _) => []))).State);
    }

    [Fact]
    public async Task Verifying_OpensEveryStreamWithAStateOfItsOwn()
    {
        var made = new List<List<string>>();
        var notes = Aggregate.Create(
            "note",
            () =>
            {
                made.Add([]);
                return made[^1];
            },
            // Decides on the list that it began with; evolve answers a new one.
            (Step _, List<string> seen, string command) => seen.Count == 0 ? [command] : Decision.Refuse<string, string>("again"),
            (seen, note) => [.. seen, note],
            Codec.Text("ask"), Codec.Text("noted"), Codec.Text("no"), states);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        foreach (var stream in new[] { "note/a", "note/b", "note/a", "note/b" }) await run.Streams(notes).ExecuteAsync(stream, "x");
        await run.FinishAsync();
        var before = made.Count;
        Assert.True((await journal.VerifyAsync(run.Id, notes)).Matched);
        Assert.Equal(2, made.Count - before);
        Assert.Equal(made.Count, made.Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void AMissingFunction_IsRefused() => Assert.Throws<ArgumentNullException>(() => Make(null!));
}
