// An event store in SQLite as an application would write one: through ADO, with prepared commands, in WAL mode with synchronous=FULL.
// The peer of appending, reading and opening.
using Microsoft.Data.Sqlite;

namespace Refold.Benchmarks.Peers;

/// <summary>A table of events, one row each, with a unique index over stream and version.</summary>
internal sealed class SqliteStore : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly Dictionary<StreamId, long> versions = [];
    private SqliteCommand? insert;

    private SqliteStore(SqliteConnection connection) => this.connection = connection;

    /// <summary>Opens a file, and makes the table if it is not there.</summary>
    /// <param name="folder">Where the file is.</param>
    /// <param name="isDurable">Whether each commit is flushed.</param>
    public static SqliteStore Open(string folder, bool isDurable = true)
    {
        // Without a pool: closing closes the file.
        var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "events.db")};Pooling=False");
        connection.Open();
        var store = new SqliteStore(connection);
        store.Execute("pragma journal_mode=wal");
        store.Execute(isDurable ? "pragma synchronous=full" : "pragma synchronous=off");
        store.Execute("pragma cache_size=-65536");
        store.Execute("""
            create table if not exists events(
                position integer primary key, stream text not null, version integer not null, type text not null, payload blob not null,
                unique(stream, version))
            """);
        return store;
    }

    /// <summary>Opens a file and asks for its last position: the least that a store does at its start.</summary>
    public static long OpenAndAsk(string folder)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "events.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select max(rowid) from events";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Inserts entries in one transaction. Their versions follow those that this store has given.</summary>
    public void Append(ReadOnlySpan<EntryData> entries)
    {
        insert ??= Prepared("insert into events(stream, version, type, payload) values ($stream, $version, $type, $payload)", 4);
        using var transaction = connection.BeginTransaction();
        insert.Transaction = transaction;
        foreach (var entry in entries)
        {
            ref long version = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(versions, entry.Stream, out _);
            insert.Parameters[0].Value = entry.Stream.Value;
            insert.Parameters[1].Value = ++version;
            insert.Parameters[2].Value = entry.Type;
            System.Runtime.InteropServices.MemoryMarshal.TryGetArray(entry.Payload, out var payload);
            insert.Parameters[3].Value = payload.Array!;
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Reads streams one after the other, each row as an object.</summary>
    /// <returns>How many bytes of payloads there were.</returns>
    public long ReadStreams(IEnumerable<StreamId> streams, long most)
    {
        using var select = Prepared(
            "select position, stream, version, type, payload from events where stream = $stream and version >= 1 "
            + "order by version limit $most", 2);
        select.Parameters[1].Value = most;
        long bytes = 0;
        foreach (var stream in streams)
        {
            select.Parameters[0].Value = stream.Value;
            bytes += Read(select);
        }

        return bytes;
    }

    /// <summary>Reads everything in order.</summary>
    /// <returns>How many bytes of payloads there were.</returns>
    public long ReadAll()
    {
        using var select = Prepared("select position, stream, version, type, payload from events order by position", 0);
        return Read(select);
    }

    public void Dispose()
    {
        insert?.Dispose();
        connection.Dispose();
    }

    private sealed record Row(long Position, string Stream, long Version, string Type, byte[] Payload);

    private static long Read(SqliteCommand select)
    {
        long bytes = 0;
        using var reader = select.ExecuteReader();
        while (reader.Read())
        {
            var row = new Row(
                reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3), reader.GetFieldValue<byte[]>(4));
            bytes += row.Payload.Length;
        }

        return bytes;
    }

    private SqliteCommand Prepared(string text, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        // In the order of the text.
        foreach (string name in text.Split(' ', ',', '(', ')').Where(word => word.StartsWith('$')).Take(parameters))
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        command.Prepare();
        return command;
    }

    private void Execute(string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
