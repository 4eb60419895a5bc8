// Whether given positions, versions and batches go on line by line, as restoring them into an empty journal needs.
// Called by ImportFile for each line, and by ImportVerb to fill in what a line leaves out.
using System.Globalization;
using Refold.Cli.Shell;

namespace Refold.Cli.Import;

internal sealed class PlaceRule(string path)
{
    private readonly Dictionary<StreamId, long> versions = [];
    private long position;
    private long batch;
    private long previousVersion;
    private string? batchKey;

    /// <summary>The error of a line whose place does not fit behind the lines before; null if it does.</summary>
    public ToolException? Check(ImportLine line, bool isFirstOfBatch)
    {
        long before = position;
        var placed = Place(line, isFirstOfBatch);
        if (placed.Position > Lines.HighestPlace)
            return Misfit(line, "position", placed.Position, "at most 2^62");
        if (placed.Version > Lines.HighestPlace)
            return Misfit(line, "version", placed.Version, "at most 2^62");
        if (placed.Position <= before)
            return Misfit(line, "position", placed.Position, $"above {Text(before)}");
        if (isFirstOfBatch ? placed.Batch <= before : line.Key != batchKey)
            return isFirstOfBatch
                ? Misfit(line, "batch", placed.Batch, $"above {Text(before)}")
                : Lines.Fault(path, line.Number, "the idempotency key is not the one of its batch");
        if (placed.Batch > placed.Position)
            return Misfit(line, "batch", placed.Batch, $"at most the position {Text(placed.Position)}");
        if (placed.Position - placed.Batch >= Lines.MostBatchEntries)
            return Misfit(
                line, "position", placed.Position, $"less than {Text(Lines.MostBatchEntries)} above its batch {Text(placed.Batch)}");
        if (previousVersion > 0 && placed.Version != previousVersion + 1)
            return Misfit(line, "version", placed.Version, $"{Text(previousVersion + 1)} in the stream '{line.Data.Stream}'");
        batchKey = line.Key;
        return null;
    }

    /// <summary>The entry of a line with its place: the given one, or the next.</summary>
    public JournalEntry Place(ImportLine line, bool isFirstOfBatch)
    {
        previousVersion = versions.GetValueOrDefault(line.Data.Stream);
        position = line.Position ?? position + 1;
        if (isFirstOfBatch)
            batch = line.Batch ?? position;
        long version = line.Version ?? previousVersion + 1;
        versions[line.Data.Stream] = version;
        return new JournalEntry(position, version, batch, line.Data, line.Key);
    }

    private ToolException Misfit(ImportLine line, string member, long value, string rule) =>
        Lines.Fault(path, line.Number, $"{member} is {Text(value)}, it must be {rule}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
