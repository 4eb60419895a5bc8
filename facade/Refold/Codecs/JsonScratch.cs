// The JSON of a value that is only compared, in a buffer that a thread keeps.
// Called by JsonForm.
using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

internal sealed class JsonScratch
{
    // Beyond that a buffer is not kept.
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static JsonScratch? kept;

    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private JsonSerializerOptions? options;
    private Utf8JsonWriter? writer;

    /// <summary>Whether the serializer writes these bytes for a value.</summary>
    public static bool Writes<T>(T value, JsonTypeInfo<T> typeInfo, ReadOnlySpan<byte> json)
    {
        var scratch = Lend();
        var isSame = scratch.Write(value, typeInfo).Span.SequenceEqual(json);
        scratch.GiveBack();
        return isSame;
    }

    /// <summary>The scratch of the thread, until it is given back. Lent again meanwhile, as what is written may itself call a codec, it is
    /// another one. One that is not given back is lost, and nothing else.</summary>
    public static JsonScratch Lend()
    {
        var scratch = kept ?? new JsonScratch();
        kept = null;
        return scratch;
    }

    /// <summary>Ends the loan: what was written may no longer be used.</summary>
    public void GiveBack()
    {
        if (buffer.Capacity <= MostKept) kept = this;
    }

    /// <summary>What the serializer writes for a value, valid until the next one or the end of the loan.</summary>
    public ReadOnlyMemory<byte> Write<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        buffer.ResetWrittenCount();
        // Two codecs have options of their own, and mostly one way to write.
        if (writer is null || options is null || !ReferenceEquals(options.Encoder, typeInfo.Options.Encoder)
            || options.MaxDepth != typeInfo.Options.MaxDepth)
        {
            options = typeInfo.Options;
            // As the serializer makes one of its own.
            writer = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Encoder = options.Encoder, MaxDepth = options.MaxDepth, SkipValidation = true });
        }
        else
        {
            writer.Reset(buffer);
        }

        JsonSerializer.Serialize(writer, value, typeInfo);
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
