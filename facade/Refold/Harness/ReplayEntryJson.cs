// The JSON of the four entries, with the case outside, as seed 003 writes and reads it.
// Called by the codec of ReplayJournalEntry.
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Refold.Interop;

namespace Refold;

internal static class ReplayEntryJson
{
    // Up to here every whole number is a double of its own; above, readers of JSON round.
    private const ulong MostExact = (1UL << 53) - 1;

    private static readonly Form Device = new("DeviceCmd", "ts_micros", ["ts_micros", "name", "payload"]);
    private static readonly Form Kernel = new("KernelCmd", "ts_micros", ["ts_micros", "kind", "payload"]);
    private static readonly Form Seed = new("RngSeed", "seed", ["actor_path", "seed"]);
    private static readonly Form Size = new("BatchSize", "size", ["actor_path", "size"]);
    private static readonly Form[] Forms = [Device, Kernel, Seed, Size];

    /// <summary>The JSON of an entry: always the same bytes for equal entries.</summary>
    /// <exception cref="FormatException">A text is null or has a lone surrogate.</exception>
    public static ReadOnlyMemory<byte> Write(ReplayJournalEntry entry) => entry switch
    {
        ReplayJournalEntry.DeviceCommand device => Write(Device, device.TsMicros, device.Name, device.Payload),
        ReplayJournalEntry.KernelCommand kernel => Write(Kernel, kernel.TsMicros, kernel.Kind, kernel.Payload),
        ReplayJournalEntry.RngSeed seed => Write(Seed, seed.Seed, seed.ActorPath),
        ReplayJournalEntry.BatchSize size => Write(Size, size.Size, size.ActorPath),
        _ => throw new FormatException("it is null"),
    };

    /// <summary>The entry of a JSON text.</summary>
    /// <exception cref="FormatException">The text is none of the four.</exception>
    public static ReplayJournalEntry Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            Expect(ref reader, JsonTokenType.StartObject, "an object with one member, the case, is expected");
            Expect(ref reader, JsonTokenType.PropertyName, "the case is missing");
            var name = reader.GetString();
            var form = Array.Find(Forms, known => known.Case == name)
                ?? throw new FormatException($"'{name}' is no case; known are {string.Join(", ", Forms.Select(known => known.Case))}");
            var entry = ReadCase(form, ref reader);
            Expect(ref reader, JsonTokenType.EndObject, "there is more than one case");
            // A reader that is at its end also says so of whatever lies behind.
            return reader.Read() ? throw new FormatException("something lies behind the entry") : entry;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new FormatException(fault.Message, fault);
        }
    }

    private static ReadOnlyMemory<byte> Write(Form form, ulong number, params ReadOnlySpan<string> texts)
    {
        var json = new ArrayBufferWriter<byte>();
        json.Write("{"u8);
        Put(json, form.Case);
        json.Write(":{"u8);
        var text = 0;
        foreach (var member in form.Members)
        {
            if (member != form.Members[0]) json.Write(","u8);
            Put(json, member);
            json.Write(":"u8);
            if (member != form.Number) json.Write(CanonicalJson.OfText(texts[text++]).Span);
            else if (number > MostExact) Put(json, number.ToString(CultureInfo.InvariantCulture));
            else json.Write(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
        }

        json.Write("}}"u8);
        return json.WrittenMemory;
    }

    private static void Put(ArrayBufferWriter<byte> json, string word) => json.Write(Encoding.ASCII.GetBytes($"\"{word}\""));

    private static ReplayJournalEntry ReadCase(Form form, ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, $"{form.Case} is no object");
        ulong? number = null;
        var texts = new string?[form.Members.Length];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            var at = Array.IndexOf(form.Members, name);
            if (at < 0) throw new FormatException($"{form.Case} has no member '{name}'; it has {string.Join(", ", form.Members)}");
            if (name == form.Number ? number is not null : texts[at] is not null) throw new FormatException($"'{name}' is there twice");
            reader.Read();
            if (name == form.Number) number = Number(ref reader, name);
            else if (reader.TokenType == JsonTokenType.String) texts[at] = reader.GetString();
            else throw new FormatException($"'{name}' is no text");
        }

        var missing = form.Members.Where((member, at) => member == form.Number ? number is null : texts[at] is null);
        if (missing.FirstOrDefault() is { } absent) throw new FormatException($"{form.Case} has no '{absent}'");
        return Make(form, number!.Value, texts);
    }

    private static ReplayJournalEntry Make(Form form, ulong number, string?[] texts) =>
        form == Device ? new ReplayJournalEntry.DeviceCommand(number, texts[1]!, texts[2]!)
        : form == Kernel ? new ReplayJournalEntry.KernelCommand(number, texts[1]!, texts[2]!)
        : form == Seed ? new ReplayJournalEntry.RngSeed(texts[0]!, number)
        : new ReplayJournalEntry.BatchSize(texts[0]!, number);

    // As a number or as a string, in digits alone, without zeros in front.
    private static ulong Number(ref Utf8JsonReader reader, string name)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.Number => Encoding.ASCII.GetString(reader.ValueSpan),
            JsonTokenType.String => reader.GetString()!,
            _ => throw new FormatException($"'{name}' is no integer"),
        };
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number.ToString(CultureInfo.InvariantCulture) == text
            ? number
            : throw new FormatException($"'{name}' is no integer from 0 to 18446744073709551615");
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token, string otherwise)
    {
        if (!reader.Read() || reader.TokenType != token) throw new FormatException(otherwise);
    }

    private sealed record Form(string Case, string Number, string[] Members);
}
