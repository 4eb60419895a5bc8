// `refold rng`: the seeded generator by hand, to compare it with other implementations.
// Called from the command line; scripts read its JSON.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class RngVerb
{
    private const int MostDraws = 1_000_000;

    private static readonly Option<ulong?> Seed = Options.Number("--seed", "N", "The 64-bit seed", ulong.MinValue, ulong.MaxValue);
    private static readonly Option<string?> Split = Options.Text(
        "--split", "PATH", "Splits to walk: 1/2 is the second split of the first split");
    private static readonly Option<UInt128?> WordPosition =
        Options.Number("--word-pos", "W", "The 32-bit word to seek to", UInt128.Zero, (UInt128.One << 68) - 1);

    private static readonly Option<int?> Words32 = Options.Number("--u32", "N", "Draw 32-bit integers, first", 0, MostDraws);
    private static readonly Option<int?> Bytes = Options.Number("--bytes", "N", "Draw bytes, then", 0, MostDraws);
    private static readonly Option<int?> Words64 = Options.Number("--u64", "N", "Draw 64-bit integers, last", 0, MostDraws);

    public static Command Create()
    {
        Seed.Required = true;
        var command = new Command("rng", "Seed the generator, walk splits, seek, draw")
        {
            Seed, Split, WordPosition, Words32, Bytes, Words64,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        var state = Walk(RngState.FromSeed(arguments.GetRequiredValue(Seed)!.Value), arguments.GetValue(Split));
        if (arguments.GetValue(WordPosition) is { } position)
            state = state.Seek(position);

        var generator = new SeededRng(state);
        var result = new JsonObject { ["state"] = JsonNode.Parse(state.ToJson()) };
        result["u32"] = Draw(arguments.GetValue(Words32) ?? 0, () => Text(generator.NextUInt32()));
        var bytes = new byte[arguments.GetValue(Bytes) ?? 0];
        generator.Fill(bytes);
        result["bytes"] = Convert.ToHexStringLower(bytes);
        result["u64"] = Draw(arguments.GetValue(Words64) ?? 0, () => Text(generator.NextUInt64()));
        result["stateAfter"] = JsonNode.Parse(generator.State.ToJson());

        if (arguments.GetValue(Options.Json))
            Output.Json(result);
        else
            Print(result);
        return ExitCode.Done;
    }

    private static RngState Walk(RngState state, string? path)
    {
        foreach (string step in path?.Split('/') ?? [])
        {
            if (!int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count is < 1 or > MostDraws)
                throw new ToolException(
                    ExitCode.Usage, $"--split is '{path}', it must be numbers from 1 with slashes between, such as 1/2.");
            var child = state;
            for (int split = 0; split < count; split++)
                (child, state) = state.Split();
            state = child;
        }

        return state;
    }

    private static JsonArray Draw(int count, Func<string> next) =>
        [.. Enumerable.Range(0, count).Select(_ => (JsonNode)next())];

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);

    private static void Print(JsonObject result)
    {
        foreach (var (name, value) in result)
        {
            foreach (var item in value is JsonArray items ? items : [value?.DeepClone()])
            {
                string text = item?.ToString().ReplaceLineEndings(" ") ?? "";
                if (text.Length > 0)
                    Output.Line($"{name,-10}  {(item is JsonObject state ? state.ToJsonString() : text)}");
            }
        }
    }
}
