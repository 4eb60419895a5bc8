// A file that is none: the log of a database that is only being made, or tried out.
// Made by Database and Probe.
namespace Refold.LiteDb.Storage;

/// <summary>A file in memory. Used by one thread at a time.</summary>
internal sealed class MemoryFile : IDatabaseFile
{
    private readonly MemoryStream content = new();

    public long Length => content.Length;

    public string? Displaced => null;

    public int Read(Span<byte> destination, long offset)
    {
        content.Position = offset;
        return content.Read(destination);
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        content.Position = offset;
        content.Write(bytes);
    }

    public void SetLength(long length) => content.SetLength(length);

    public void Flush()
    {
        // There is no device.
    }

    public void Dispose() => content.Dispose();
}
