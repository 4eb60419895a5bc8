// What is appended, folded and executed in the benchmarks: entries of 256 bytes, and an account that is paid into.
// Used by the rows.
using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Refold.Bench;

/// <summary>The event and the command of <see cref="Payloads.Account"/>: about 110 bytes of JSON.</summary>
internal sealed record Paid(string Account, int Amount, string Reference, int Terminal, bool IsForeign);

[JsonSerializable(typeof(Paid))]
[JsonSerializable(typeof(long))]
internal sealed partial class PaidJson : JsonSerializerContext;

/// <summary>The event of <see cref="Payloads.Binary"/>: a payload as it is, in a struct.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Moved
{
    /// <summary>What the payload begins with.</summary>
    public readonly long Amount;

    private readonly Padding rest;

    [InlineArray(Payloads.Bytes - sizeof(long))]
    private struct Padding
    {
        private byte first;
    }
}

internal static class Payloads
{
    /// <summary>The size of a payload in bytes, as of the peers' rows.</summary>
    public const int Bytes = 256;

    /// <summary>The type of entries whose payload is bytes.</summary>
    public const string BinaryType = "Moved";

    /// <summary>The stream of everything that has one stream.</summary>
    public static StreamId One { get; } = "account/1";

    /// <summary>Folds bytes as they lie: what a fold costs whose codec does as little as one can.</summary>
    public static Aggregate<long, long, Moved, string> Binary { get; } = Aggregate.Create(
        "account", 0L, static (_, _, _) => Decision.Accept<Moved, string>([default]),
        static (total, moved) => unchecked(total + moved.Amount),
        Codec.Json(PaidJson.Default.Int64, "Move"),
        Codec.Create<Moved>(BinaryType, Write, static payload => MemoryMarshal.Read<Moved>(payload)),
        Codec.Text("Refused"), Codec.Json(PaidJson.Default.Int64, "Total"));

    /// <summary>An account whose commands and events are JSON; a negative amount is refused.</summary>
    public static Aggregate<long, Paid, Paid, string> Account { get; } = Aggregate.Create(
        "account", 0L, static (_, total, pay) => Decide(total, pay), static (total, paid) => total + paid.Amount,
        Codec.Json(PaidJson.Default.Paid, "Pay"), Codec.Json(PaidJson.Default.Paid, "Paid"), Codec.Text("Refused"),
        Codec.Json(PaidJson.Default.Int64, "Total"));

    /// <summary>A command or event.</summary>
    public static Paid Payment(int number) =>
        new("DE02120300000000202051", 100 + (number % 997), $"invoice {number % 100_000:00000}", number % 64, number % 7 == 0);

    /// <summary>What <see cref="Account"/> decides.</summary>
    public static Decision<Paid, string> Decide(long total, Paid pay) => pay.Amount < 0 && total + pay.Amount < 0 ? "too little" : pay;

    /// <summary>Entries whose payloads are bytes, dealt out to so many streams in turn.</summary>
    public static EntryData[] Entries(int count, int streams, int from = 0)
    {
        var names = Names(streams);
        return [.. Enumerable.Range(from, count).Select(number => new EntryData(names[number % streams], BinaryType, Payload(number)))];
    }

    /// <summary>Entries of <see cref="Account"/>.</summary>
    public static EntryData[] Payments(int count, int from = 0) =>
    [
        .. Enumerable.Range(from, count).Select(number => new EntryData(One, "Paid", Account.Events.Encode(Payment(number)).Payload)),
    ];

    /// <summary>Names of streams.</summary>
    public static StreamId[] Names(int streams) =>
        [.. Enumerable.Range(1, streams).Select(number => (StreamId)FormattableString.Invariant($"account/{number}"))];

    /// <summary>A payload: a number, and bytes that do not repeat.</summary>
    public static byte[] Payload(int number)
    {
        byte[] payload = new byte[Bytes];
        uint state = unchecked(((uint)number * 2654435761) | 1);
        for (int place = 8; place < Bytes; place++)
        {
            state = unchecked((state * 1664525) + 1013904223);
            payload[place] = unchecked((byte)(state >> 24));
        }

        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        return payload;
    }

    private static void Write(Moved moved, IBufferWriter<byte> writer)
    {
        MemoryMarshal.Write(writer.GetSpan(Bytes), in moved);
        writer.Advance(Bytes);
    }
}
