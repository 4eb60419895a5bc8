// Reading, writing and flushing the files of a simulated device.
// Called by stores through IStorageFile.
using Refold.Segments;

namespace Refold.Testing;

public sealed partial class SimulatedDevice
{
    private int Read(SimulatedContent content, Span<byte> destination, long offset)
    {
        var operation = Begin(StorageOperationKind.Read, content.Name, offset, destination.Length);
        lock (gate)
        {
            var fault = Enter(operation);
            return fault == StorageFault.None ? content.Read(destination, offset) : throw Failure(fault);
        }
    }

    private void Write(SimulatedContent content, ReadOnlySpan<byte> bytes, long offset)
    {
        var operation = Begin(StorageOperationKind.Write, content.Name, offset, bytes.Length);
        lock (gate)
        {
            var fault = Enter(operation);
            if (fault == StorageFault.None && !stopped && !AllocatesAtFlush && IsFull(content, offset + bytes.Length)) fault = NoRoom();
            if (fault == StorageFault.WritesShort) bytes = bytes[..rng.Between(0, Math.Max(0, bytes.Length - 1))];
            if (fault is StorageFault.None or StorageFault.WritesShort) content.Write(bytes, offset);
            if (stopped || fault != StorageFault.None) throw Failure(fault);
        }
    }

    private void Flush(SimulatedContent content)
    {
        var operation = Begin(StorageOperationKind.Flush, content.Name);
        lock (gate)
        {
            var fault = Enter(operation);
            if (stopped) throw Failure(fault);
            if (fault == StorageFault.None && SkipsFlush(operation)) return;
            if (fault == StorageFault.None && AllocatesAtFlush && IsFull(content, content.Cache.Length)) fault = NoRoom();
            if (fault != StorageFault.None)
            {
                content.FailFlush(rng, count - 1);
                LossCount++;
                throw Failure(fault);
            }

            var ranges = content.Unflushed.ToList();
            content.Flush(count - 1);
            flushes[content.Name] = count - 1;
            Remember(content, ranges);
        }
    }

    /// <summary>Whether a file of this length has no room beside the others.</summary>
    private bool IsFull(SimulatedContent content, long length)
    {
        if (Capacity is not { } capacity) return false;
        var own = AllocatesAtFlush ? content.DurableLength : content.Cache.Length;
        var others = names.Names.Values.Concat(names.Durable)
            .Distinct()
            .Where(other => other != content)
            .Sum(other => (long)(AllocatesAtFlush ? other.DurableLength : other.Cache.Length));
        return length > own && others + length > capacity;
    }

    private StorageFault NoRoom()
    {
        FaultCount++;
        return StorageFault.NoRoom;
    }

    private sealed class SimulatedFile(SimulatedDevice device, SimulatedContent content, bool writable) : IStorageFile
    {
        private bool disposed;

        public long Length
        {
            get
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                lock (device.gate)
                {
                    device.RequireRunning();
                    return content.Cache.Length;
                }
            }
        }

        public int Read(Span<byte> destination, long offset)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return device.Read(content, destination, offset);
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            RequireWritable();
            device.Write(content, bytes, offset);
        }

        public void Flush()
        {
            RequireWritable();
            device.Flush(content);
        }

        public void Dispose() => disposed = true;

        private void RequireWritable()
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (!writable) throw new UnauthorizedAccessException("The file was opened for reading.");
        }
    }
}
