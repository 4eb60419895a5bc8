// The index that decides appends, asked of the database: versions, keys, and the first match behind a position.
// Made by LiteDbLog, which decides each group against it; FindKey and HighestVersion are asked by readers too.
using System.Text;
using Refold.Interop;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>Everything committed.</summary>
internal sealed class LiteDbIndex(Database database, JournalState state) : AppendIndex
{
    /// <summary>How many streams one document of a receipt holds.</summary>
    public const int ReceiptPart = 4096;

    public override Core.Head Head => state.View.Progress.Head;

    public override long HighestVersion(StreamId stream) =>
        database.Get(Collections.Streams, Keys.OfStream(stream)) is { } found ? found["v"].AsInt64 : 0;

    public override bool Covers(long position) => true;

    public override (Core.Hash Content, Core.Receipt Receipt)? FindKey(string key)
    {
        if (database.Get(Collections.Keys, Encoding.UTF8.GetBytes(key)) is not { } document) return null;
        var row = KeyRow.Read(document);
        var head = BatchRow.Read(database.Get(Collections.Batches, row.Last)!).Head;
        // A reader may come between a commit and its publication; the key is answered when the entries can be read.
        if (head.Position > Head.Position) return null;
        return (row.Content, new Core.Receipt(row.First, (int)(row.Last - row.First + 1), VersionsOf(row).ToFSharpList(), head));
    }

    /// <summary>The batch that holds a position; null where none does.</summary>
    public BatchRow? BatchAt(long position) =>
        database.First(Search.ByIds(Collections.Batches, position, long.MaxValue)) is { } document && BatchRow.Read(document) is var row && row.First <= position ? row : null;

    /// <summary>The first match or hole behind a position; 0 for none. What was deleted, or never came, cannot be asked and counts as a match.</summary>
    public override long FirstMatchAfter(Core.Query query, long after)
    {
        var match = Math.Min(new QueryCursor(database, query, Head.Position).Next(after + 1), state.FirstGapAfter(after));
        foreach (var (stream, floor) in state.DeletedAfter(after))
            match = Math.Min(match, FirstVersionBehind(stream, floor, after));
        return match == long.MaxValue ? 0 : match;
    }

    // Positions ascend with versions. Versions that are gone for good are gaps, and there is one behind, or the floor would not be asked for.
    private long FirstVersionBehind(StreamId stream, long floor, long after)
    {
        var (low, high) = (1L, floor);
        var found = long.MaxValue;
        while (low <= high)
        {
            var middle = low + (high - low) / 2;
            if (database.First(Search.ByVersions(stream, middle, high)) is not { } document)
            {
                high = middle - 1;
                continue;
            }

            var (position, version) = (document["_id"].AsInt64, Keys.LastNumber(document["k"].AsBinary));
            if (position > after)
            {
                found = position;
                high = middle - 1;
            }
            else
            {
                low = version + 1;
            }
        }

        return found;
    }

    private List<Core.StreamVersions> VersionsOf(KeyRow row)
    {
        var versions = new ReceiptVersions();
        if (row.ReceiptParts > 0)
        {
            for (var part = 0; part < row.ReceiptParts; part++)
                versions.AddPart(database.Get(Collections.Receipts, ReceiptVersions.PartId(row.First, part))!);
        }
        else
        {
            for (var next = row.First; next <= row.Last;)
            {
                var found = database.Find(Search.VersionKeys(next, row.Last), 1000);
                foreach (var document in found) versions.Add(document["k"].AsBinary);
                if (found.Count == 0) break;
                next = found[^1]["_id"].AsInt64 + 1;
            }
        }

        return versions.List;
    }
}
