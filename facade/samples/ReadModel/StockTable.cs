// A read model in SQLite: rows and their place change in one transaction, so each entry counts once, wherever the process is killed.
// Kept up to date by a ReadModelRunner; made anew beside itself under another name.
using System.Globalization;
using Microsoft.Data.Sqlite;
using Refold;

namespace ReadModel;

public sealed class StockTable : IReadModel, IDisposable
{
    private readonly SqliteConnection connection;
    private string table;

    private StockTable(SqliteConnection connection, string table) => (this.connection, this.table) = (connection, table);

    /// <summary>The live table.</summary>
    public static StockTable Open(string file) => Open(file, "stock");

    /// <summary>The table beside it, which becomes the live one by <see cref="BecomeLive"/>. What an earlier process left of one is thrown
    /// away.</summary>
    public static StockTable Beside(string file)
    {
        var beside = Open(file, "stock_beside");
        beside.Run("BEGIN IMMEDIATE; DELETE FROM stock_beside; DELETE FROM place WHERE name = 'stock_beside'; COMMIT");
        return beside;
    }

    public ValueTask<Head?> LoadPlaceAsync(CancellationToken cancellationToken = default)
    {
        using var command = Command("SELECT position, hash FROM place WHERE name = $name");
        command.Parameters.AddWithValue("$name", table);
        using var reader = command.ExecuteReader();
        return ValueTask.FromResult<Head?>(reader.Read() ? new Head(reader.GetInt64(0), Hash.Parse(reader.GetString(1))) : null);
    }

    public ValueTask ApplyAsync(ReadModelBatch batch, CancellationToken cancellationToken = default)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        foreach (var entry in batch.Entries)
        {
            var sold = Sales.Codec.Decode(entry);
            using var add = Command(
                $"INSERT INTO {table} VALUES ($sku, $quantity, 1) "
                + "ON CONFLICT (sku) DO UPDATE SET quantity = quantity + excluded.quantity, sales = sales + 1");
            add.Parameters.AddWithValue("$sku", sold.Sku);
            add.Parameters.AddWithValue("$quantity", sold.Quantity);
            add.ExecuteNonQuery();
        }

        // Where somebody else moved the place, nothing of this is kept.
        using var move = Command(batch.Before.Position == 0
            ? "INSERT INTO place VALUES ($name, $position, $hash)"
            : "UPDATE place SET position = $position, hash = $hash WHERE name = $name AND position = $before AND hash = $was");
        move.Parameters.AddWithValue("$name", table);
        move.Parameters.AddWithValue("$position", batch.Place.Position);
        move.Parameters.AddWithValue("$hash", batch.Place.Hash.ToString());
        move.Parameters.AddWithValue("$before", batch.Before.Position);
        move.Parameters.AddWithValue("$was", batch.Before.Hash.ToString());
        if (move.ExecuteNonQuery() != 1) throw new InvalidOperationException("Another process keeps this table.");
        transaction.Commit();
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes this table the live one, in one transaction, where the two are equal.</summary>
    public void BecomeLive(StockTable live)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        using var compare = Command(
            "SELECT (SELECT count(*) FROM (SELECT * FROM stock EXCEPT SELECT * FROM stock_beside))"
            + " + (SELECT count(*) FROM (SELECT * FROM stock_beside EXCEPT SELECT * FROM stock))");
        if ((long)compare.ExecuteScalar()! != 0) throw new InvalidOperationException("What was made anew differs; the live table stays.");
        Run("DROP TABLE stock; ALTER TABLE stock_beside RENAME TO stock;"
            + " DELETE FROM place WHERE name = 'stock'; UPDATE place SET name = 'stock' WHERE name = 'stock_beside'");
        transaction.Commit();
        // The other one is asked no more.
        (table, live.table) = (live.table, table);
    }

    /// <summary>The rows, in the order of articles.</summary>
    public IReadOnlyList<StockRow> Rows()
    {
        var rows = new List<StockRow>();
        using var command = Command($"SELECT sku, quantity, sales FROM {table} ORDER BY sku");
        using var reader = command.ExecuteReader();
        while (reader.Read()) rows.Add(new StockRow(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
        return rows;
    }

    public void Dispose() => connection.Dispose();

    private static StockTable Open(string file, string table)
    {
        // A pool would keep the file open.
        var connection = new SqliteConnection(
            string.Create(CultureInfo.InvariantCulture, $"Data Source={file};Pooling=False;Default Timeout=10"));
        connection.Open();
        var opened = new StockTable(connection, table);
        opened.Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
        opened.Run(
            $"CREATE TABLE IF NOT EXISTS {table} (sku TEXT PRIMARY KEY, quantity INTEGER NOT NULL, sales INTEGER NOT NULL);"
            + "CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, position INTEGER NOT NULL, hash TEXT NOT NULL)");
        return opened;
    }

    private void Run(string text)
    {
        using var command = Command(text);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string text)
    {
        // In the transaction that is open.
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Names of tables are those above.
        command.CommandText = text;
#pragma warning restore CA2100
        return command;
    }
}
