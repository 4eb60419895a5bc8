// Codecs over spans in folds, runs and verification: the verdicts of the array form, and what a fold in place allocates.
// Run by `dotnet test`.
using System.Buffers;
using System.Buffers.Binary;
using Refold.Interop;
using Xunit;

namespace Refold.Segments.Tests;

public class SpanFoldTests
{
    private static readonly StreamId Stream = "sum/a";
    private static readonly RunPin Pin = new("sums", "acme", "1.0", seed: 7);

    // What is done with the bytes of an amount when it is written again, by its name.
    private static readonly Dictionary<string, Action<long, IBufferWriter<byte>>> Writers = new()
    {
        ["faithful"] = Write,
        ["in parts, one of them empty"] = (value, writer) =>
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            writer.Write(bytes[..3]);
            writer.Advance(0);
            writer.Write(bytes[3..]);
        },
        ["rounds"] = (value, writer) => Write(value / 3 * 3, writer),
        ["writes nothing for seven"] = (value, writer) =>
        {
            if (value != 7) Write(value, writer);
        },
        ["passes over what it does not write"] = (value, writer) =>
        {
            if (value == 7)
            {
                writer.GetSpan(8);
                writer.Advance(8);
            }
            else
            {
                Write(value, writer);
            }
        },
        ["throws midway"] = (value, writer) =>
        {
            Write(value, writer);
            if (value == 7) throw new InvalidOperationException("seven");
        },
        ["has no form midway"] = (value, writer) =>
        {
            Write(value, writer);
            if (value == 7) throw new FormatException("seven");
        },
        ["writes the reserved form"] = (value, writer) =>
        {
            if (value == 7) writer.Write("""{"$redacted":7}"""u8);
            else Write(value, writer);
        },
    };

    public static TheoryData<string> EveryWriter => [.. Writers.Keys];

    /// <summary>One journal, recorded by the faithful codec, folded and verified by the other one in both forms; and the other one records
    /// in both.</summary>
    [Theory]
    [MemberData(nameof(EveryWriter))]
    public async Task FoldsRunsAndVerdicts_AreThoseOfTheArrayForm(string name)
    {
        var (spans, arrays) = (Codec.Create("moved", Writers[name], Read), OfArrays(Writers[name]));
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Samples.Small);
        var run = await RecordAsync(journal, Codec.Create("moved", Writers["faithful"], Read));
        await SameAsync(arrays, spans, async codec =>
        {
            var fold = await journal.FoldAsync(Stream, Of(codec));
            return $"{fold with { Divergence = null }} {fold.Divergence}";
        });
        await SameAsync(arrays, spans, async codec => $"{await journal.VerifyAsync(run, Of(codec))}");
        await SameAsync(arrays, spans, async codec =>
        {
            await using var own = SegmentJournal.Open(new MemoryDevice(), Samples.Small);
            var recorded = await RecordAsync(own, codec);
            var payloads = own.ReadStream(Stream).Select(entry => $"{entry.Type} {Convert.ToHexString(entry.Payload.Span)}");
            return $"{string.Join(';', payloads)} {await own.VerifyAsync(recorded, Of(codec))}";
        });
    }

    /// <summary>Every byte of every payload changed, one after the other: the divergence of the array form, at the same entry.</summary>
    [Fact]
    public async Task AChangedByte_IsFoundAsInTheArrayForm()
    {
        var (spans, arrays) = (Codec.Create<long>("moved", Write, Read), OfArrays(Write));
        var found = 0;
        for (var place = 0; place < 10; place++)
        {
            await using var journal = SegmentJournal.Open(new MemoryDevice(), Samples.Small);
            byte[] payload = [.. BitConverter.GetBytes(5L), .. new byte[2]];
            payload[place] ^= 1;
            await journal.AppendAsync(new AppendRequest(Entry(BitConverter.GetBytes(1L)), Entry(payload[..(place < 8 ? 8 : place + 1)])));
            var report = await journal.FoldAsync(Stream, Of(spans));
            var expected = await journal.FoldAsync(Stream, Of(arrays));
            Assert.Equal(
                $"{expected with { Divergence = null }} {expected.Divergence}",
                $"{report with { Divergence = null }} {report.Divergence}");
            if (report.Divergence is { Cause: DivergenceCause.Undecodable, Version: 2 }) found++;
        }

        Assert.Equal(2, found);
    }

    /// <summary>A codec that writes other bytes each time is found where it was: by the step, and by a fold.</summary>
    [Fact]
    public async Task ACodecThatWritesOtherwiseEachTime_IsFound()
    {
        var written = 0;
        var unstable = Codec.Create<long>("moved", (value, writer) => Write(value + written++, writer), Read);
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Samples.Small);
        await using var run = await journal.StartRunAsync(Pin);
        var before = journal.Head;
        var failed = await Assert.ThrowsAsync<StepFailedException>(() => run.Streams(Of(unstable)).ExecuteAsync(Stream, 1));
        Assert.Contains("'moved'", failed.Message, StringComparison.Ordinal);
        Assert.Equal(before, journal.Head);
        await journal.AppendAsync(new AppendRequest(Entry(BitConverter.GetBytes(1L))));
        Assert.Equal(DivergenceCause.CodecNotFaithful, (await journal.FoldAsync(Stream, Of(unstable))).Divergence!.Cause);
    }

    /// <summary>One that keeps the writer and what it handed out, and writes there when the next payload is read: it changes nothing that
    /// was compared, and nothing that was recorded.</summary>
    [Fact]
    public async Task WhatAnEncoderKeeps_ChangesNothing()
    {
        var kept = new List<Memory<byte>>();
        var keeping = Codec.Create<long>(
            "moved",
            (value, writer) =>
            {
                var memory = writer.GetMemory(8);
                BinaryPrimitives.WriteInt64LittleEndian(memory.Span, value);
                writer.Advance(8);
                kept.Add(memory);
            },
            payload =>
            {
                foreach (var memory in kept) memory.Span.Fill(0xFF);
                return Read(payload);
            });
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Samples.Small);
        var run = await RecordAsync(journal, keeping);
        var faithful = Of(Codec.Create<long>("moved", Write, Read));
        var expected = await journal.FoldAsync(Stream, faithful);
        Assert.True(expected.Matched, $"{expected.Divergence}");
        Assert.Equal(expected, await journal.FoldAsync(Stream, Of(keeping)));
        Assert.True((await journal.VerifyAsync(run, Of(keeping))).Matched);
        Assert.True((await journal.VerifyAsync(run, faithful)).Matched);
    }

    /// <summary>Folding an entry in place sets aside what walking over it does, whatever is made of a codec over spans: in a Release build
    /// nothing.</summary>
    [Theory]
    [InlineData("as it is")]
    [InlineData("mapped")]
    [InlineData("with upcasts")]
    [InlineData("mapped, of another version")]
    public async Task AFoldInPlace_SetsNothingAsideForAnEntry(string form)
    {
        var plain = Codec.Create<long>("moved", Write, Read);
        var codec = form switch
        {
            "mapped" => new Codec<long>(Core.Codec.map<long, long>(new Plus(1), new Plus(-1), plain.Value)),
            "with upcasts" => plain.WithVersion("moved", 2).WithUpcast("moved", 1, payload => payload),
            "mapped, of another version" => new Codec<long>(Core.Codec.withVersion("moved", 2, Core.Codec.map<long, long>(
                new Plus(1), new Plus(-1), plain.Value))),
            _ => plain,
        };
        await using var journal = SegmentJournal.Open(new MemoryDevice());
        for (var number = 0; number < 2000; number += 100)
        {
            await journal.AppendAsync(new AppendRequest(
                [.. Enumerable.Range(number, 100).Select(item => Entry(codec.Encode(item).Payload) with
                {
                    SchemaVersion = codec.Encode(item).SchemaVersion,
                })]));
        }

        var aggregate = Of(codec);
        void Fold(long entries)
        {
            var fold = new Core.StreamFold<long, long, long, string>(aggregate.Value, Core.Replay.beginning(aggregate.Value));
            new FoldInPlace<long, long, long, string>(fold, journal, new FoldRange(Stream, entries), default).Take(1);
            Assert.Equal((entries, 0L), (fold.Report().Applied, fold.Report().Upcast));
            Assert.True(fold.Report().Divergence is null);
        }

        void Walk(long entries) => journal.ScanStream(Stream, (in EntryView entry) => entry.Payload.Length == 8, 1, entries);

        long OfTheSecondThousand(Action<long> step) => Allocations.Of(() => step(2000)) - Allocations.Of(() => step(1000));
        // What the runtime sets aside for itself, for code that it compiles anew, comes in some rounds only.
        Assert.Contains(Enumerable.Range(0, 50), _ => OfTheSecondThousand(Walk) == OfTheSecondThousand(Fold));
    }

    private sealed class Plus(long amount) : Microsoft.FSharp.Core.FSharpFunc<long, long>
    {
        public override long Invoke(long value) => value + amount;
    }

    private static async Task SameAsync(Codec<long> arrays, Codec<long> spans, Func<Codec<long>, Task<string>> outcome) =>
        Assert.Equal(await OutcomeAsync(arrays, outcome), await OutcomeAsync(spans, outcome));

    private static async Task<string> OutcomeAsync(Codec<long> codec, Func<Codec<long>, Task<string>> outcome)
    {
        try
        {
            return await outcome(codec);
        }
        catch (Exception fault)
        {
            return $"{fault.GetType()} {fault.Message} {fault.InnerException?.Message}";
        }
    }

    private static async Task<RunId> RecordAsync(SegmentJournal journal, Codec<long> events)
    {
        await using var run = await journal.StartRunAsync(Pin, new RunOptions { RunId = RunId.Create("r") });
        for (var number = 5; number < 12; number++) await run.Streams(Of(events)).ExecuteAsync(Stream, number);
        await run.FinishAsync();
        return run.Id;
    }

    private static EntryData Entry(ReadOnlyMemory<byte> payload) => new(Stream, "moved", payload) { Role = EntryRole.Event };

    private static Codec<long> OfArrays(Action<long, IBufferWriter<byte>> write) => Codec.Create<long>(
        "moved",
        value =>
        {
            var writer = new ArrayBufferWriter<byte>();
            write(value, writer);
            return writer.WrittenMemory;
        },
        payload => Read(payload.Span));

    private static Aggregate<long, long, long, string> Of(Codec<long> events) => Aggregate.Create<long, long, long, string>(
        "sum", 0, (_, _, amount) => Decision.Accept<long, string>([amount]), (state, moved) => unchecked(state + moved),
        Codec.Create<long>("move", Write, Read), events, Codec.Text("refused"), Codec.Create<long>("state", Write, Read));

    private static void Write(long value, IBufferWriter<byte> writer)
    {
        BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan(8), value);
        writer.Advance(8);
    }

    private static long Read(ReadOnlySpan<byte> payload) =>
        payload.Length == 8 ? BinaryPrimitives.ReadInt64LittleEndian(payload) : throw new FormatException("8 bytes expected");
}
