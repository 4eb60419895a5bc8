// C# codecs that lose something, each provoked: refused at the step, or found by CheckCodecs. Named as in core/determinism.md.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Refold.Testing;
using Xunit;

namespace Refold.Tests.Determinism;

public class CodecTests
{
    private const string Form = "yyyy-MM-dd HH:mm";

    public static TheoryData<string> EveryStore => Notes.EveryStore;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ACodecOverAnUnorderedSet(string store)
    {
        // A table of 37 places: 0 and 37 fall into one, where the later one comes first.
        static ConcurrentDictionary<int, bool> Set(params int[] members)
        {
            var set = new ConcurrentDictionary<int, bool>(1, 37);
            foreach (var member in members) set[member] = true;
            return set;
        }

        var asGiven = Codec.Create<ConcurrentDictionary<int, bool>>(
            "note",
            set => JsonSerializer.SerializeToUtf8Bytes(set.Keys),
            bytes => Set(JsonSerializer.Deserialize<int[]>(bytes.Span)!));

        DeterminismPage.Says("Divergence: none. Refused at the step.");
        await using var journal = Stores.Open(store);
        await using var run = await Notes.StartAsync(journal);
        var before = journal.Head;
        var failed = await Assert.ThrowsAsync<StepFailedException>(
            () => run.Streams(Notes.Of(asGiven, _ => Set(0, 37))).ExecuteAsync("notes/1", "first"));
        Assert.Contains("'note'", failed.Message, StringComparison.Ordinal);
        Assert.Equal(before, journal.Head);

        // What the section says to do instead: sorted by hand, and by Codec.Json.
        var sorted = Codec.Create<HashSet<string>>(
            "note",
            set => JsonSerializer.SerializeToUtf8Bytes(set.Order(StringComparer.Ordinal)),
            bytes => JsonSerializer.Deserialize<HashSet<string>>(bytes.Span)!);
        await Notes.MatchesAsync(store, Notes.Of(sorted, _ => ["plum", "apple"]));
        await Notes.MatchesAsync(store, Notes.Of(Notes.Json<HashSet<string>>("note"), _ => ["plum", "apple"]));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ACodecThatLosesAnOffset(string store)
    {
        var local = Codec.Create<DateTimeOffset>(
            "note",
            time => Encoding.UTF8.GetBytes("\"" + time.ToString(Form, CultureInfo.InvariantCulture) + "\""),
            bytes => DateTimeOffset.ParseExact(
                Encoding.UTF8.GetString(bytes.Span).Trim('"'), Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
        DeterminismPage.Says("Divergence: none. Found by `CheckCodecs`.");
        await IsFoundByCheckingAsync(store, local, step => step.Now.ToOffset(TimeSpan.FromHours(2)));
        await Notes.MatchesAsync(store, Notes.Of(Notes.Json<DateTimeOffset>("note"), step => step.Now.ToOffset(TimeSpan.FromHours(2))));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task NumbersAsRoundedText(string store)
    {
        var rounded = Codec.Create<double>(
            "note",
            value => Encoding.UTF8.GetBytes(value.ToString("F2", CultureInfo.InvariantCulture)),
            bytes => double.Parse(Encoding.UTF8.GetString(bytes.Span), CultureInfo.InvariantCulture));
        DeterminismPage.Says("Divergence: none. Found by `CheckCodecs`.");
        await IsFoundByCheckingAsync(store, rounded, _ => 0.125);
    }

    // A run matches, as live state is replayed state; checking codecs refuses the step, and names the event.
    private static async Task IsFoundByCheckingAsync<TNote>(string store, Codec<TNote> codec, Func<Step, TNote> say)
    {
        // The state is the notes themselves, so that what is lost of them shows.
        var notes = Aggregate.Create(
            "notes",
            System.Collections.Immutable.ImmutableList<TNote>.Empty,
            (Step step, System.Collections.Immutable.ImmutableList<TNote> _, string _) => Decision.Accept<TNote, string>(say(step)),
            (said, note) => said.Add(note),
            Codec.Text("ask"),
            codec,
            Codec.Text("no"),
            Notes.Json<System.Collections.Immutable.ImmutableList<TNote>>("known"));
        await Notes.MatchesAsync(store, notes);
        await using var journal = Stores.Open(store);
        await using (var run = await Notes.StartAsync(journal))
        {
            var live = await run.Streams(notes).ExecuteAsync("notes/1", "first");
            Assert.Equal((await journal.FoldAsync("notes/1", notes)).State, live.State);
        }

        await using var checking = await journal.StartCheckedRunAsync(Notes.Pin);
        var head = journal.Head;
        var failed = await Assert.ThrowsAsync<StepFailedException>(() => checking.Streams(notes).ExecuteAsync("notes/2", "first"));
        Assert.Contains("'note'", failed.Message, StringComparison.Ordinal);
        Assert.Contains("as decided", failed.Message, StringComparison.Ordinal);
        Assert.Equal(head, journal.Head);
    }
}
