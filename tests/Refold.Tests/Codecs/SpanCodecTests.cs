// Codecs over spans and buffer writers: the same as codecs over arrays, and what becomes of functions that misuse writer and span.
// Run by `dotnet test`.
using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace Refold.Tests.Codecs;

public class SpanCodecTests
{
    private static readonly Codec<long> Amount = Codec.Create<long>("moved", Write, Read);

    private static readonly Codec<long> AmountOfArrays = Codec.Create<long>(
        "moved",
        value =>
        {
            var writer = new ArrayBufferWriter<byte>();
            Write(value, writer);
            return writer.WrittenMemory;
        },
        payload => Read(payload.Span));

    [Fact]
    public void WhatIsWritten_IsRead()
    {
        Assert.Equal(new Encoded("moved", 1, new byte[] { 5, 0, 0, 0, 0, 0, 0, 0 }), Amount.Encode(5));
        Assert.Equal(5, Amount.Decode(Amount.Encode(5)));
        Assert.Equal(5, Amount.Decode(new JournalEntry(1, 1, 1, new EntryData("s", "moved", Amount.Encode(5).Payload))));
        Assert.Equal(["moved"], Amount.TypeNames);
    }

    [Fact]
    public void ABrokenRuleOfTheName_IsRefusedWhenBuilt()
    {
        Assert.Throws<ArgumentException>(() => Codec.Create<long>("", Write, Read));
        Assert.Throws<ArgumentOutOfRangeException>(() => Codec.Create<long>("n", Write, Read, 0));
        Assert.ThrowsAny<ArgumentException>(() => Codec.Create(null!, (Action<long, IBufferWriter<byte>>)Write, Read));
        Assert.Throws<ArgumentNullException>(() => Codec.Create("n", (Action<long, IBufferWriter<byte>>)null!, Read));
        Assert.Throws<ArgumentNullException>(() => Codec.Create("n", (Action<long, IBufferWriter<byte>>)Write, null!));
    }

    /// <summary>Payloads of a few bytes under types and versions, and values that are refused: one outcome in both forms.</summary>
    [Fact]
    public void EveryOutcome_IsThatOfArrays_UnderEveryChange()
    {
        var changes = new Func<Codec<long>, Codec<long>>[]
        {
            codec => codec,
            codec => codec.WithVersion("moved", 2),
            codec => codec.WithVersion("moved", 3).WithUpcast("moved", 2, payload => payload[1..])
                .WithUpcast("moved", 1, payload => payload.Length > 4 ? payload[..^1] : throw new InvalidOperationException("short")),
            codec => codec.WithRedaction("$.a"),
            codec => codec.WithVersion("moved", 2).WithUpcast("moved", 1, payload => payload).WithRedaction(),
        };
        var rng = SeededRng.FromSeed(7);
        foreach (var change in changes)
        {
            var (spans, arrays) = (change(Amount), change(AmountOfArrays));
            for (var number = 0; number < 200; number++)
            {
                long value = number < 20 ? number - 5 : rng.Between(int.MinValue, int.MaxValue);
                Assert.Equal(Outcome(() => arrays.Encode(value)), Outcome(() => spans.Encode(value)));
                var payload = rng.NextBoolean() ? BitConverter.GetBytes(value) : new byte[rng.Between(0, 12)];
                if (rng.Chance(0.2)) payload = """{"$redacted":{"a":"[redacted]"}}"""u8.ToArray();
                var encoded = new Encoded(rng.Pick(["moved", "moved", "other"]), rng.Between(1, 4), payload);
                Assert.Equal(Outcome(() => arrays.Decode(encoded)), Outcome(() => spans.Decode(encoded)));
            }
        }
    }

