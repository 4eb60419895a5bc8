// The files of a LiteDB journal in memory, which remember every write, flush, cut and rename, so that
// power can be taken away at any of them.
// Used by the tests of power cuts and faults.
using Refold.LiteDb.Storage;

namespace Refold.Suites;

/// <summary>Files whose history is kept. Safe for use by many threads.</summary>
/// <param name="contents">What is there, and durable, to begin with.</param>
internal sealed class SimulatedFiles(IReadOnlyDictionary<FileRole, byte[]>? contents = null) : IDatabaseFiles
{
    private readonly Lock gate = new();
    private readonly Dictionary<FileRole, byte[]> before = contents is null ? [] : new(contents);
    private readonly Dictionary<FileRole, SimulatedFile> files =
        contents?.ToDictionary(item => item.Key, item => new SimulatedFile(item.Value)) ?? [];

    private readonly HashSet<FileRole> open = [];
    private readonly List<FileOperation> history = [];

    /// <summary>Asked before each operation; what it returns is thrown.</summary>
    public Func<FileOperation, Exception?> Fails { get; set; } = _ => null;

    /// <summary>Asked whenever somebody looks whether a file is in its place; what it returns is thrown.</summary>
    public Func<Exception?> LookFails { get; set; } = () => null;

    /// <summary>Called after each operation.</summary>
    public Action<FileOperation> Done { get; set; } = _ => { };

    /// <summary>Flushes of this file do nothing, as in a LiteDB without this adapter.</summary>
    public FileRole? NeverFlushed { get; init; }

    public string Place => "simulated.db";

    /// <summary>What was done until now.</summary>
    public IReadOnlyList<FileOperation> History
    {
        get
        {
            lock (gate) return [.. history];
        }
    }

    /// <summary>How many operations there were.</summary>
    public int Count
    {
        get
        {
            lock (gate) return history.Count;
        }
    }

    /// <summary>What a process that was killed now leaves.</summary>
    public Dictionary<FileRole, byte[]> Contents()
    {
        lock (gate) return files.ToDictionary(item => item.Key, item => item.Value.Bytes.ToArray());
    }

    /// <summary>How long a file is.</summary>
    public long Length(FileRole role)
    {
        lock (gate) return files[role].Bytes.Count;
    }

    /// <summary>The files after a crash behind so many operations.</summary>
    public SimulatedFiles Crash(int operations, Loss loss, Random random) =>
        new(PowerCut.Image(before, History.Take(operations), loss, random)) { NeverFlushed = NeverFlushed };

    public bool Exists(FileRole role)
    {
        lock (gate) return files.ContainsKey(role);
    }

    public IDatabaseFile? Open(FileRole role, Opening opening)
    {
        lock (gate)
        {
            if (!files.ContainsKey(role))
            {
                if (opening != Opening.Creator) throw new FileNotFoundException("It is not there (simulated).");
                Act(new FileOperation(FileVerb.Create, role));
            }

            return open.Add(role) ? new Handle(this, role, files[role]) : null;
        }
    }

    public void Promote(bool replace)
    {
        lock (gate)
        {
            if (!replace && files.ContainsKey(FileRole.Data)) throw new IOException("It is there (simulated).");
            Act(new FileOperation(FileVerb.Rename, FileRole.New));
        }
    }

    public void Delete(FileRole role)
    {
        lock (gate) Act(new FileOperation(FileVerb.Delete, role));
    }

    public void FlushDirectory()
    {
        lock (gate) Act(new FileOperation(FileVerb.FlushDirectory, FileRole.Data));
    }

    private void Act(FileOperation operation)
    {
        lock (gate)
        {
            if (Fails(operation) is { } failure) throw failure;
            if (operation.Verb == FileVerb.Flush && operation.Role == NeverFlushed) return;
            PowerCut.Apply(files, operation);
            history.Add(operation);
            Done(operation);
        }
    }

    private sealed class Handle(SimulatedFiles device, FileRole role, SimulatedFile file) : IDatabaseFile
    {
        private FileRole Role => device.files.First(item => item.Value == file).Key;

        public string? Displaced
        {
            get
            {
                if (device.LookFails() is { } failure) throw failure;
                lock (device.gate) return device.files.ContainsValue(file) ? null : role.ToString();
            }
        }

        public long Length
        {
            get
            {
                lock (device.gate) return file.Bytes.Count;
            }
        }

        public int Read(Span<byte> destination, long offset)
        {
            lock (device.gate)
            {
                var count = (int)Math.Clamp(file.Bytes.Count - offset, 0, destination.Length);
                System.Runtime.InteropServices.CollectionsMarshal.AsSpan(file.Bytes)
                    .Slice((int)Math.Min(offset, file.Bytes.Count), count)
                    .CopyTo(destination);
                return count;
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) =>
            device.Act(new FileOperation(FileVerb.Write, Role) { Offset = offset, Bytes = bytes.ToArray() });

        public void SetLength(long length) => device.Act(new FileOperation(FileVerb.SetLength, Role) { Offset = length });

        public void Flush() => device.Act(new FileOperation(FileVerb.Flush, Role));

        public void Dispose()
        {
            lock (device.gate) device.open.Remove(role);
        }
    }
}

/// <summary>A file in memory.</summary>
internal sealed class SimulatedFile(byte[] content)
{
    public List<byte> Bytes { get; } = [.. content];
}
