// Functions of codecs that keep what they were lent, or use an array again: no payload that was taken changes.
// Run by `dotnet test`.
using System.Buffers;
using System.Buffers.Binary;
using Xunit;

namespace Refold.Tests.Codecs;

public class KeptBufferTests
{
    /// <summary>The function that had a writer does not get into the payload of the next one with it.</summary>
    [Fact]
    public void AWriterThatWasKept_RefusesAlsoWhileTheNextPayloadIsWritten()
    {
        IBufferWriter<byte>? kept = null;
        var late = 0;
        var codec = Codec.Create<int>(
            "kept",
            (value, writer) =>
            {
                if (kept is not null)
                {
                    Assert.Throws<InvalidOperationException>(() => kept.GetSpan(4));
                    Assert.Throws<InvalidOperationException>(() => kept.Advance(1));
                    late++;
                }

                kept ??= writer;
                BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan(4), value);
                writer.Advance(4);
            },
            payload => BinaryPrimitives.ReadInt32LittleEndian(payload));
        for (var value = 1; value <= 3; value++) Assert.Equal(value, codec.Decode(codec.Encode(value)));
        Assert.InRange(late, 2, int.MaxValue);
    }

    /// <summary>A payload that was taken stays, whatever the function does with its array.</summary>
    [Fact]
    public void AnArrayThatIsUsedAgain_ChangesNoPayloadThatWasTaken()
    {
        var array = new byte[4];
        var codec = Codec.Create<int>(
            "again",
            value =>
            {
                BinaryPrimitives.WriteInt32LittleEndian(array, value);
                return array;
            },
            payload => BinaryPrimitives.ReadInt32LittleEndian(payload.Span));
        var payloads = Enumerable.Range(1, 3).Select(codec.Encode).ToList();
        Assert.Equal([1, 2, 3], payloads.Select(codec.Decode));
    }
}
