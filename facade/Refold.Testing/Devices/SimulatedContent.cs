// The bytes of one simulated file: what reads see, what is durable, and the writes between the two.
// Used by SimulatedDevice, under its lock.
namespace Refold.Testing;

/// <summary>A file without its name.</summary>
internal sealed class SimulatedContent
{
    /// <summary>What a device writes as a whole: each sector is old or new after a power cut.</summary>
    public const int SectorBytes = 512;

    private const int BlockBytes = 4096;

    private readonly List<(int Offset, byte[] Bytes)> pending = [];
    private byte[] cache = [];
    private byte[] durable = [];

    // For each byte the index of the operation that made its value durable. Copies share it: it is replaced, never changed.
    private long[] since = [];

    /// <summary>The name it was last seen under, for messages.</summary>
    public required string Name { get; set; }

    public ReadOnlySpan<byte> Cache => cache;

    public int DurableLength => durable.Length;

    /// <summary>The ranges that the next flush makes durable.</summary>
    public IEnumerable<(int Offset, int Length)> Unflushed => pending.Select(write => (write.Offset, write.Bytes.Length));

    public int Read(Span<byte> destination, long offset)
    {
        var source = cache.AsSpan((int)Math.Min(offset, cache.Length));
        source = source[..Math.Min(source.Length, destination.Length)];
        source.CopyTo(destination);
        return source.Length;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty) return;
        var write = (Offset: checked((int)offset), Bytes: bytes.ToArray());
        Put(ref cache, write.Offset, write.Bytes);
        pending.Add(write);
    }

    public void Flush(long index)
    {
        byte[] flushed = [.. durable];
        foreach (var (offset, bytes) in pending) Put(ref flushed, offset, bytes);
        // The length is metadata: it becomes durable also where pages of a failed flush were dropped.
        Array.Resize(ref flushed, cache.Length);
        Settle(flushed, index);
        pending.Clear();
    }

    /// <summary>The operation that first made durable what lies in these ranges now; zeros, with which files are prepared, aside.</summary>
    public long? DurableSince(IEnumerable<(int Offset, int Length)> ranges)
    {
        var first = long.MaxValue;
        foreach (var (offset, length) in ranges)
        {
            var bytes = durable.AsSpan(offset, length);
            var indices = since.AsSpan(offset, length);
            for (var at = 0; at < bytes.Length; at++)
            {
                if (bytes[at] != 0 && indices[at] < first) first = indices[at];
            }
        }

        return first == long.MaxValue ? null : first;
    }

    /// <summary>Each sector is made durable or dropped, and none of them waits to be written any more.</summary>
    public void FailFlush(SeededRng rng, long index)
    {
        Settle(Survivors(rng, current: true), index);
        pending.Clear();
    }

    /// <summary>Forgets what is in memory only: reads show the medium where nothing waits to be written.</summary>
    public void Evict()
    {
        var length = cache.Length;
        cache = [.. durable];
        foreach (var (offset, bytes) in pending) Put(ref cache, offset, bytes);
        Array.Resize(ref cache, length);
    }

    /// <summary>The same in another process of the same machine.</summary>
    public SimulatedContent Copy()
    {
        var copy = new SimulatedContent { Name = Name, cache = [.. cache], durable = [.. durable], since = since };
        copy.pending.AddRange(pending);
        return copy;
    }

    /// <summary>What a power cut leaves, all of it durable.</summary>
    public SimulatedContent AfterCrash(Keep keep, SeededRng rng, long index)
    {
        var bytes = keep.Which switch
        {
            Keep.Choice.None => [.. durable],
            Keep.Choice.All => Survivors(null, current: true),
            _ => Survivors(rng, current: false),
        };
        if (keep.GarblesBlocks) Garble(bytes, rng);
        var left = new SimulatedContent { Name = Name, cache = bytes, durable = durable, since = since };
        left.Settle([.. bytes], index);
        return left;
    }

    /// <summary>Damage: changes bytes for reads and on the medium alike.</summary>
    public void Damage(int offset, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(cache.AsSpan(offset));
        bytes.CopyTo(durable.AsSpan(offset));
    }

    /// <summary>Durable bytes, and of each unflushed sector one version: all of its writes or, unless current, some of the first;
    /// none.</summary>
    private byte[] Survivors(SeededRng? rng, bool current)
    {
        var bytes = new byte[Math.Max(cache.Length, durable.Length)];
        durable.CopyTo(bytes, 0);
        var writes = new SortedDictionary<int, List<(int Offset, byte[] Bytes)>>();
        foreach (var write in pending)
        {
            for (var sector = write.Offset / SectorBytes; sector <= (write.Offset + write.Bytes.Length - 1) / SectorBytes; sector++)
            {
                if (!writes.TryGetValue(sector, out var list)) writes[sector] = list = [];
                list.Add(write);
            }
        }

        foreach (var (sector, versions) in writes)
        {
            var kept = rng is null ? versions.Count : current ? rng.NextBoolean() ? versions.Count : 0 : rng.Between(0, versions.Count);
            var (start, end) = (sector * SectorBytes, Math.Min(bytes.Length, (sector + 1) * SectorBytes));
            foreach (var (offset, written) in versions.Take(kept))
            {
                var (from, to) = (Math.Max(start, offset), Math.Min(end, offset + written.Length));
                written.AsSpan(from - offset, to - from).CopyTo(bytes.AsSpan(from));
            }
        }

        if (rng is not null && bytes.Length > durable.Length) Array.Resize(ref bytes, Length(rng));
        return bytes;
    }

    /// <summary>A growing file has its old length, its new one, or one between.</summary>
    private int Length(SeededRng rng) => rng.Between(0, 2) switch
    {
        0 => durable.Length,
        1 => cache.Length,
        _ => Math.Clamp(rng.Between(durable.Length / SectorBytes, cache.Length / SectorBytes) * SectorBytes, durable.Length, cache.Length),
    };

    private void Settle(byte[] bytes, long index)
    {
        var indices = new long[bytes.Length];
        since.AsSpan(0, Math.Min(since.Length, indices.Length)).CopyTo(indices);
        var both = Math.Min(durable.Length, bytes.Length);
        for (var at = 0; at < both;)
        {
            at += bytes.AsSpan(at, both - at).CommonPrefixLength(durable.AsSpan(at, both - at));
            if (at < both) indices[at++] = index;
        }

        indices.AsSpan(both).Fill(index);
        (durable, since) = (bytes, indices);
    }

    private void Garble(byte[] bytes, SeededRng rng)
    {
        var blocks = pending.SelectMany(
            write => Enumerable.Range(
            write.Offset / BlockBytes, (write.Offset + write.Bytes.Length - 1) / BlockBytes - write.Offset / BlockBytes + 1));
        foreach (var block in blocks.Distinct().Order())
        {
            var start = Math.Min(bytes.Length, block * BlockBytes);
            var garbled = bytes.AsSpan(start, Math.Min(BlockBytes, bytes.Length - start));
            if (rng.Chance(0.5)) rng.Fill(rng.NextBoolean() ? garbled : garbled[rng.Between(0, garbled.Length)..]);
        }
    }

    private static void Put(ref byte[] target, int offset, byte[] bytes)
    {
        if (target.Length < offset + bytes.Length) Array.Resize(ref target, offset + bytes.Length);
        bytes.CopyTo(target, offset);
    }
}
