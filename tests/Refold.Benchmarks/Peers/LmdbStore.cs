// An event store in LMDB: entries by position, and positions by stream and version. Each commit is flushed.
// The peer of appending in batches.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LightningDB;

namespace Refold.Benchmarks.Peers;

/// <summary>Two databases in one environment.</summary>
internal sealed class LmdbStore : IDisposable
{
    private const long MapBytes = 8L * 1024 * 1024 * 1024;

    private readonly LightningEnvironment environment;
    private readonly LightningDatabase entries;
    private readonly LightningDatabase places;
    private readonly Dictionary<StreamId, (uint Number, long Version)> streams = [];
    private long position;

    private static readonly Lazy<string?> Problem = new(FindLibrary);

    /// <summary>Why it cannot be asked; null where it can.</summary>
    public static string? Missing => Problem.Value;

    public LmdbStore(string folder)
    {
        environment = new LightningEnvironment(folder, new EnvironmentConfiguration { MapSize = MapBytes, MaxDatabases = 2 });
        environment.Open();
        using var transaction = environment.BeginTransaction();
        entries = transaction.OpenDatabase("entries", new DatabaseConfiguration { Flags = DatabaseOpenFlags.Create });
        places = transaction.OpenDatabase("places", new DatabaseConfiguration { Flags = DatabaseOpenFlags.Create });
        transaction.Commit();
    }

    /// <summary>Puts entries in one transaction.</summary>
    public void Append(ReadOnlySpan<EntryData> batch)
    {
        using var transaction = environment.BeginTransaction();
        Span<byte> at = stackalloc byte[8], place = stackalloc byte[12];
        foreach (var entry in batch)
        {
            if (!streams.TryGetValue(entry.Stream, out var stream)) stream = ((uint)streams.Count, 0);
            stream.Version++;
            streams[entry.Stream] = stream;
            BinaryPrimitives.WriteInt64BigEndian(at, ++position);
            BinaryPrimitives.WriteUInt32BigEndian(place, stream.Number);
            BinaryPrimitives.WriteInt64BigEndian(place[4..], stream.Version);
            Check(transaction.Put(entries, at, entry.Payload.Span, PutOptions.AppendData));
            Check(transaction.Put(places, place, at, PutOptions.None));
        }

        Check(transaction.Commit());
    }

    public void Dispose()
    {
        entries.Dispose();
        places.Dispose();
        environment.Dispose();
    }

    // The library in the package needs glibc 2.38; where that is not, the system's own is taken.
    private static string? FindLibrary()
    {
        var assembly = typeof(LightningEnvironment).Assembly;
        if (NativeLibrary.TryLoad("lmdb", assembly, null, out nint own))
        {
            NativeLibrary.Free(own);
            return null;
        }

        if (!NativeLibrary.TryLoad("liblmdb.so.0", out nint found))
            return "the LMDB library of its package does not load here, and there is no liblmdb.so.0 (Debian: liblmdb0)";
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == "lmdb" ? found : 0);
        return null;
    }

    private static void Check(MDBResultCode code)
    {
        if (code != MDBResultCode.Success) throw new InvalidOperationException($"LMDB answered {code}.");
    }
}
