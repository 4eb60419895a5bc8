// What LiteDB sees of a file: whole pages, written when asked, flushed when asked; and what it did, for the judgement after a failure.
// Made by Database for the data file; LogStream is the one for the log.
namespace Refold.LiteDb.Storage;

/// <summary>A stream over a file. LiteDB locks it for each read and write, so it keeps no state of its
/// own that several threads use.</summary>
/// <param name="file">The file; not disposed with the stream, because the lock on it outlives an engine.</param>
internal class EngineStream(IDatabaseFile file) : Stream
{
    /// <summary>The size of LiteDB's pages in bytes.</summary>
    public const int PageSize = 8192;

    /// <summary>Whether LiteDB may write yet: what is refused when it is opened is not changed.</summary>
    public bool IsWritable { get; set; }

    /// <summary>Whether a flush failed: then nothing that was written since the last good one can be relied
    /// on, and no flush is repeated.</summary>
    public bool IsInDoubt { get; protected set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    /// <summary>The length in whole pages: LiteDB would cut off the rest at once, also where it was opened for reading.</summary>
    public override long Length => File.Length / PageSize * PageSize;

    public override long Position { get; set; }

    /// <summary>The file itself.</summary>
    public IDatabaseFile File { get; } = file;

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = File.Read(buffer, Position);
        Position += read;
        return read;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        RequireWritable();
        File.Write(buffer, Position);
        Position += buffer.Length;
    }

    public override void Flush()
    {
        RequireWritable();
        try
        {
            File.Flush();
        }
        catch
        {
            IsInDoubt = true;
            throw;
        }
    }

    public override void SetLength(long value)
    {
        RequireWritable();
        File.SetLength(value);
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    protected void RequireWritable()
    {
        // After a failed flush LiteDB may still try to mark the file as damaged: nothing is written any more.
        if (!IsWritable || IsInDoubt) throw new InvalidOperationException("The file is not written now.");
    }
}
