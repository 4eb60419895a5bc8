// The promises of core/determinism.md, through the facade and on every store: what each section provokes is found as the page says.
// Run by `dotnet test`. Sections that need the whole process (environment, time zone, culture) are provoked by the core's tests.
using System.Text;
using System.Text.RegularExpressions;
using Xunit;
using Notes = System.Collections.Immutable.ImmutableList<string>;

namespace Refold.Tests.Runs;

public partial class DeterminismTests
{
    private static readonly RunPin pin = new("notes", "house", "1.0", 42, [new("choices", "2")]);
    private static readonly DateTimeOffset time = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static int counter;

    // Recorded with the first, verified with the second.
    private static readonly (string Heading, Func<Aggregate<Notes, string, string, string>> Recorded,
        Func<Aggregate<Notes, string, string, string>> Verified)[] cases =
    [
        ("A clock", () => Saying(_ => NextReading()), () => Saying(_ => NextReading())),
        ("New GUIDs", () => Saying(_ => Guid.NewGuid().ToString()), () => Saying(_ => Guid.NewGuid().ToString())),
        ("Unseeded random numbers", () => Saying(_ => Text(Random.Shared.NextInt64())), () => Saying(_ => Text(Random.Shared.NextInt64()))),
        ("Static mutable state", () => Saying(_ => Text(counter++)), () => Saying(_ => Text(counter++))),
        ("A changed number of draws", () => Saying(step => Drawing(step, 1)), () => Saying(step => Drawing(step, 2))),
        ("Calls to other systems", () => Saying(_ => "12.50"),
            () => Saying(_ => throw new Core.UnrecordedInputException("the price of today was not recorded"))),
        ("A changed rule without a new pin version", Plain, () => Deciding((_, _) => Accept("another note"))),
        ("A changed rule without a new pin version", Plain, () => Of(events: Codec.Text("remark"))),
        ("A changed rule without a new pin version", Plain, () => Deciding((_, _) => Decision.Refuse<string, string>("no"))),
        ("A changed rule without a new pin version", Plain, () => Deciding((_, _) => Accept())),
        ("A changed rule without a new pin version", Plain, () => Deciding((_, _) => Accept("a note", "a note"))),
        ("A changed evolve", Counting, () => Counting(evolve: (notes, _) => notes)),
        ("A changed evolve", Plain, () => Of(evolve: (notes, _) => notes)),
        ("A changed state codec", Plain, () => Of(state: Lines("known", reversed: true))),
        ("Changed tags", () => Of(tags: ["paper"]), () => Of(tags: ["pencil"])),
        ("Renamed types", Plain, () => Of(events: Codec.Text("remark"))),
        ("Renamed types", Plain, () => Of(commands: Codec.Text("request"))),
    ];

