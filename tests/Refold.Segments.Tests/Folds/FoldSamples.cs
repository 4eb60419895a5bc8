// Events, payloads that are written otherwise than they are read, and codecs that keep, lose, hide, raise and throw.
// Used by SlowFoldTests.
using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.FSharp.Core;

namespace Refold.Segments.Tests;

/// <summary>What the codecs of <see cref="FoldSamples"/> read.</summary>
internal abstract record Happened;

internal sealed record Moved(int Amount, string Note, bool? IsLast = null) : Happened;

/// <summary>Numbers with fractions, keys, items and a part of its own type.</summary>
internal sealed record Shared(double Share, Dictionary<string, decimal> Parts, IReadOnlyList<string> Names, Shared? Inner) : Happened;

/// <summary>A part that its JSON does not show, which the next one does not have.</summary>
internal sealed record Counted(int Amount) : Happened
{
    private static int made;

    private readonly int number = Interlocked.Increment(ref made);

    public bool IsBefore(Counted other) => number < other.number;
}

/// <summary>One that keeps less than it reads.</summary>
internal sealed record Clamped : Happened
{
    public int Amount
    {
        get;
        init => field = Math.Min(value, 5);
    }
}

[JsonSerializable(typeof(Happened))]
[JsonSerializable(typeof(Moved))]
[JsonSerializable(typeof(Shared))]
[JsonSerializable(typeof(Counted))]
[JsonSerializable(typeof(Clamped))]
internal sealed partial class FoldSamplesJson : JsonSerializerContext;

internal static class FoldSamples
{
    /// <summary>Payloads of <see cref="Moved"/> and some that are nearly so.</summary>
    private static readonly string[] Payloads =
    [
        """{"Amount":1,"IsLast":null,"Note":"a"}""", """{"Amount":2,"IsLast":true,"Note":"b"}""",
        """{"Amount":-3,"IsLast":false,"Note":""}""",
        """{"Amount":4,"IsLast":null,"Note":"tab\t, \"quotes\", \\ and \u0001"}""", """{"Amount":6,"IsLast":null,"Note":"é ☂ 😀"}""",
        """{"Amount":7,"IsLast":null,"Note":"[redacted]"}""", """{"$redacted":{"Amount":7,"IsLast":null,"Note":"[redacted]"}}""",
        """{"$redacted":{"Amount":8,"IsLast":null,"Note":"shown"}}""",
        """{"Amount":1,"IsLast":null,"Note":"\u2028\u00e9"}""", """{ "Amount": 9, "IsLast": null, "Note": "spaces" }""",
        """{"Note":"order","Amount":10,"IsLast":null}""", """{"Amount":11,"IsLast":null,"Note":"\u0061\/"}""",
        """{"Amount":1e1,"IsLast":null,"Note":"digits"}""", """{"Amount":12,"IsLast":null,"Note":null}""",
        """{"Amount":12,"Note":"less"}""", """{"Amount":12,"IsLast":null,"Note":"more","Other":1}""",
        """{"Amount":1,"Amount":2,"IsLast":null,"Note":"twice"}""", """{"Amount":-0,"IsLast":null,"Note":"zero"}""",
        """{"Amount":13,"IsLast":null,"Note":"evolve throws"}""", """{"Amount":"14","IsLast":null,"Note":"text"}""",
        """{"Amount":15,"IsLast":null,"Note":"\ud800"}""", "{", "", "null", "\"text\"", """{"Amount":5}""", """{"Amount":9}""",
        """{"Inner":null,"Names":[],"Parts":{},"Share":0.5}""",
        """{"Inner":{"Inner":null,"Names":[],"Parts":{"a":"1.50"},"Share":1e21},"Names":["y"],"Parts":{"b":"2","c":"3"},"Share":3}""",
        """{"Inner":null,"Names":["y"],"Parts":{"c":"2","b":"3"},"Share":0.1}""", """{"Inner":null,"Names":[],"Parts":{},"Share":5e-1}""",
        """{"Inner":null,"Names":[],"Parts":{},"Share":"NaN"}""", """{"Inner":null,"Names":[],"Parts":{"1":"1.0"},"Share":1.0}""",
    ];

    /// <summary>Each payload, under each type and schema version.</summary>
    public static IEnumerable<(string Type, int SchemaVersion, byte[] Payload)> All =>
        from payload in Payloads
        from type in new[] { "moved", "shared", "unknown" }
        from version in new[] { 1, 2 }
        select (type, version, Utf8(payload));

