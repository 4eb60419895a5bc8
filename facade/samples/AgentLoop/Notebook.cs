// What the agent may write down: the tool `note` is a command, so a rule decides about it, and verifying decides again.
// Commanded by Agent.cs.
using System.Text.Json.Serialization;
using Refold;

namespace AgentLoop;

public sealed record Note(string Text);

public sealed record Noted(string Text);

public enum NotebookError
{
    Empty,
    Full,
}

public static class Notebook
{
    public const int MostNotes = 3;

    public static Aggregate<int, Note, Noted, NotebookError> Aggregate { get; } = Refold.Aggregate.Create(
        "notebook",
        0,
        Decide,
        (notes, _) => notes + 1,
        Codec.Json(AgentJson.Default.Note, "note"),
        Codec.Json(AgentJson.Default.Noted, "noted"),
        Codec.Enum<NotebookError>("notebook-error"),
        Codec.Json(AgentJson.Default.Int32, "notes"));

    private static Decision<Noted, NotebookError> Decide(Step step, int notes, Note note) =>
        note.Text.Length == 0 ? NotebookError.Empty
        : notes == MostNotes ? NotebookError.Full
        : new Noted(note.Text);
}

/// <summary>The JSON metadata of everything that is recorded, made when this is compiled.</summary>
[JsonSerializable(typeof(Note))]
[JsonSerializable(typeof(Noted))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(Turn))]
[JsonSerializable(typeof(Said))]
public sealed partial class AgentJson : JsonSerializerContext;
