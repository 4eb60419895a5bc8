// Runs rows and prints them: as a table, as they come, or as one JSON array.
// Called by BenchVerb in an installed tool, and by the benchmark program.
using System.Globalization;
using System.Text.Json.Nodes;

namespace Refold.Bench;

/// <summary>Runs rows.</summary>
/// <param name="rows">Every row that may be asked for.</param>
/// <param name="print">Takes a line of the answer.</param>
/// <param name="error">Where a row says what its figures cannot.</param>
internal sealed class BenchRun(IReadOnlyList<Row> rows, Action<string> print, TextWriter error)
{
    private const string Heading = "row                               ours        peer  unit       ratio  target  holds  against";

    /// <summary>Runs what the options ask for.</summary>
    /// <param name="options">How.</param>
    /// <param name="elsewhere">What is said of a row that is not known, as where the others are; empty for nothing.</param>
    /// <param name="cancellationToken">Ends it between two rows.</param>
    /// <returns>False where a row failed, which standard error says.</returns>
    /// <exception cref="BenchUsageException">A row is not known.</exception>
    public bool Run(BenchOptions options, string elsewhere, CancellationToken cancellationToken)
    {
        if (options.Rows.Any(string.IsNullOrWhiteSpace)) throw new BenchUsageException("--row is empty; leave it out for all rows.");
        if (options.Growth && (options.Rows.Count > 0 || options.Json))
            throw new BenchUsageException("--growth prints one table in Markdown, without --row and --json.");
        var asked = Chosen(options.Rows, elsewhere);
        if (options.List && options.Json)
        {
            print(new JsonArray([.. asked.Select(row => new JsonObject { ["name"] = row.Name, ["what"] = row.What })]).ToJsonString());
            return true;
        }

        if (options.List)
        {
            foreach (var row in asked) print($"{row.Name,-28}  {row.What}");
            return true;
        }

#if DEBUG
        if (!options.Quick)
            throw new BenchUsageException("This is a Debug build, whose figures say nothing; run it with -c Release, or with --quick.");
        error.WriteLine("A Debug build and a short run: the figures say nothing.");
#else
        if (options.Quick) error.WriteLine("A short run: the figures say nothing.");
#endif
        using var session = new BenchSession(options, error);
        if (options.Growth)
        {
            foreach (string line in Growth.Table(session, cancellationToken)) print(line);
            return true;
        }

        var results = new JsonArray();
        bool isWhole = true;
        if (!options.Json) print(Heading);
        foreach (var row in asked)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = new RowResult(row, Measured(row, session, ref isWhole));
            if (result.Figures.Absent is { } absent) error.WriteLine($"{row.Name}: {absent}");
            if (options.Json && result.Figures.Beside.Length > 0) error.WriteLine($"{row.Name}: {result.Figures.Beside}");
            if (options.Json) results.Add((JsonNode)Json(result));
            else print(Line(result));
        }

        if (options.Json) print(results.ToJsonString());
        return isWhole;
    }

    // What a peer or a device may throw ends its row and no other.
    private static Figures Measured(Row row, BenchSession session, ref bool isWhole)
    {
        try
        {
            return row.Run(session);
        }
#pragma warning disable CA1031 // Told on standard error and by the exit code.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            isWhole = false;
            string said = exception.Message.ReplaceLineEndings(" ");
            return new Figures(null, null) { Absent = $"it failed: {exception.GetType().Name}: {said}" };
        }
    }

    private List<Row> Chosen(IReadOnlyList<string> names, string elsewhere)
    {
        foreach (string name in names)
        {
            if (!rows.Any(row => row.Name.StartsWith(name, StringComparison.Ordinal)))
                throw new BenchUsageException($"There is no row '{name}'; --list names them.{elsewhere}");
        }

        return [.. rows.Where(row => names.Count == 0 || names.Any(name => row.Name.StartsWith(name, StringComparison.Ordinal)))];
    }

    private static JsonObject Json(RowResult result) => new()
    {
        ["name"] = result.Row.Name,
        ["ours"] = Rounded(result.Figures.Ours),
        ["peer"] = Rounded(result.Figures.Peer),
        ["peerName"] = result.Row.PeerName,
        ["ratio"] = Rounded(result.Ratio),
        ["target"] = Rounded(result.Row.Target),
        ["unit"] = result.Row.Unit,
    };

    private static double? Rounded(double? figure) =>
        figure is { } value ? double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;

    private static string Line(RowResult result)
    {
        string holds = result.Holds switch { true => "yes", false => "no", null => "-" };
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Row.Name,-28}{Text(result.Figures.Ours),10}  {Text(result.Figures.Peer),10}  {result.Row.Unit,-9}")
            + $"{Text(result.Ratio),7} {Text(result.Row.Target),7}  {holds,-5}  {result.Row.PeerName}";
        return result.Figures.Beside.Length > 0 ? $"{line} ({result.Figures.Beside})" : line;
    }

    /// <summary>Three digits, as many as a measurement has.</summary>
    public static string Text(double? figure) => figure switch
    {
        null => "-",
        0 => "0",
        { } value when Math.Abs(value) >= 1000 => value.ToString("F0", CultureInfo.InvariantCulture),
        { } value when Math.Abs(value) >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        { } value when Math.Abs(value) >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        { } value when Math.Abs(value) >= 0.1 => value.ToString("F2", CultureInfo.InvariantCulture),
        { } value => value.ToString("G2", CultureInfo.InvariantCulture),
    };
}