    [Fact]
    public void WhateverIsThrownWhileDecoding_IsUndecodable_ButForALackOfMemory()
    {
        var codec = Codec.Create<long>("moved", Write, payload => payload[0] switch
        {
            0 => throw new FormatException("no form"),
            1 => throw new InvalidOperationException("a mistake"),
            2 => throw new InsufficientMemoryException("gone"),
            _ => 1,
        });
        Assert.Equal("'moved' cannot be decoded: no form.", Refusal(codec, 0).Message);
        Assert.Equal("'moved' cannot be decoded: a mistake.", Refusal(codec, 1).Message);
        Assert.Equal("undecodable", Refusal(codec, 1).Code);
        Assert.Throws<InsufficientMemoryException>(() => codec.Decode(new Encoded("moved", 1, new byte[] { 2 })));

        static CodecException Refusal(Codec<long> codec, byte first) =>
            Assert.Throws<CodecException>(() => codec.Decode(new Encoded("moved", 1, new byte[] { first })));
    }

    [Fact]
    public void WhatAnEncoderThrows_IsAsInTheArrayForm_AndTheNextPayloadShowsNothingOfIt()
    {
        var codec = Codec.Create<long>(
            "moved",
            (value, writer) =>
            {
                writer.Write("half of it"u8);
                if (value == 1) throw new FormatException("no form");
                if (value == 2) throw new InvalidOperationException("a mistake");
            },
            _ => 0);
        Assert.Equal("unencodable", Assert.Throws<CodecException>(() => codec.Encode(1)).Code);
        Assert.Equal("a mistake", Assert.Throws<InvalidOperationException>(() => codec.Encode(2)).Message);
        Assert.Equal("half of it", Encoding.ASCII.GetString(codec.Encode(3).Payload.Span));
    }

    [Fact]
    public void APayloadOfNothing_IsOne()
    {
        var codec = Codec.Create<long>("nothing", (_, _) => { }, payload => payload.Length);
        Assert.Equal(0, codec.Encode(5).Payload.Length);
        Assert.Equal(0, codec.Decode(codec.Encode(5)));
    }

    [Fact]
    public void ALargePayload_GrowsTheWriter_AndWhatWasWrittenStays()
    {
        var codec = Codec.Create<int>(
            "large",
            (size, writer) =>
            {
                for (var place = 0; place < size; place++)
                {
                    writer.GetSpan()[0] = unchecked((byte)place);
                    writer.Advance(1);
                }
            },
            payload => payload.Length);
        foreach (var size in new[] { 0, 1, 255, 256, 257, 70_000, 3 })
        {
            var payload = codec.Encode(size).Payload;
            Assert.Equal(Enumerable.Range(0, size).Select(place => unchecked((byte)place)), payload.ToArray());
        }
    }