    /// <summary>An entry of the stream "sum/a" with anything in it.</summary>
    /// <param name="rng">Chooses.</param>
    /// <param name="calm">How seldom something is not as it should be: 1 for always.</param>
    public static EntryData Entry(SeededRng rng, int calm)
    {
        var isCalm = calm > 1 && !rng.Chance(1.0 / calm);
        var payload = isCalm ? Payloads[rng.Between(0, 4)] : rng.Pick(Payloads);
        var entry = new EntryData("sum/a", isCalm ? "moved" : rng.Pick(["moved", "moved", "moved", "shared", "unknown"]), Utf8(payload))
        {
            Role = rng.Pick([EntryRole.Fact, EntryRole.Event, EntryRole.Event, EntryRole.Event, EntryRole.Unmarked, EntryRole.Command]),
            SchemaVersion = isCalm ? 1 : rng.Pick([1, 1, 1, 2, 3]),
        };
        if (rng.Chance(0.3)) entry = entry with { Tags = rng.NextBoolean() ? ["x:1"] : ["x:1", "y:" + (char)rng.Between('a', 'd')] };
        if (rng.Chance(0.5)) entry = entry with { Time = new DateTimeOffset(2026, 1, 2, 3, 4, rng.Between(0, 59), TimeSpan.Zero) };
        if (rng.Chance(0.3)) entry = entry with { Run = RunId.Create(rng.NextBoolean() ? "r1" : "r2") };
        if (rng.Chance(0.3)) entry = entry with { Id = IdOf(rng.Between(1, 1 << 30)), CorrelationId = IdOf(1) };
        if (rng.Chance(0.3)) entry = entry with { CausationId = IdOf(rng.Between(1, 9)) };
        return entry;
    }

