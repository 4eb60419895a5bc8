// The index that decides appends, asked of the database: versions, keys, and the first match behind a position.
// Made by LiteDbLog, which decides each group against it; FindKey and HighestVersion are asked by readers too.
using System.Text;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>Everything committed.</summary>
/// <param name="database">The database.</param>
/// <param name="state">What is committed.</param>
/// <param name="reader">Reads the entries of a batch.</param>
/// <param name="known">Versions that need not be asked for; null where others than the writer ask.</param>
internal sealed class LiteDbIndex(
    Database database, JournalState state, Reader reader, WriterVersions? known = null) : IAppendIndex
{
    public Head Head => state.View.Progress.Head;

    public long HighestVersion(StreamId stream) => known is null ? Ask(stream) : known.Of(stream, Ask);

    /// <summary>The highest version a stream ever had; 0 for none.</summary>
    public static long HighestVersion(Database database, View view, StreamId stream)
    {
        if (view.Recent.HighestVersion(stream) is > 0 and var recent) return recent;
        if (database.Get(Collections.Streams, Keys.OfStream(stream)) is not { } found) return 0;
        try
        {
            // Its places are looked at, for they have to fit.
            _ = PackedPlaces.ReadLast(found, hasVersions: true);
            return found["v"].AsInt64;
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException)
        {
            throw Database.Unreadable(database.Place, exception);
        }
    }

    /// <summary>Keeps in mind what a transaction committed.</summary>
    public void Committed(GroupChange change) => known?.Take(change.Highest);

    /// <summary>Asks the database for everything again.</summary>
    public void BeginAnew() => known?.Clear();

    public bool Covers(long position) => position >= state.View.Base.Position;

    public KnownKey? FindKey(string key)
    {
        if (database.Get(Collections.Keys, Encoding.UTF8.GetBytes(key)) is not { } document) return null;
        var row = KeyRow.Read(document);
        if (row.First < state.View.Progress.KeysBefore) return null;
        // A reader may come between a commit and its publication; the key is answered when the entries can be read.
        if (row.Head.Position > Head.Position) return null;
        return new KnownKey(row.Content, new Receipt(row.First, (int)(row.Head.Position - row.First + 1), VersionsOf(row), row.Head));
    }

    /// <summary>The head after the batch that holds a position; null where none does.</summary>
    public Head? HeadAt(long position)
    {
        if (position == state.View.Base.Position) return state.View.Base;
        if (position < 0 || position > Head.Position) return null;
        return database.First(Search.ByIds(Collections.Batches, position, long.MaxValue)) is { } document
            && BatchRow.Read(document) is var row && row.First <= position
            ? row.Head
            : null;
    }

    /// <summary>The first match or hole behind a position; 0 for none. What was deleted, or never came, cannot be
    /// asked and counts as a match.</summary>
    public long FirstMatchAfter(Query query, long after)
    {
        var match = Math.Min(new QueryCursor(database, query, state.View).Next(after + 1), state.View.FirstGapAfter(after));
        foreach (var (stream, floor) in state.DeletedAfter(after))
            match = Math.Min(match, FirstVersionBehind(stream, floor, after));
        return match == long.MaxValue ? 0 : match;
    }

    // Positions ascend with versions. Versions that are gone for good are gaps, and there is one behind,
    // or the floor would not be asked for.
    private long FirstVersionBehind(StreamId stream, long floor, long after)
    {
        var (low, high) = (1L, floor);
        var found = long.MaxValue;
        var places = PlaceCursor.Of(database, state.View, stream);
        while (low <= high)
        {
            var middle = low + (high - low) / 2;
            if (places.Next(middle) is not { } place || place.Number > high)
            {
                high = middle - 1;
            }
            else if (place.Position > after)
            {
                found = place.Position;
                high = middle - 1;
            }
            else
            {
                low = place.Number + 1;
            }
        }

        return found;
    }

    private long Ask(StreamId stream) => HighestVersion(database, state.View, stream);

    private List<StreamVersions> VersionsOf(KeyRow row)
    {
        var versions = new ReceiptVersions();
        if (row.ReceiptParts > 0)
        {
            foreach (var kept in ReceiptVersions.OfKey(database, row)) versions.Add(kept);
        }
        else
        {
            foreach (var stored in reader.AllStored(row.First, row.Head.Position)) versions.Add(stored.Entry);
        }

        return versions.List;
    }
}
