// A directory in memory that knows what is durable: contents since the last flush and names since the last directory flush are not.
// Used by the tests of the segment journal; fails where it is told to.
using Refold.Segments;

namespace Refold.Suites;

internal sealed class MemoryDevice : IStorageDevice
{
    private readonly Lock gate = new();
    private Dictionary<string, Node> names = new(StringComparer.Ordinal);
    private Dictionary<string, Node> durableNames = new(StringComparer.Ordinal);
    private bool locked;

    /// <summary>Flushes return without doing anything, as the durability check must notice.</summary>
    public bool SkipsFlush { get; init; }

    /// <summary>Asked before each operation (create, write, flush, ...) on a name; what it returns is thrown.</summary>
    public Func<string, string, Exception?> Fails { get; set; } = (_, _) => null;

    /// <summary>Asked before each read of so many bytes at an offset of a file; what it returns is thrown.</summary>
    public Func<string, long, int, Exception?> ReadFails { get; set; } = (_, _, _) => null;

    /// <summary>Called when a flush of a file has begun.</summary>
    public Action<string> Flushing { get; set; } = _ => { };

    public int Writes { get; private set; }

    public string Place => "memory";

    public bool Exists { get; set; } = true;

    /// <summary>A device on which a power cut left only what is durable.</summary>
    public MemoryDevice AfterPowerCut()
    {
        lock (gate)
        {
            var survivors = durableNames.ToDictionary(
                pair => pair.Key, pair => new Node(pair.Key, pair.Value.Durable), StringComparer.Ordinal);
            return new MemoryDevice { names = survivors, durableNames = new(survivors, StringComparer.Ordinal) };
        }
    }

    /// <summary>A device with other bytes in some of the files.</summary>
    public MemoryDevice With(string name, byte[] content)
    {
        var copy = Copy();
        copy.Put(name, content);
        return copy;
    }

    /// <summary>Puts a file there, durably.</summary>
    public void Put(string name, byte[] content)
    {
        lock (gate) names[name] = durableNames[name] = new Node(name, content);
    }

    /// <summary>A device with the same files, all of them durable.</summary>
    public MemoryDevice Copy()
    {
        lock (gate)
        {
            var copies = names.ToDictionary(pair => pair.Key, pair => new Node(pair.Key, pair.Value.Content), StringComparer.Ordinal);
            return new MemoryDevice { names = copies, durableNames = new(copies, StringComparer.Ordinal) };
        }
    }

    public byte[] Content(string name)
    {
        lock (gate) return [.. names[name].Content];
    }

    public IReadOnlyList<string> List()
    {
        lock (gate) return [.. names.Keys.Order(StringComparer.Ordinal)];
    }

    public void CreateDirectory() => Ask("directory", "");

    public IStorageFile Open(string name, bool writable)
    {
        Ask("open", name);
        lock (gate) return new Handle(this, names.TryGetValue(name, out var node) ? node : throw new FileNotFoundException(name));
    }

    public IStorageFile Create(string name)
    {
        Ask("create", name);
        lock (gate)
        {
            var node = new Node(name, []);
            if (!names.TryAdd(name, node)) throw new IOException(name + " is there.");
            return new Handle(this, node);
        }
    }

    public void Rename(string from, string to)
    {
        Ask("rename", to);
        lock (gate)
        {
            names.Remove(from, out var node);
            node!.Name = to;
            names.Add(to, node);
        }
    }

    public void Delete(string name)
    {
        Ask("delete", name);
        lock (gate) names.Remove(name);
    }

    public void FlushDirectory()
    {
        Ask("flush directory", "");
        lock (gate) durableNames = new(names, StringComparer.Ordinal);
    }

    public IStorageLock? TryLock(string name)
    {
        Ask("lock", name);
        lock (gate)
        {
            if (locked) return null;
            locked = true;
            return new Held(this);
        }
    }

    private void Ask(string operation, string name)
    {
        if (Fails(operation, name) is { } failure) throw failure;
    }

    private sealed class Node(string name, byte[] content)
    {
        public string Name { get; set; } = name;

        public byte[] Content { get; set; } = [.. content];

        public byte[] Durable { get; set; } = content;
    }

    private sealed class Held(MemoryDevice device) : IStorageLock
    {
        public bool TryHold(string name)
        {
            device.Ask("hold", name);
            return true;
        }

        public void RequireHeld(string? file) => device.Ask("require", file ?? "");

        public void Dispose() => device.locked = false;
    }

    private sealed class Handle(MemoryDevice device, Node node) : IStorageFile
    {
        private bool disposed;

        public long Length => node.Content.Length;

        public int Read(Span<byte> destination, long offset)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (device.ReadFails(node.Name, offset, destination.Length) is { } failure) throw failure;
            lock (device.gate)
            {
                var source = node.Content.AsSpan((int)Math.Min(offset, node.Content.Length));
                source = source[..Math.Min(source.Length, destination.Length)];
                source.CopyTo(destination);
                return source.Length;
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            device.Ask("write", node.Name);
            lock (device.gate)
            {
                device.Writes++;
                var end = (int)offset + bytes.Length;
                var content = new byte[Math.Max(end, node.Content.Length)];
                node.Content.CopyTo(content, 0);
                bytes.CopyTo(content.AsSpan((int)offset));
                node.Content = content;
            }
        }

        public void Flush()
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            byte[] written;
            lock (device.gate) written = node.Content;
            device.Flushing(node.Name);
            device.Ask("flush", node.Name);
            lock (device.gate)
            {
                if (!device.SkipsFlush) node.Durable = written;
            }
        }

        public void Dispose() => disposed = true;
    }
}
