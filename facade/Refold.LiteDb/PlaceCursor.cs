// Finding the places of one name: full pieces, the name's own document with the last ones, and the newest in memory, as one row.
// Made by Reader, QueryCursor and LiteDbIndex.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>The places of one name. What is committed while it is used may be seen, in order. Used by one thread.</summary>
/// <param name="database">Where the documents are.</param>
/// <param name="owner">The name.</param>
/// <param name="recent">Its newest places, of the moment the cursor is for: asked before the documents, into which they move.</param>
internal sealed class PlaceCursor(Database database, PlaceOwner owner, PlaceList? recent)
{
    private EntryPlace[] piece = [];
    private EntryPlace[]? rest;

    // The piece has every place from this number to its last one; for the rest, to the end.
    private long pieceFrom = long.MaxValue;

    /// <summary>The places of a stream's entries.</summary>
    public static PlaceCursor Of(Database database, View view, StreamId stream) =>
        new(database, PlaceOwner.Of(stream), view.Recent.Find(stream));

    /// <summary>The places of a word's entries.</summary>
    public static PlaceCursor Of(Database database, View view, Word word) => new(database, PlaceOwner.Of(word), view.Recent.Find(word));

    // What full pieces do not have.
    private EntryPlace[] Rest => rest ??= ReadRest();

    /// <summary>The first place with a number or above; null for none.</summary>
    public EntryPlace? Next(long from)
    {
        if (from < pieceFrom || (piece != rest && from > piece[^1].Number))
        {
            piece = PieceOf(from);
            pieceFrom = from;
        }

        var index = IndexOf(piece, from);
        return index < piece.Length ? piece[index] : null;
    }

    /// <summary>The last place with a number or below; null for none.</summary>
    public EntryPlace? LastUpTo(long number)
    {
        var holding = PieceOf(number);
        var index = IndexOf(holding, number);
        if (index < holding.Length && holding[index].Number == number) return holding[index];
        if (index > 0) return holding[index - 1];
        return database.First(Search.LastId(Collections.Places, owner.PieceKey(0), owner.PieceKey(number))) is { } before
            ? PackedPlaces.ReadPiece(before, owner.IsStream)[^1]
            : null;
    }

    // The piece that has the first place from a number on.
    private EntryPlace[] PieceOf(long from)
    {
        if (Rest is [var first, ..] && first.Number <= from) return Rest;
        return database.First(Search.ByIds(Collections.Places, owner.PieceKey(from), owner.PieceKey(long.MaxValue))) is { } found
            ? PackedPlaces.ReadPiece(found, owner.IsStream)
            : Rest;
    }

    private EntryPlace[] ReadRest()
    {
        var newest = recent is null ? [] : recent.Items;
        var last = PackedPlaces.ReadLast(database.Get(owner.Collection, owner.Id), owner.IsStream);
        // Some may have moved into the document meanwhile.
        var known = last.Length == 0 ? 0 : IndexOf(newest, last[^1].Number + 1);
        return [.. last, .. newest[known..]];
    }

    private static int IndexOf(ReadOnlySpan<EntryPlace> places, long number)
    {
        var (low, high) = (0, places.Length);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (places[middle].Number >= number) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
