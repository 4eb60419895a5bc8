// The C# example of README.md, which shows everything below these two lines and what it prints.
// Run by the tests, which compare both with the README.
using System.Text.Json.Serialization;
using Refold;

var fair = Aggregate.Create("dice", 0, Decide, Evolve,
    Codec.Text("Command"), Codec.Json(Json.Default.Rolled, "Rolled"), Codec.Text("Refused"), Codec.Json(Json.Default.Int32, "Total"));

await using var journal = await Journal.OpenAsync("memory:");
await using var run = await journal.StartRunAsync(new RunPin("dice", "readme", "1.0", seed: 42), new RunOptions { RunId = "first" });
foreach (var move in (string[])["roll", "cheat", "roll"])
    Console.WriteLine(await run.Streams(fair).ExecuteAsync("dice/1", move));

var loaded = fair.WithDecide((step, total, move) => new Rolled(step.Random.Between(4, 6)));
Console.WriteLine(await journal.VerifyAsync(run.Id, fair));
Console.WriteLine(await journal.VerifyAsync(run.Id, loaded));

static Decision<Rolled, string> Decide(Step step, int total, string move) => move switch
{
    "roll" => new Rolled(step.Random.Between(1, 6)),
    _ => "no such move",
};

static int Evolve(int total, Rolled rolled) => total + rolled.Face;

internal sealed record Rolled(int Face);

[JsonSerializable(typeof(Rolled)), JsonSerializable(typeof(int))]
internal sealed partial class Json : JsonSerializerContext;
