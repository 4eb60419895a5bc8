// What changes between recording and verifying, each provoked in C#. Named as in core/determinism.md.
// Run by `dotnet test`.
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Refold.Tests.Determinism;

public class ChangeTests
{
    public static TheoryData<string> EveryStore => Notes.EveryStore;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AChangedNumberOfDraws(string store)
    {
        await using var journal = Stores.Open(store);
        await Notes.RecordAsync(journal, Notes.Saying(step => Drawing(step, 1)));
        var report = await journal.VerifyAsync("test", Notes.Saying(step => Drawing(step, 2)));
        var found = Found.In(report);
        DeterminismPage.Promises([found]);
        Assert.Equal(Found.AtFirstCommand("random-drift", "/drawn", "1", "2"), found);
        Assert.Equal((1ul, 2ul), (report.Divergence!.ExpectedDraws, report.Divergence.ActualDraws));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AChangedRuleWithoutANewPinVersion(string store)
    {
        Aggregate[] changed =
        [
            Notes.Of((_, _) => Notes.Accept("another note")),
            Notes.Of(events: Codec.Text("remark")),
            Notes.Of((_, _) => Decision.Refuse<string, string>("no")),
            Notes.Of((_, _) => Notes.Accept()),
            Notes.Of((_, _) => Notes.Accept("a note", "a second")),
        ];
        Found[] expected =
        [
            Found.AtFirstNote("payload", "/data", "\"a note\"", "\"another note\""),
            Found.AtFirstNote("type", "/type", "note", "remark"),
            Found.AtFirstNote("refusal", "", "accepted: note \"a note\"", "refused: no \"no\""),
            Found.AtFirstNote("missing", "", "note \"a note\"", "absent"),
            // The last entry before it, and the version that it would have.
            new("unexpected", "", 3, "notes/1", 2, "absent", "note \"a second\""),
        ];
        await using var journal = Stores.Open(store);
        await Notes.RecordAsync(journal, Notes.Of());
        var found = new List<Found>();
        foreach (var aggregate in changed) found.Add(Found.In(await journal.VerifyAsync("test", aggregate)));
        DeterminismPage.Promises(found);
        Assert.Equal(expected, found);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AnotherPin(string store)
    {
        await using var journal = Stores.Open(store);
        await Notes.RecordAsync(journal, Notes.Of());
        Task<ReplayReport> UnderAsync(RunPin pin, bool ignores = false) =>
            journal.VerifyAsync("test", [Notes.Of()], new VerifyOptions { Pin = pin, IgnorePin = ignores });
        var another = await UnderAsync(Notes.Pin.With("choices", "3"));
        DeterminismPage.Promises([Found.In(another)]);
        Assert.Equal(new("pin-mismatch", "/data/pin/settings/choices", 1, "$run/test", 1, "2", "3"), Found.In(another));
        Assert.Equal(["settings/choices"], another.Divergence!.PinFields);
        Assert.True((await UnderAsync(Notes.Pin)).Matched);
        Assert.True((await UnderAsync(Notes.Pin.With("choices", "3"), ignores: true)).Matched);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AChangedEvolve(string store)
    {
        static Decision<string, string> Counting(System.Collections.Immutable.ImmutableList<string> notes, string command) =>
            Notes.Accept(notes.IsEmpty ? "none" : "some");
        var decided = await Notes.FindAsync(store, Notes.Of(Counting), Notes.Of(Counting, (notes, _) => notes));
        var folded = await Notes.FindAsync(store, Notes.Of(), Notes.Of(evolve: (notes, _) => notes));
        DeterminismPage.Promises([decided, folded]);
        Assert.Equal(Found.AtSecondNote("payload", "/data", "\"some\"", "\"none\""), decided);
        Assert.Equal(
            Found.AtEnd(
                "state", "/data/stateHash", await Notes.StateHashAsync(Notes.Of()),
                await Notes.StateHashAsync(Notes.Of(evolve: (notes, _) => notes))),
            folded);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AChangedStateCodec(string store)
    {
        var known = Notes.Json<System.Collections.Immutable.ImmutableList<string>>("known");
        var indented = Notes.Of(state: Codec.Create<System.Collections.Immutable.ImmutableList<string>>(
            "known",
            notes => Encoding.UTF8.GetBytes(" " + Written(known.Encode(notes))),
            bytes => known.Decode(new Encoded("known", 1, bytes))));
        var found = await Notes.FindAsync(store, Notes.Of(), indented);
        DeterminismPage.Promises([found]);
        Assert.Equal(
            Found.AtEnd("state", "/data/stateHash", await Notes.StateHashAsync(Notes.Of()), await Notes.StateHashAsync(indented)), found);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ChangedTags(string store)
    {
        var found = await Notes.FindAsync(store, Notes.Of(tags: ["paper"]), Notes.Of(tags: ["pencil"]));
        DeterminismPage.Promises([found]);
        Assert.Equal(Found.AtFirstNote("tags", "/tags/0", "paper", "pencil"), found);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task RenamedTypes(string store)
    {
        var note = await Notes.FindAsync(store, Notes.Of(), Notes.Of(events: Codec.Text("remark")));
        var ask = await Notes.FindAsync(store, Notes.Of(), Notes.Of(commands: Codec.Text("request")));
        DeterminismPage.Promises([note, ask]);
        Assert.Equal(Found.AtFirstNote("type", "/type", "note", "remark"), note);
        Assert.Equal(Found.AtFirstCommand("undecodable", "/type", "\"first\"", ask.Actual), ask);
        Assert.Contains("'ask'", ask.Actual, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ANewFormWithoutANewSchemaVersion(string store)
    {
        var note = await Notes.FindAsync(store, Notes.Of(), Notes.Of(events: Escaped("note")));
        var ask = await Notes.FindAsync(store, Notes.Of(), Notes.Of(commands: Escaped("ask")));
        DeterminismPage.Promises([note, ask]);
        Assert.Equal(Found.AtFirstNote("encoding-only", "/data", "\"a note\"", "\"\\u0061 note\""), note);
        Assert.Equal(Found.AtFirstCommand("codec-not-faithful", "/data", ask.Expected, ask.Actual), ask);
        Assert.Contains("\"first\"", ask.Expected, StringComparison.Ordinal);
        Assert.Contains("\"f\\u0069rst\"", ask.Actual, StringComparison.Ordinal);

        // What the section says to do instead.
        static ReadOnlyMemory<byte> Same(ReadOnlyMemory<byte> payload) => payload;
        await using var journal = Stores.Open(store);
        await Notes.RecordAsync(journal, Notes.Of());
        var upcasting = Notes.Of(events: Escaped("note").WithVersion("note", 2).WithUpcast("note", 1, Same));
        var report = await journal.VerifyAsync("test", upcasting);
        Assert.True(report.Matched, report.ToString());
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task APayloadFromANewerProgram(string store)
    {
        static Codec<string> Newer(string name) => Codec.Text(name).WithVersion(name, 2).WithUpcast(name, 1, payload => payload);
        var ask = await Notes.FindAsync(store, Notes.Of(commands: Newer("ask")), Notes.Of());
        var note = await Notes.FindAsync(store, Notes.Of(events: Newer("note")), Notes.Of());
        var no = await Notes.FindAsync(store, Refusing(Newer("no")), Refusing(Codec.Text("no")));
        DeterminismPage.Promises([ask, note, no]);
        Assert.Equal(Found.AtFirstCommand("undecodable", "/schemaVersion", "\"first\"", ask.Actual), ask);
        Assert.Equal(Found.AtFirstNote("undecodable", "/schemaVersion", "\"a note\"", note.Actual), note);
        Assert.Equal(new("undecodable", "/schemaVersion", 3, "$run/test", 3, "\"not now\"", no.Actual), no);
        Assert.All([ask, note, no], found => Assert.Contains("schema version 2", found.Actual, StringComparison.Ordinal));
        await Notes.MatchesAsync(store, Notes.Of(commands: Newer("ask"), events: Newer("note")));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AJournalChangedBehindTheRunsBack(string store)
    {
        var report = await EditedAsync(store, null);
        Assert.True(report.Matched, report.ToString());
        await using var journal = Stores.Open(store);
        await Notes.RecordAsync(journal, Notes.Of());
        var forged = new EntryData("notes/1", "note", Encoding.UTF8.GetBytes("\"a note\""))
        {
            Role = EntryRole.Event,
            Run = RunId.Create("test"),
        };
        (await journal.TryAppendAsync(new AppendRequest([forged]))).ReceiptOrThrow();
        var appended = Found.In(await journal.VerifyAsync("test", Notes.Of()));
        var later = Found.In(await EditedAsync(store, "\"note\"", line => line["time"] = "2024-05-02T12:00:00Z"));
        var caused = Found.In(await EditedAsync(
            store, "\"ask\"", line => line["causationId"] = "11111111-1111-8111-8111-111111111111"));
        DeterminismPage.Promises([appended, later, caused]);
        Assert.Equal(new("unexpected", "", 7, "notes/1", 3, "event note \"a note\"", "no command made it"), appended);
        Assert.Equal(Found.AtFirstNote("header", "/time", "2024-05-02T12:00:00Z", "2024-05-01T12:00:00Z"), later);
        Assert.Equal(Found.AtEnd("input", "/data/inputs", caused.Expected, caused.Actual), caused);
        Assert.NotEqual(caused.Expected, caused.Actual);
    }

    // A run whose export was edited at the first line that has a text, and imported.
    private static async Task<ReplayReport> EditedAsync(string store, string? text, Action<JsonObject>? change = null)
    {
        string[] lines;
        await using (var journal = Stores.Open(store))
        {
            await Notes.RecordAsync(journal, Notes.Of());
            lines = Exports.Of(journal.ReadAll());
        }

        if (text is not null)
        {
            var index = Array.FindIndex(lines, line => line.Contains(text, StringComparison.Ordinal));
            var line = JsonNode.Parse(lines[index])!.AsObject();
            change!(line);
            lines[index] = line.ToJsonString();
        }

        await using var edited = Stores.Open(store);
        Assert.True(await Exports.TryImportAsync(edited, lines));
        return await edited.VerifyAsync("test", Notes.Of());
    }

    private static Aggregate<int, string, string, string> Refusing(Codec<string> errors) => Aggregate.Create(
        "notes", 0, (Step _, int _, string _) => Decision.Refuse<string, string>("not now"), (count, _) => count + 1,
        Codec.Text("ask"), Codec.Text("note"), errors, Notes.Json<int>("count"));

    private static string Drawing(Step step, int words)
    {
        for (var drawn = 0; drawn < words; drawn++) step.Random.NextUInt32();
        return "a note";
    }

    // The same JSON with an escape where there was none.
    private static Codec<string> Escaped(string name)
    {
        var plain = Codec.Text(name);
        return Codec.Create<string>(
            name,
            text => Encoding.UTF8.GetBytes(Written(plain.Encode(text)).Replace("a n", "\\u0061 n", StringComparison.Ordinal)
                .Replace("fi", "f\\u0069", StringComparison.Ordinal)),
            bytes => JsonNode.Parse(bytes.Span)!.GetValue<string>());
    }

    private static string Written(Encoded encoded) => Encoding.UTF8.GetString(encoded.Payload.Span);
}
