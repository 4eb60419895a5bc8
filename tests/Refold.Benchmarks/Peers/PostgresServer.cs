// A PostgreSQL server of our own, where one is installed: a cluster in a directory of the benchmarks, on a socket there, gone afterwards.
// The peer of PostgresPeers.
using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace Refold.Benchmarks.Peers;

/// <summary>A running server with a table of events.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Inserted = """
        insert into events(stream, version, type, payload)
        select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[])
        """;

    private readonly string programs;
    private readonly string folder;
    private readonly Dictionary<StreamId, long> versions = [];
    private NpgsqlConnection? connection;

    private PostgresServer(string programs, string folder) => (this.programs, this.folder) = (programs, folder);

    /// <summary>The folder of the newest server's programs; null where none is installed.</summary>
    public static string? Installed()
    {
        const string Debian = "/usr/lib/postgresql";
        string[] versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        var folders = versions.OrderByDescending(path => path, StringComparer.Ordinal).Select(path => Path.Combine(path, "bin"));
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.Concat(path).FirstOrDefault(bin =>
            File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "pg_ctl")));
    }

    /// <summary>Makes a cluster and starts it.</summary>
    /// <exception cref="InvalidOperationException">A program of the server failed.</exception>
    public static PostgresServer Start(string programs, string folder)
    {
        if (OperatingSystem.IsWindows()) throw new InvalidOperationException("a server of our own needs a socket of Unix");
        var server = new PostgresServer(programs, folder);
        if (Environment.UserName == "root")
        {
            // The server refuses to run as root: its directory is given to its own user, who must get there.
            File.SetUnixFileMode(Path.GetDirectoryName(folder)!, (UnixFileMode)0x1C9);
            Run("chown", "postgres", folder);
        }

        server.RunProgram("initdb", "-D", folder, "-A", "trust", "-U", "bench", "-E", "UTF8", "--no-instructions");
        string log = Path.Combine(folder, "log");
        server.RunProgram("pg_ctl", "-D", folder, "-w", "-l", log, "-o", $"-k {folder} -c listen_addresses=", "start");
        server.Connect();
        return server;
    }

    /// <summary>Inserts entries in one statement, which commits durably.</summary>
    public void Append(EntryData[] entries)
    {
        using var command = new NpgsqlCommand(Inserted, connection);
        long[] given = new long[entries.Length];
        for (int index = 0; index < entries.Length; index++)
        {
            ref long version =
                ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(versions, entries[index].Stream, out _);
            given[index] = ++version;
        }

        Add(command, entries.Select(entry => entry.Stream.Value).ToArray(), NpgsqlDbType.Text);
        Add(command, given, NpgsqlDbType.Bigint);
        Add(command, entries.Select(entry => entry.Type).ToArray(), NpgsqlDbType.Text);
        Add(command, entries.Select(entry => entry.Payload.ToArray()).ToArray(), NpgsqlDbType.Bytea);
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        connection?.Dispose();
        RunProgram("pg_ctl", "-D", folder, "-m", "fast", "-w", "stop");
    }

    private void Connect()
    {
        connection = new NpgsqlConnection(
            $"Host={folder};Username=bench;Database=postgres;Pooling=false;Max Auto Prepare=10;Auto Prepare Min Usages=1");
        connection.Open();
        using var command = new NpgsqlCommand(
            """
            create table events(
                position bigserial primary key, stream text not null, version bigint not null, type text not null, payload bytea not null,
                unique(stream, version))
            """,
            connection);
        command.ExecuteNonQuery();
    }

    private static void Add(NpgsqlCommand command, object values, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = values, NpgsqlDbType = NpgsqlDbType.Array | type });

    private void RunProgram(string program, params string[] arguments)
    {
        string path = Path.Combine(programs, program);
        if (Environment.UserName == "root") Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else Run(path, arguments);
    }

    private static void Run(string program, params string[] arguments)
    {
        // The server outlives pg_ctl and would hold a pipe open.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", program, program, .. arguments])
        {
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{Path.GetFileName(program)} ended with {process.ExitCode}");
    }
}
