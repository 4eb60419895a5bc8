// An agent whose every turn is recorded: killed, it goes on where it was; replayed, it says the same without its model.
//   dotnet run -- --journal segments:agent --model http://localhost:5100/ --facts FOLDER --id q-1 --ask "How many cups are in a pot?"
//   dotnet run -- replay --journal segments:agent      (no network; exit code 1 where a run does not come out the same)
//   dotnet run -- stub --model http://localhost:5100/  (a model to try it with)
// Files: Agent.cs is the loop, an operation; Notebook.cs what a tool of it commands; Model.cs the way to the model; Stub.cs stands for one.
using Refold;

namespace AgentLoop;

internal static class Program
{
    private const string Version = "1.0.0";

    private static async Task<int> Main(string[] args)
    {
        try
        {
            return args switch
            {
                ["replay", .. var rest] => await ReplayAsync(Options(rest)),
                ["stub", .. var rest] => await Stub.RunAsync(new Uri(Needed(Options(rest), "model"))),
                _ => await AnswerAsync(Options(args)),
            };
        }
        catch (Exception exception) when (exception is ArgumentException or JournalException or CallFailedException or HttpRequestException)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }
    }

    // Called again after a kill, it goes on with the run and with the question, by its id.
    private static async Task<int> AnswerAsync(Dictionary<string, string> options)
    {
        var model = options.GetValueOrDefault("model-name", Agent.DefaultModel);
        using var network = Model.At(new Uri(Needed(options, "model")), options.GetValueOrDefault("key", "none"));
        await using var journal = await Journal.OpenAsync(options.GetValueOrDefault("journal", "segments:agent"));
        // Which model was asked decides what came of it: the run says so.
        await using var run = await journal.StartOrResumeRunAsync(
            RunId.Create("agent-" + Version), new RunPin(model, provider: "loopback", Version, seed: 7));
        var question = new Question(Needed(options, "id"), Needed(options, "ask"));
        var operation = Agent.Operation(model, network, LookUpAsync);
        var answer = await run.RunAsync(operation, key: question.Id, question);
        Console.WriteLine($"{answer.Text} ({answer.Turns} turns)");
        return 0;

        async Task<string> LookUpAsync(string word, CancellationToken cancellationToken)
        {
            var path = Path.Combine(options.GetValueOrDefault("facts", "."), word + ".txt");
            return (await File.ReadAllTextAsync(path, cancellationToken)).TrimEnd();
        }
    }

    private static async Task<int> ReplayAsync(Dictionary<string, string> options)
    {
        using var network = Model.Nowhere();
        await using var journal = await Journal.OpenAsync(
            options.GetValueOrDefault("journal", "segments:agent"), new JournalOptions { ReadOnly = true });
        var differs = false;
        foreach (var run in await journal.RunsAsync())
        {
            var prompt = options.GetValueOrDefault("prompt", Agent.Prompt);
            var operation = Agent.Operation(run.Pin?.Model ?? "", network, NothingAsync, prompt);
            var report = await journal.ReplayAsync(run.Id, [operation], [Notebook.Aggregate]);
            Console.WriteLine(report);
            foreach (var finding in report.Findings) Console.WriteLine("  " + finding);
            differs |= !report.Matched;
        }

        return differs ? 1 : 0;

        static Task<string> NothingAsync(string word, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"A replay looks nothing up, and this would have been: {word}");
    }

    private static Dictionary<string, string> Options(string[] args) =>
        args.Chunk(2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[^1], StringComparer.Ordinal);

    private static string Needed(Dictionary<string, string> options, string name) =>
        options.GetValueOrDefault(name) ?? throw new ArgumentException($"--{name} is needed; see the first lines of Program.cs.");
}