    /// <summary>Codecs of <see cref="Happened"/> by what they do. <paramref name="calls"/>: each call of a user's function.</summary>
    public static IEnumerable<(string Name, Codec<Happened> Codec)> Codecs(List<string> calls)
    {
        var union = Codec.Json(FoldSamplesJson.Default.Happened, types => types.Add<Moved>("moved").Add<Shared>("shared"));
        yield return ("union", union);
        yield return ("raised", union.WithVersion("moved", 2).WithUpcast("moved", 1, Upcast));
        yield return ("raised without a way", union.WithVersion("moved", 2));
        yield return ("redacted", union.WithRedaction("$.Note"));
        yield return ("redacted nowhere", union.WithRedaction());
        yield return ("hidden part", Codec.Json(FoldSamplesJson.Default.Happened, types => types.Add<Counted>("moved")));
        yield return ("keeps less", Codec.Json(FoldSamplesJson.Default.Happened, types => types.Add<Clamped>("moved")));
        yield return ("bytes", Codec.Create<Happened>("moved", Write, Read));
        yield return ("loses", Codec.Create<Happened>(
            "moved", value => Write(value is Moved { Amount: 4 } moved ? moved with { Note = "" } : value), Read));
        yield return ("raised bytes", Codec.Create<Happened>("moved", Write, Read, 3)
            .WithUpcast("moved", 1, Upcast).WithUpcast("moved", 2, Upcast));
        yield return ("does not read", Codec.Create<Happened>("moved", Write, bytes =>
            Read(bytes) is Moved { Amount: > 3 } ? throw new InvalidOperationException("no decoder") : Read(bytes)));
        yield return ("does not write", Codec.Create<Happened>("moved", value =>
            value is Moved { Amount: > 3 } ? throw new InvalidOperationException("no encoder") : Write(value), Read));
        yield return ("has no form", Codec.Create<Happened>("moved", value =>
            value is Moved { Amount: > 3 } ? throw new FormatException("no form") : Write(value), Read));
        yield return ("another's encoding", new Codec<Happened>(new Core.Codec<Happened>(
            FuncConvert.FromFunc((Happened value) => union.Value.Encode.Invoke(value is Moved moved ? moved with { Amount = 4 } : value)),
            union.Value.Decode)));
        yield return ("mapped", new Codec<Happened>(Core.Codec.map(
            FuncConvert.FromFunc((Happened value) => value is Moved moved ? moved with { Amount = moved.Amount + 1 } : value),
            FuncConvert.FromFunc((Happened value) => value is Moved moved ? moved with { Amount = moved.Amount - 1 } : value),
            union.Value)));
        yield return ("taken as it is", new Codec<Happened>(union.Value));
        yield return ("spans", Codec.Create<Happened>("moved", WriteInto, ReadSpan));
        yield return ("spans that lose", Codec.Create<Happened>(
            "moved",
            (value, writer) => WriteInto(value is Moved { Amount: 4 } moved ? moved with { Note = "" } : value, writer),
            ReadSpan));
        yield return ("raised spans", Codec.Create<Happened>("moved", WriteInto, ReadSpan, 3)
            .WithUpcast("moved", 1, Upcast).WithUpcast("moved", 2, Upcast));
        yield return ("spans that are not read", Codec.Create<Happened>("moved", WriteInto, bytes =>
            ReadSpan(bytes) is Moved { Amount: > 3 } ? throw new InvalidOperationException("no decoder") : ReadSpan(bytes)));
        yield return ("spans that are not written", Codec.Create<Happened>("moved", (value, writer) =>
        {
            WriteInto(value, writer);
            if (value is Moved { Amount: > 3 }) throw new InvalidOperationException("no encoder");
        }, ReadSpan));
        yield return ("spans that have no form", Codec.Create<Happened>("moved", (value, writer) =>
        {
            WriteInto(value, writer);
            if (value is Moved { Amount: > 3 }) throw new FormatException("no form");
        }, ReadSpan));
        yield return ("redacted spans", Codec.Create<Happened>("moved", WriteInto, ReadSpan).WithRedaction("$.Note"));
        yield return ("mapped spans", new Codec<Happened>(Core.Codec.withUpcast(
            "moved", 1, FuncConvert.FromFunc((Core.Bytes payload) =>
                FSharpResult<Core.Bytes, string>.NewOk(Core.Bytes.Wrap(Upcast(payload.Memory)))),
            Core.Codec.withVersion("moved", 2, Core.Codec.map(
                FuncConvert.FromFunc((Happened value) => value is Moved moved ? moved with { Amount = moved.Amount + 1 } : value),
                FuncConvert.FromFunc((Happened value) => value is Moved moved ? moved with { Amount = moved.Amount - 1 } : value),
                Codec.Create<Happened>("moved", WriteInto, ReadSpan).Value)))));

        ReadOnlyMemory<byte> Write(Happened value)
        {
            calls.Add("write " + value);
            return JsonSerializer.SerializeToUtf8Bytes((Moved)value, FoldSamplesJson.Default.Moved);
        }

        Happened Read(ReadOnlyMemory<byte> bytes)
        {
            calls.Add("read " + Encoding.UTF8.GetString(bytes.Span));
            return JsonSerializer.Deserialize(bytes.Span, FoldSamplesJson.Default.Moved) ?? throw new FormatException("it is null");
        }

        void WriteInto(Happened value, IBufferWriter<byte> writer)
        {
            var bytes = Write(value).Span;
            // In parts, one of which is asked for without a size.
            bytes[..(bytes.Length / 2)].CopyTo(writer.GetSpan(bytes.Length));
            writer.Advance(bytes.Length / 2);
            writer.Write(bytes[(bytes.Length / 2)..]);
        }

        Happened ReadSpan(ReadOnlySpan<byte> bytes) => Read(bytes.ToArray());

        ReadOnlyMemory<byte> Upcast(ReadOnlyMemory<byte> bytes)
        {
            calls.Add("upcast " + Encoding.UTF8.GetString(bytes.Span));
            return Utf8(Encoding.UTF8.GetString(bytes.Span).Replace("\"a\"", "\"raised\"", StringComparison.Ordinal));
        }
    }

    /// <summary>An aggregate whose state says what happened, in its order.</summary>
    public static Aggregate<string, string, Happened, string> Of(Codec<Happened> events) =>
        Aggregate.Create<string, string, Happened, string>(
            "sum", "", (_, _, _) => [], Evolve, Codec.Text("command"), events, Codec.Text("refused"), Codec.Text("state"));

    private static string Evolve(string state, Happened happened) =>
        happened is Moved { Amount: 13 } ? throw new InvalidOperationException("unlucky") : $"{state};{Text(happened)}";

    private static Guid IdOf(int number) => new(number, 0, 0, new byte[8]);

    private static string Text(Happened happened) =>
        happened is Shared shared ? JsonSerializer.Serialize(shared, FoldSamplesJson.Default.Options) : happened.ToString()!;

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
