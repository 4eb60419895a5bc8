// An operation that does what its input says: calls, readings, commands, random numbers, waits, two branches at once. And what is outside.
// Run and replayed by RecordedOperations and EditedRuns.
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Refold.Suites;

/// <summary>What to do: in the operation itself, and in two branches.</summary>
internal sealed record Script(List<string> Main, List<string> Left, List<string> Right);

[JsonSerializable(typeof(Script))]
[JsonSerializable(typeof(string))]
internal sealed partial class ScriptJson : JsonSerializerContext;

/// <summary>What answers calls: an answer, a failure, now and then the end of whoever asks. Drawn by request and by how often it came, so
/// that it does not matter in which order branches ask.</summary>
internal sealed class ScriptedOutside(RngState root)
{
    private readonly Dictionary<string, int> asked = [];

    /// <summary>What ends the operation that asks.</summary>
    public CancellationTokenSource Source { get; set; } = new();

    public Task<string> AnswerAsync(string request, CancellationToken cancellationToken)
    {
        int times;
        lock (asked) times = asked[request] = asked.GetValueOrDefault(request) + 1;
        var random = new SeededRng(root.Named(request).Named(times.ToString(CultureInfo.InvariantCulture)));
        switch (random.Between(0, 19))
        {
            case 0:
                Source.Cancel();
                return Task.FromCanceled<string>(Source.Token);
            case < 6:
                throw new TimeoutException("late " + random.Between(0, 99).ToString(CultureInfo.InvariantCulture));
            default:
                return Task.FromResult("answer " + random.Between(0, 99).ToString(CultureInfo.InvariantCulture));
        }
    }
}

internal static class RandomProgram
{
    public const string Name = "script";

    private static readonly string[] Words = ["add", "roll", "many", "look", "when", "who", "last", "deny"];

    public static Operation<Script, string> Operation(
        IReadOnlyList<Aggregate<Known, Ask, Told, Denied>> aggregates, Func<string, CancellationToken, Task<string>> outside) =>
        Refold.Operation.Create(
            Name,
            ScriptJson.Default.Script,
            ScriptJson.Default.String,
            async (fx, script) =>
            {
                var told = new StringBuilder();
                await RunAsync(fx, script, script.Main, told, aggregates, outside);
                return told.ToString();
            });

    public static Script Draw(SeededRng rng)
    {
        var main = Steps(rng, rng.Between(0, 5));
        if (rng.Between(0, 2) > 0) return new Script(main, [], []);
        main.Insert(rng.Between(0, main.Count), "both");
        return new Script(main, Steps(rng, rng.Between(0, 3)), Steps(rng, rng.Between(0, 3)));
    }

    private static List<string> Steps(SeededRng rng, int count) => [.. Enumerable.Range(0, count).Select(_ => rng.Between(0, 9) switch
    {
        0 or 1 => "call:" + Digit(rng),
        2 or 3 => "need:" + Digit(rng),
        4 or 5 => "clock",
        6 or 7 => $"do:{Any(rng, "left", "right")}/{Any(rng, "1", "2")}:{Any(rng, Words)}:{Digit(rng)}",
        8 => "guid",
        _ => rng.Between(0, 1) == 0 ? "roll" : "wait",
    })];

    private static string Any(SeededRng rng, params string[] words) => words[rng.Between(0, words.Length - 1)];

    private static string Digit(SeededRng rng) => rng.Between(0, 9).ToString(CultureInfo.InvariantCulture);

    private static async Task RunAsync(
        OperationContext fx,
        Script script,
        List<string> steps,
        StringBuilder told,
        IReadOnlyList<Aggregate<Known, Ask, Told, Denied>> aggregates,
        Func<string, CancellationToken, Task<string>> outside)
    {
        foreach (var step in steps)
        {
            switch (step.Split(':'))
            {
                case ["clock"]: told.Append(fx.Clock.GetUtcNow().Ticks); break;
                case ["guid"]: told.Append(fx.NewGuid()); break;
                case ["roll"]: told.Append(fx.Random.Between(1, 1000)); break;
                case ["wait"]: await fx.DelayAsync(TimeSpan.Zero); break;
                case ["need", var what]: told.Append(await AskAsync(what)); break;
                case ["call", var what]:
                    try
                    {
                        told.Append(await AskAsync(what));
                    }
                    catch (CallFailedException failed)
                    {
                        told.Append(failed.FailureType).Append(failed.FailureMessage);
                    }

                    break;
                case ["do", var stream, var what, var amount]:
                    var aggregate = aggregates.First(one => stream.StartsWith(one.Category + "/", StringComparison.Ordinal));
                    var made = await fx.ExecuteAsync(aggregate, stream, new Ask(what, long.Parse(amount, CultureInfo.InvariantCulture)));
                    told.Append(made.IsAccepted).Append(made.State.Sum).Append(made.Version);
                    break;
                case ["both"]:
                    var (left, right) = (new StringBuilder(), new StringBuilder());
                    Task[] both =
                    [
                        RunAsync(fx.Branch("left"), script, script.Left, left, aggregates, outside),
                        RunAsync(fx.Branch("right"), script, script.Right, right, aggregates, outside),
                    ];
                    // Of two that fail the failure of the first in this order, not of the one that was faster.
                    await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    foreach (var one in both) await one;
                    told.Append(left).Append(right);
                    break;
                default: throw new FormatException(step);
            }

            told.Append(' ');
        }

        // What is asked depends on what was answered.
        Task<string> AskAsync(string what) => fx.CallAsync(
            "ask" + what,
            what + "/" + (told.Length % 5).ToString(CultureInfo.InvariantCulture),
            ScriptJson.Default.String,
            outside,
            ScriptJson.Default.String);
    }
}
