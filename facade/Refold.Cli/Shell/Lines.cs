// Between entries and lines of NDJSON. The facade has no mirror of the core's Ndjson: this file alone calls it.
// Used by import, export, read and diff.
using System.Text;
using System.Text.Json.Nodes;
using Refold.Interop;

namespace Refold.Cli.Shell;

/// <summary>A line that was read: what to append, the places it gives, and what its entry hashes to.</summary>
internal sealed record ImportLine(long Number, EntryData Data, string? Key, long? Position, long? Version, long? Batch)
{
    public bool HasPlace => Position is not null || Version is not null || Batch is not null;

    public required int CanonicalLength { get; init; }

    public required Hash CanonicalHash { get; init; }
}

/// <summary>Where two entries differ first.</summary>
internal sealed record LineDifference(string Path, string Expected, string Actual);

internal static class Lines
{
    public static int MostEntryBytes => Core.Limits.entryBytes;

    public static int MostBatchBytes => Core.Limits.batchBytes;

    public static int MostBatchEntries => Core.Limits.batchEntries;

    public static long HighestPlace => Core.Append.highestPlace;

    public static ReadOnlyMemory<byte> Write(JournalEntry entry) => Core.Ndjson.write(entry.Value).Memory;

    public static ReadOnlyMemory<byte> WriteRaw(JournalEntry entry) => Core.Ndjson.writeRaw(entry.Value).Memory;

    /// <summary>Reads a line; a broken rule ends the tool with the file, the line's number and the rule.</summary>
    public static ImportLine Read(string file, long number, ReadOnlyMemory<byte> line, bool truncatesTimes)
    {
        var result = Core.Ndjson.tryReadWith(truncatesTimes, line);
        if (!result.IsOk)
            throw Misread(file, number, line, result.ErrorValue.ToString());
        var read = result.ResultValue;
        var canonical = Core.CanonicalBytes.ofData(read.Data);
        var (data, key) = ToData(read.Data);
        return new ImportLine(number, data, key, read.Position.ToNullable(), read.Version.ToNullable(), read.Batch.ToNullable())
        {
            CanonicalLength = canonical.Length,
            CanonicalHash = Hash.Compute(canonical.Span),
        };
    }

    /// <summary>What real files have that no line of NDJSON has is named, with the way to go on.</summary>
    private static ToolException Misread(string file, long number, ReadOnlyMemory<byte> line, string reason)
    {
        var bytes = line.Span;
        if (number == 1 && bytes.StartsWith("\uFEFF"u8))
            return Fault(file, number, "the file begins with a byte order mark (EF BB BF); write it as UTF-8 without one");
        if (number == 1 && bytes.Length > 1 && bytes[..2] is [0xFF, 0xFE] or [0xFE, 0xFF])
            return Fault(file, number, "the file begins with the byte order mark of UTF-16; write it as UTF-8");
        if (!bytes.ContainsAnyExcept((byte)' ', (byte)'\t', (byte)'\r'))
            return Fault(file, number, "the line is empty; every line is an entry: remove it");
        return Core.Ndjson.tryReadWith(true, line).IsOk
            ? Fault(file, number, reason + "; --truncate-times cuts them off")
            : Fault(file, number, reason);
    }

    public static ToolException Fault(string file, long number, string reason) =>
        new(ExitCode.Unreadable, string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{file}, line {number}: {reason}. Nothing was imported."));

    public static Hash CanonicalHash(JournalEntry entry) => Hash.Compute(Core.CanonicalBytes.ofData(entry.Value.Data).Span);

    public static LineDifference? Difference(JournalEntry? expected, JournalEntry? actual)
    {
        if (expected is null || actual is null)
            return new LineDifference("", Text(expected), Text(actual));
        var (left, right) = (Write(expected), Write(actual));
        if (left.Span.SequenceEqual(right.Span))
            return null;
        var first = Core.JsonDifferenceModule.first(left, right).ToReference();
        return first is null
            ? new LineDifference("", Text(expected), Text(actual))
            : new LineDifference(first.Pointer, first.Expected, first.Actual);
    }

    /// <summary>An entry as a JSON object, for objects that hold entries.</summary>
    public static JsonNode? Json(JournalEntry entry) => JsonNode.Parse(Write(entry).Span);

    private static string Text(JournalEntry? entry) => entry is null ? "absent" : Encoding.UTF8.GetString(Write(entry).Span);

    private static (EntryData Data, string? Key) ToData(Core.EntryData core)
    {
        // The place is not used: the view only translates the members.
        var view = new JournalEntry(new Core.Entry(1, 1, 1, core));
        var data = new EntryData(view.Stream, view.Type, view.Payload)
        {
            Role = view.Role,
            SchemaVersion = view.SchemaVersion,
            Tags = view.Tags,
            Time = view.Time,
            Id = core.Id.ToNullable(),
            CorrelationId = core.CorrelationId.ToNullable(),
            CausationId = view.CausationId,
            Run = view.Run,
            Drawn = view.Drawn,
        };
        return (data, view.IdempotencyKey);
    }
}
