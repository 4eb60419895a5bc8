// What is sold, and what is made of it: an event, and a projection that counts pieces by article.
// Used by StockTable, which keeps the same in SQLite, and by Program.cs.
using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Refold;

namespace ReadModel;

public sealed record Sold(string Sku, int Quantity);

public sealed record StockRow(string Sku, long Quantity, long Sales);

/// <summary>Pieces and sales by article, in the order of articles. A value: readers hold one while the next is made.</summary>
public sealed record Stock(ImmutableArray<StockRow> Rows)
{
    public static Stock Empty { get; } = new([]);

    public Stock With(Sold sold)
    {
        var place = 0;
        while (place < Rows.Length && string.CompareOrdinal(Rows[place].Sku, sold.Sku) < 0) place++;
        if (place == Rows.Length || Rows[place].Sku != sold.Sku) return new(Rows.Insert(place, new StockRow(sold.Sku, sold.Quantity, 1)));
        var row = Rows[place];
        return new(Rows.SetItem(place, row with { Quantity = row.Quantity + sold.Quantity, Sales = row.Sales + 1 }));
    }
}

[JsonSerializable(typeof(Sold))]
[JsonSerializable(typeof(Stock))]
public sealed partial class SoldJson : JsonSerializerContext;

public static class Sales
{
    public static Codec<Sold> Codec { get; } = Refold.Codec.Json(SoldJson.Default.Sold, "Sold");

    public static Query Query { get; } = Query.OfTypes("Sold");

    public static Projection<Stock> BySku { get; } = Projection.OfEvents(
        "sold-by-sku", 1, [new ProjectionSource.Type("Sold")], Codec, Stock.Empty, (stock, sold) => stock.With(sold),
        Refold.Codec.Json(SoldJson.Default.Stock, "SoldBySku"));

    public static EntryData Entry(int number)
    {
        var sold = new Sold("sku-" + (number % 7), 1 + (number % 3));
        var encoded = Codec.Encode(sold);
        return new EntryData("till/" + (number % 4), encoded.Type, encoded.Payload);
    }
}