    public static TheoryData<string, string> EverySection
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var store in (string[])["memory", "segments", "litedb"])
            {
                foreach (var heading in cases.Select(item => item.Heading).Distinct()) data.Add(heading, store);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(EverySection))]
    public async Task EachSection_GivesTheDivergencesThatThePagePromises(string heading, string store)
    {
        var found = new List<(string, string)>();
        foreach (var (_, recorded, verified) in cases.Where(item => item.Heading == heading))
        {
            await using var journal = Stores.Open(store);
            var run = await RecordAsync(journal, recorded());
            var report = await journal.VerifyAsync(run, verified());
            Assert.False(report.Matched, heading);
            found.Add((report.Divergence!.CauseName, report.Divergence.Path));
        }

        Assert.Equal(Promised(heading), found.Order());
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task ADecisionThatReadsNothingElse_Matches_AndAnotherPinIsNamed(string store)
    {
        await using var journal = Stores.Open(store);
        var rolling = Saying(step => Text(step.Random.Between(1, 1000)) + Text(step.Now.Ticks) + step.CommandId);
        var run = await RecordAsync(journal, rolling);
        var report = await journal.VerifyAsync(run, [rolling], new VerifyOptions { Pin = pin });
        Assert.True(report.Matched, report.ToString());
        Assert.Empty(report.Findings);
        Assert.Empty(report.Uncompared);
        var another = await journal.VerifyAsync(run, [rolling], new VerifyOptions { Pin = pin.With("choices", "3") });
        Assert.Equal(Promised("Another pin"), [(another.Divergence!.CauseName, another.Divergence.Path)]);
    }

    private static async Task<RunId> RecordAsync(IJournal journal, Aggregate<Notes, string, string, string> aggregate)
    {
        await using var run = await journal.StartRunAsync(pin);
        await run.Streams(aggregate).ExecuteAsync("notes/1", "first", new ExecuteOptions { Time = time });
        await run.Streams(aggregate).ExecuteAsync("notes/1", "second", new ExecuteOptions { Time = time.AddSeconds(1) });
        await run.FinishAsync();
        return run.Id;
    }

    // Codec.Text writes bare words, which are no JSON: the page speaks of payloads that are one JSON string.
    private static Codec<string> Words(string name) => Codec.Create<string>(
        name,
        text => Encoding.UTF8.GetBytes("\"" + text + "\""),
        bytes => Encoding.UTF8.GetString(bytes.Span)[1..^1]);

    private static Codec<Notes> Lines(string name, bool reversed = false) => Codec.Create<Notes>(
        name,
        notes => Encoding.UTF8.GetBytes("\"" + string.Join('|', reversed ? notes.Reverse().Append("") : notes) + "\""),
        bytes => [.. Encoding.UTF8.GetString(bytes.Span)[1..^1].Split('|', StringSplitOptions.RemoveEmptyEntries)]);

    private static Aggregate<Notes, string, string, string> Of(
        Func<Step, Notes, string, Decision<string, string>>? decide = null,
        Func<Notes, string, Notes>? evolve = null,
        Codec<string>? commands = null,
        Codec<string>? events = null,
        Codec<Notes>? state = null,
        string[]? tags = null) => Aggregate.Create(
            "notes",
            Notes.Empty,
            decide ?? ((_, _, _) => Accept("a note")),
            evolve ?? ((notes, note) => notes.Add(note)),
            commands is null ? Words("ask") : Words("request"),
            events is null ? Words("note") : Words("remark"),
            Words("no"),
            state ?? Lines("known"),
            tags is null ? null : _ => tags);

    private static Aggregate<Notes, string, string, string> Plain() => Of();

    private static Aggregate<Notes, string, string, string> Counting() => Counting(null);

    private static Aggregate<Notes, string, string, string> Counting(Func<Notes, string, Notes>? evolve) =>
        Of((_, notes, _) => Accept(notes.IsEmpty ? "none" : "some"), evolve);

    private static Aggregate<Notes, string, string, string> Deciding(Func<Notes, string, Decision<string, string>> decide) =>
        Of((_, notes, command) => decide(notes, command));

    private static Aggregate<Notes, string, string, string> Saying(Func<Step, string> say) => Of((step, _, _) => Accept(say(step)));

    private static Decision<string, string> Accept(params string[] notes) => Decision.Accept<string, string>(notes);

    private static string Drawing(Step step, int words)
    {
        for (var drawn = 0; drawn < words; drawn++) step.Random.NextUInt32();
        return "a note";
    }

    // However coarse the machine's clock is, it moves on between two decisions.
    private static string NextReading()
    {
        var last = DateTimeOffset.UtcNow;
        SpinWait.SpinUntil(() => DateTimeOffset.UtcNow != last);
        return Text(DateTimeOffset.UtcNow.Ticks);
    }

    private static string Text(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static List<(string Cause, string Path)> Promised(string heading)
    {
        var page = File.ReadAllText(SourceTree.PathOf("core/determinism.md"));
        var section = Headings().Split(page).Single(text => text.StartsWith(heading + "\n", StringComparison.Ordinal));
        return [.. Promises().Matches(section).Select(match => (match.Groups[1].Value, match.Groups[2].Value)).Order()];
    }

    [GeneratedRegex("^## ", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex("`([a-z-]+)` at (?:`([^`]+)`|the entry)")]
    private static partial Regex Promises();
}