    [Fact]
    public void APlaceThatIsPassedOverAndNotWritten_IsZero_WhateverWasWrittenThereBefore()
    {
        var codec = Codec.Create<int>(
            "holes",
            (value, writer) =>
            {
                var bytes = value % 2 == 0 ? writer.GetSpan(300) : writer.GetMemory(300).Span;
                if (value < 2) bytes.Fill(0xFF);
                else bytes[0] = 1;
                writer.Advance(300);
            },
            payload => payload.Length);
        var filled = codec.Encode(0).Payload;
        Assert.All(filled.ToArray(), value => Assert.Equal(0xFF, value));
        byte[] one = [1, .. new byte[299]];
        Assert.Equal(one, codec.Encode(2).Payload.ToArray());
        codec.Encode(1);
        Assert.Equal(one, codec.Encode(3).Payload.ToArray());
        // A payload that was taken is not written into.
        Assert.All(filled.ToArray(), value => Assert.Equal(0xFF, value));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9)]
    [InlineData(int.MaxValue)]
    public void AnAdvanceBeyondWhatWasHandedOut_IsAMistakeOfTheEncoder(int count)
    {
        var codec = Codec.Create<long>(
            "moved",
            (_, writer) =>
            {
                writer.GetSpan(8).Fill(1);
                writer.Advance(count);
            },
            Read);
        Assert.ThrowsAny<Exception>(() => codec.Encode(1));
        var untouched = Codec.Create<long>("moved", (_, writer) => writer.Advance(1), Read);
        Assert.Throws<InvalidOperationException>(() => untouched.Encode(1));
        var negative = Codec.Create<long>("moved", (_, writer) => writer.GetSpan(-1), Read);
        Assert.Throws<ArgumentOutOfRangeException>(() => negative.Encode(1));
    }

    [Fact]
    public void AWriterThatIsKept_RefusesWhatComesAfterTheEncoder_AndChangesNoPayload()
    {
        var kept = new List<(IBufferWriter<byte> Writer, Memory<byte> Memory)>();
        var codec = Codec.Create<long>(
            "moved",
            (value, writer) =>
            {
                var memory = writer.GetMemory(8);
                BinaryPrimitives.WriteInt64LittleEndian(memory.Span, value);
                writer.Advance(8);
                kept.Add((writer, memory));
            },
            Read);
        var first = codec.Encode(1).Payload;
        Assert.All(kept, item =>
        {
            Assert.Throws<InvalidOperationException>(() => item.Writer.GetSpan(8).Length);
            Assert.Throws<InvalidOperationException>(() => item.Writer.GetMemory(8));
            Assert.Throws<InvalidOperationException>(() => item.Writer.Advance(1));
            item.Memory.Span.Fill(0xFF);
        });
        Assert.Equal(1, codec.Decode(new Encoded("moved", 1, first)));
        Assert.Equal(2, codec.Decode(codec.Encode(2)));
        Assert.Equal(1, codec.Decode(new Encoded("moved", 1, first)));
    }

    [Fact]
    public void AnEncoderInsideAnEncoder_HasAWriterOfItsOwn()
    {
        Codec<int>? codec = null;
        codec = Codec.Create<int>(
            "nested",
            (depth, writer) =>
            {
                writer.Write("("u8);
                if (depth > 0) writer.Write(codec!.Encode(depth - 1).Payload.Span);
                writer.Write(")"u8);
            },
            payload => (payload.Length / 2) - 1);
        Assert.Equal("(((())))", Encoding.ASCII.GetString(codec.Encode(3).Payload.Span));
    }

    [Fact]
    public async Task ManyThreads_GetEachTheirOwnBytes()
    {
        using var start = new Barrier(4);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                for (var number = 0L; number < 20_000; number++)
                {
                    var value = (thread * 1_000_000L) + number + 10;
                    Assert.Equal(value, BinaryPrimitives.ReadInt64LittleEndian(Amount.Encode(value).Payload.Span));
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    [Fact]
    public void TheReservedForm_IsRefused()
    {
        var codec = Codec.Create<int>("plain", (_, writer) => writer.Write("""{"$redacted":1}"""u8), _ => 0);
        var arrays = Codec.Create<int>("plain", _ => """{"$redacted":1}"""u8.ToArray(), _ => 0);
        Assert.Equal(Outcome(() => arrays.Encode(1)), Outcome(() => codec.Encode(1)));
        Assert.Contains("reserved", Outcome(() => codec.Encode(1)), StringComparison.Ordinal);
    }

    private static void Write(long value, IBufferWriter<byte> writer)
    {
        if (value == 3) throw new FormatException("three has no form");
        if (value == 4) throw new InvalidOperationException("four is a mistake");
        BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan(8), value);
        writer.Advance(8);
    }

    private static long Read(ReadOnlySpan<byte> payload) =>
        payload.Length == 8 ? BinaryPrimitives.ReadInt64LittleEndian(payload) : throw new FormatException("8 bytes expected");

    // The answer, or what is thrown, in words.
    private static string Outcome<T>(Func<T> function)
    {
        try
        {
            return function() is var answer && answer is Encoded encoded
                ? $"{encoded} {Convert.ToHexString(encoded.Payload.Span)}"
                : $"{answer}";
        }
        catch (Exception fault)
        {
            return $"{fault.GetType()} {(fault as CodecException)?.Code} {fault.Message} {fault.InnerException?.GetType()}";
        }
    }
}
