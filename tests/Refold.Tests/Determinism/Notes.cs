// An aggregate of notes with one part of it at fault, its run of two commands, and what verifying the run finds.
// Used by the tests of core/determinism.md. Positions: the run begins, a command, what came of it, another, what came of it, the run ends.
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xunit;

namespace Refold.Tests.Determinism;

/// <summary>A divergence: why, in which field, of which entry, what was recorded and what is made now.</summary>
internal sealed record Found(string Cause, string Path, long Position, string Stream, long Version, string Expected, string Actual)
{
    public static Found In(ReplayReport report)
    {
        Assert.False(report.Matched, report.ToString());
        Assert.NotEmpty(report.Divergence!.Remedy);
        return new(
            report.Divergence.CauseName, report.Divergence.Path, report.Divergence.Position, report.Divergence.Stream.Value,
            report.Divergence.Version, report.Divergence.Expected, report.Divergence.Actual);
    }

    public static Found AtFirstNote(string cause, string path, string expected, string actual) =>
        new(cause, path, 3, "notes/1", 1, expected, actual);

    public static Found AtSecondNote(string cause, string path, string expected, string actual) =>
        new(cause, path, 5, "notes/1", 2, expected, actual);

    public static Found AtFirstCommand(string cause, string path, string expected, string actual) =>
        new(cause, path, 2, "$run/test", 2, expected, actual);

    public static Found AtEnd(string cause, string path, string expected, string actual) =>
        new(cause, path, 6, "$run/test", 4, expected, actual);
}

internal static class Notes
{
    public static TheoryData<string> EveryStore => Stores.All;

    public static RunPin Pin { get; } = new("notes", "house", "1.0", 42, [new("choices", "2")]);

    public static DateTimeOffset Time { get; } = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The aggregate; every part that is not given is as it should be.</summary>
    public static Aggregate<ImmutableList<string>, string, string, string> Of(
        Func<ImmutableList<string>, string, Decision<string, string>>? decide = null,
        Func<ImmutableList<string>, string, ImmutableList<string>>? evolve = null,
        Codec<string>? commands = null,
        Codec<string>? events = null,
        Codec<ImmutableList<string>>? state = null,
        string[]? tags = null) => Aggregate.Create(
            "notes",
            ImmutableList<string>.Empty,
            (Step _, ImmutableList<string> notes, string command) => decide is null ? Accept("a note") : decide(notes, command),
            evolve ?? ((notes, note) => notes.Add(note)),
            commands ?? Codec.Text("ask"),
            events ?? Codec.Text("note"),
            Codec.Text("no"),
            state ?? Json<ImmutableList<string>>("known"),
            tags is null ? null : _ => tags);

    /// <summary>An aggregate whose notes are of any type, and have a form of their own.</summary>
    public static Aggregate<int, string, TNote, string> Of<TNote>(Codec<TNote> notes, Func<Step, TNote> say) => Aggregate.Create(
        "notes",
        0,
        (Step step, int _, string _) => Decision.Accept<TNote, string>(say(step)),
        (count, _) => count + 1,
        Codec.Text("ask"),
        notes,
        Codec.Text("no"),
        Json<int>("count"));

    /// <summary>Answers every command with one note.</summary>
    public static Aggregate<ImmutableList<string>, string, string, string> Saying(Func<Step, string> say) => Aggregate.Create(
        "notes",
        ImmutableList<string>.Empty,
        (Step step, ImmutableList<string> _, string _) => Accept(say(step)),
        (notes, note) => notes.Add(note),
        Codec.Text("ask"),
        Codec.Text("note"),
        Codec.Text("no"),
        Json<ImmutableList<string>>("known"));

    public static Decision<string, string> Accept(params string[] notes) => Decision.Accept<string, string>(notes);

    public static Codec<T> Json<T>(string name) => Codec.Json((JsonTypeInfo<T>)JsonSerializerOptions.Default.GetTypeInfo(typeof(T)), name);

    public static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Quoted(string text) => "\"" + text + "\"";

    public static Task<Run> StartAsync(IJournal journal) =>
        journal.StartRunAsync(Pin, new RunOptions { RunId = RunId.Create("test"), StartTime = Time });

    /// <summary>A run of two commands, finished.</summary>
    public static async Task<RunEnd> RecordAsync<TState, TNote>(IJournal journal, Aggregate<TState, string, TNote, string> aggregate)
    {
        await using var run = await StartAsync(journal);
        await run.Streams(aggregate).ExecuteAsync("notes/1", "first", new ExecuteOptions { Time = Time });
        await run.Streams(aggregate).ExecuteAsync("notes/1", "second", new ExecuteOptions { Time = Time.AddSeconds(1) });
        return await run.FinishAsync();
    }

    /// <summary>Records with one program, and gives what verifying with another finds.</summary>
    public static async Task<Found> FindAsync<TState, TNote>(
        string store, Aggregate<TState, string, TNote, string> recorded, Aggregate verified, Action? between = null)
    {
        await using var journal = Stores.Open(store);
        await RecordAsync(journal, recorded);
        between?.Invoke();
        return Found.In(await journal.VerifyAsync("test", verified));
    }

    /// <summary>Checks that a run of the aggregate verifies with the program that recorded it.</summary>
    public static async Task MatchesAsync<TState, TNote>(string store, Aggregate<TState, string, TNote, string> aggregate)
    {
        await using var journal = Stores.Open(store);
        await RecordAsync(journal, aggregate);
        var report = await journal.VerifyAsync("test", [aggregate], new VerifyOptions { Pin = Pin });
        Assert.True(report.Matched, report.ToString());
        Assert.Empty(report.Findings);
        Assert.Empty(report.Uncompared);
    }

    /// <summary>The state hash that a program records itself.</summary>
    public static async Task<string> StateHashAsync<TState, TNote>(Aggregate<TState, string, TNote, string> aggregate)
    {
        await using var journal = new InMemoryJournal();
        return (await RecordAsync(journal, aggregate)).StateHash!;
    }
}
