// The loop: a model is asked what to do next, a tool does it, and the model is told, until it has an answer. Everything outside goes
// through fx. Run by Program.cs, and by its replay over what was recorded.
using System.Net.Http.Json;
using Refold;

namespace AgentLoop;

public sealed record Question(string Id, string Text);

public sealed record Answer(string Text, int Turns);

public sealed record Message(string Role, string Text);

/// <summary>What the model is asked.</summary>
public sealed record Turn(string Model, List<Message> Messages);

/// <summary>What it says: an answer, or a tool with what to give it.</summary>
public sealed record Said(string Text, string? Tool);

public static class Agent
{
    public const string Prompt = "Answer the question. What you do not know, look up; what matters, note.";

    public const string DefaultModel = "small-1";

    private const int MostTurns = 20;

    /// <summary>The operation without anything outside, for <c>refold replay --with AgentLoop.dll</c>: a public static value.</summary>
    public static Operation<Question, Answer> Replayed { get; } = Operation(
        DefaultModel,
        Model.Nowhere(),
        (word, _) => throw new InvalidOperationException($"A replay looks nothing up, and this would have been: {word}"));

    /// <summary>The operation over a model, which answers over HTTP, and what can be looked up.</summary>
    public static Operation<Question, Answer> Operation(
        string model, HttpMessageHandler network, Func<string, CancellationToken, Task<string>> lookUp, string prompt = Prompt) =>
        Refold.Operation.Create("answer", AgentJson.Default.Question, AgentJson.Default.Answer, async (fx, question) =>
        {
            using var client = new HttpClient(fx.HttpHandler(network), disposeHandler: false) { BaseAddress = Model.Name };
            List<Message> messages = [new("system", prompt), new("user", question.Text)];
            for (var turn = 1; turn <= MostTurns; turn++)
            {
                var said = await AskAsync(client, new Turn(model, messages));
                messages.Add(new Message("assistant", said.Text));
                if (said.Tool is null) return new Answer(said.Text, turn);
                messages.Add(new Message("tool", await UseAsync(fx, question, said, lookUp)));
            }

            throw new InvalidOperationException($"No answer after {MostTurns} turns.");
        });

    private static async Task<Said> AskAsync(HttpClient model, Turn turn)
    {
        using var response = await model.PostAsJsonAsync("turn", turn, AgentJson.Default.Turn);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(AgentJson.Default.Said)
            ?? throw new HttpRequestException("The model says nothing.");
    }

    // What reads is a call; what changes something is a command.
    private static async Task<string> UseAsync(
        OperationContext fx, Question question, Said said, Func<string, CancellationToken, Task<string>> lookUp)
    {
        switch (said.Tool)
        {
            case "look_up":
                return await fx.CallAsync("look_up", said.Text, AgentJson.Default.String, lookUp, AgentJson.Default.String);
            case "note":
                var noted = await fx.ExecuteAsync(Notebook.Aggregate, "notebook/" + question.Id, new Note(said.Text));
                return noted.TryGetError(out var error) ? $"refused: {error}" : $"noted, at {fx.Clock.GetUtcNow():u}";
            default:
                return "There is no such tool.";
        }
    }
}
