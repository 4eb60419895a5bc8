// Encoding by a function that writes into a buffer writer, one for each codec.
// Made by Codec.Create; called by Codec<T>.
using System.Buffers;

namespace Refold;

/// <summary>Value to the name and bytes of a payload. Where a writer is there, the bytes may lie in it and be valid until it is lent
/// again; otherwise they stay. The value is not changed: it may be large.</summary>
internal delegate (string Type, ReadOnlyMemory<byte> Payload) PayloadEncoding<T>(ref T value, Core.PayloadWriter? writer);

internal sealed class SpanEncoding<T>(string typeName, Action<T, IBufferWriter<byte>> encode)
{
    private readonly Core.PayloadWriters writers = new();

    public (string Type, ReadOnlyMemory<byte> Payload) Encode(ref T value, Core.PayloadWriter? writer)
    {
        if (writer is not null) return (typeName, Write(ref value, writer));
        var own = writers.Take();
        // A copy: the function may keep the writer.
        var payload = Write(ref value, own).ToArray();
        writers.GiveBack(own);
        return (typeName, payload);
    }

    private ReadOnlyMemory<byte> Write(ref T value, Core.PayloadWriter writer)
    {
        writer.Lend();
        try
        {
            encode(value, writer);
        }
        finally
        {
            writer.Take();
        }

        return writer.Written;
    }
}
