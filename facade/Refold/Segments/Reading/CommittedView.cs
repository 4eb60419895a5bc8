// A journal's directory as COMMIT spoke of it at one moment, while its writer goes on.
// Made by OpenedDirectory when a reader found the journal changing under its eyes.
namespace Refold.Segments;

/// <summary>Reads a device; bytes behind the end that COMMIT names are zeros, and segments behind it are not there.</summary>
/// <param name="device">The device.</param>
/// <param name="commit">The bytes of COMMIT.</param>
/// <param name="slot">What they say.</param>
internal sealed class CommittedView(IStorageDevice device, byte[] commit, Format.CommitSlot slot) : IStorageDevice
{
    /// <summary>The device itself.</summary>
    public IStorageDevice Device => device;

    public string Place => device.Place;

    public bool Exists => device.Exists;

    /// <summary>The view of this moment; the device itself where COMMIT says nothing.</summary>
    public static IStorageDevice Of(IStorageDevice device) =>
        CommitFile.ReadBytes(device) is { } bytes && Format.Commit.read(bytes) is { IsOk: true, ResultValue.Slot: { } slot }
            ? new CommittedView(device, bytes, slot.Value)
            : device;

    public IReadOnlyList<string> List() => [.. device.List().Where(name => !IsBehind(name))];

    public IStorageFile Open(string name, bool writable)
    {
        if (writable) throw Refused();
        if (name == Format.FileName.commit) return new Part(null, commit, commit.Length);
        var file = device.Open(name, writable: false);
        return name == slot.Segment.ToString() ? new Part(file, [], slot.EndOffset) : file;
    }

    public void CreateDirectory() => throw Refused();

    public IStorageFile Create(string name) => throw Refused();

    public void Rename(string from, string to) => throw Refused();

    public void Delete(string name) => throw Refused();

    public void FlushDirectory() => throw Refused();

    public IStorageLock? TryLock(string name) => throw Refused();

    /// <summary>Whether a segment, or what a checkpoint covers, came after what COMMIT says.</summary>
    private bool IsBehind(string name) =>
        (Format.FileName.trySegment(name) is { } segment && segment.Value.CompareTo(slot.Segment) > 0)
        || (
            Format.FileName.tryCheckpoint(name) is { } checkpoint
                && (checkpoint.Value.Item1 != slot.SetGeneration || checkpoint.Value.Item2 > slot.LastFrame));

    private static UnauthorizedAccessException Refused() => new("A view for reading.");

    /// <summary>A file of which the bytes from an offset on read as zeros; without one, bytes that were read before.</summary>
    private sealed class Part(IStorageFile? file, byte[] bytes, long end) : IStorageFile
    {
        public long Length => file?.Length ?? bytes.Length;

        public int Read(Span<byte> destination, long offset)
        {
            var count = (int)Math.Clamp(Length - offset, 0, destination.Length);
            var there = destination[..(int)Math.Clamp(end - offset, 0, count)];
            if (file is null) bytes.AsSpan((int)Math.Min(offset, end), there.Length).CopyTo(there);
            else if (!there.IsEmpty && file.Read(there, offset) is var read && read < there.Length) return read;
            destination[there.Length..count].Clear();
            return count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => throw Refused();

        public void Flush() => throw Refused();

        public void Dispose() => file?.Dispose();
    }
}
