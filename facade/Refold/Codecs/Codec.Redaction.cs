// What a codec with redaction does besides: it tells what it does not write, and reads values back as they are.
// Called by Codec<T>.Encode, runs and operations.
using Refold.Interop;

namespace Refold;

public sealed partial class Codec<T> : IRedactingCodec<T>, ISettlingCodec<T>, IPlainCodec<T>
{
    /// <summary>Whether something may be redacted.</summary>
    internal bool Redacts => isCore ? RedactedPaths.AreOf(Value) : redacted is { IsEmpty: false };

    /// <summary>Whether a path may lead to a value; null where nobody knows.</summary>
    internal Func<string[], bool>? MayLead { get; init; }

    /// <summary>The entry type of each class; null where nobody knows.</summary>
    internal IReadOnlyDictionary<Type, string>? TypeNamesOfClasses { get; init; }

    /// <summary>What the mark of redaction on a payload is worth, or its absence, where this codec reads it.</summary>
    internal RedactionMark MarkOf(Encoded encoded)
    {
        if (encoded.IsRedacted) return RedactedPaths.IsOf(Value, encoded) ? RedactionMark.Right : RedactionMark.Wrong;
        if (!Redacts) return RedactionMark.Absent;
        try
        {
            var again = Encode(Decode(encoded));
            return again.IsRedacted && again.SchemaVersion == encoded.SchemaVersion ? RedactionMark.Wrong : RedactionMark.Absent;
        }
        catch (CodecException)
        {
            // Whoever decodes it says so.
            return RedactionMark.Absent;
        }
    }

    /// <summary>Value to payload.</summary>
    /// <param name="value">The value.</param>
    /// <param name="hidden">Is told what is not written; null for nobody.</param>
    /// <returns>The payload.</returns>
    /// <exception cref="CodecException">The value has no payload.</exception>
    internal Encoded Encode(T value, HiddenValues? hidden)
    {
        if (isCore) return CodecFunctions.Encode(Value, value, hidden);
        return redacted is null or { IsEmpty: true } ? EncodeWhole(value) : EncodeRedacted(value, redacted, RedactedPaths.ToldTo(hidden));
    }

    Encoded IRedactingCodec<T>.Encode(T value, Action<ReadOnlyMemory<byte>> told) => EncodeRedacted(value, redacted!, told);

    Encoded IRedactingCodec<T>.EncodeWhole(T value) => EncodeUntold(value);

    // What an older version was like nobody knows.
    bool IRedactingCodec<T>.Made(Encoded encoded) =>
        (forms.TryGetValue(encoded.Type, out var form) && form.SchemaVersion > encoded.SchemaVersion) || redacted!.Made(encoded.Payload);

    private Encoded EncodeRedacted(T value, RedactedPaths paths, Action<ReadOnlyMemory<byte>> told)
    {
        var whole = EncodeUntold(value);
        // It need be no JSON then.
        if (paths.IsEmpty) return whole;
        try
        {
            return paths.Of(whole, told);
        }
        catch (FormatException misfit)
        {
            throw CodecFunctions.Unencodable(whole.Type, misfit);
        }
    }

    private Encoded EncodeUntold(T value)
    {
        try
        {
            return EncodeWhole(value);
        }
        catch (Exception fault) when (CodecFunctions.IsFault(fault))
        {
            throw CodecFunctions.UnencodableUntold(NameOfAll);
        }
    }

    /// <summary>Tells what of a value is not written, if it has a payload.</summary>
    internal void Tell(T value, HiddenValues hidden)
    {
        if (!Redacts) return;
        try
        {
            Encode(value, hidden);
        }
        catch (CodecException)
        {
            // Whoever records it says so.
        }
    }

    /// <summary>A value that was encoded as it is when it is used: what the codec reads back of it, with what is redacted.</summary>
    internal T ReadBack(T value, Encoded encoded)
    {
        if (!encoded.IsRedacted) return Decode(encoded);
        return Decode(isCore ? CodecFunctions.EncodeWhole(Value, value) : EncodeWhole(value));
    }

    private string NameOfAll => forms.Count == 1 ? TypeNames[0] : typeof(T).Name;

    (string Type, int SchemaVersion, ReadOnlyMemory<byte> Payload, T Back)? ISettlingCodec<T>.TrySettle(T value, PayloadRoom room)
    {
        try
        {
            if (settle!(value, room) is not { } settled) return null;
            if (RedactedPaths.IsMarked(settled.Payload)) throw CodecFunctions.Reserved(settled.Type);
            return (settled.Type, forms[settled.Type].SchemaVersion, settled.Payload, settled.Back);
        }
        catch (Exception misfit) when (CodecFunctions.IsMisfit(misfit))
        {
            throw CodecFunctions.Unencodable(NameOfAll, misfit);
        }
    }

    bool ISettlingCodec<T>.TryRead(string type, int schemaVersion, ReadOnlySpan<byte> payload, out T value)
    {
        value = default!;
        return FormOf(type) is { Prove: { } prove } form
            // An older one is upcast, and then it is not what is written.
            && form.SchemaVersion == schemaVersion
            && !RedactedPaths.IsOpened(payload)
            && prove(payload, out value);
    }

    void IPlainCodec<T>.Write(
        ref T value, Core.PayloadWriter? writer, out string type, out int schemaVersion, out ReadOnlyMemory<byte> payload)
    {
        if (redacted is null or { IsEmpty: true })
            WriteWhole(ref value, writer, out type, out schemaVersion, out payload);
        else
            (type, schemaVersion, payload) = EncodeRedacted(value, redacted, RedactedPaths.ToldTo(null));
    }

    T IPlainCodec<T>.Read(string type, int schemaVersion, ReadOnlyMemory<byte> payload) => Read(type, schemaVersion, payload);

    T IPlainCodec<T>.Read(string type, int schemaVersion, ReadOnlySpan<byte> payload)
    {
        // What holds another payload is unwrapped, by bytes of its own.
        if (redacted is not null && RedactedPaths.IsOpened(payload)) return Read(type, schemaVersion, payload.ToArray());
        return FormOf(type) is { } form ? form.Decode(schemaVersion, payload) : throw CodecFunctions.UnknownType(type);
    }

    private T Read(string type, int schemaVersion, ReadOnlyMemory<byte> payload)
    {
        if (redacted is not null) payload = RedactedPaths.Unwrap(payload);
        return FormOf(type) is { } form ? form.Decode(schemaVersion, payload) : throw CodecFunctions.UnknownType(type);
    }

    private PayloadForm<T>? FormOf(string type) =>
        only is null ? forms.GetValueOrDefault(type) : only.TypeName == type ? only : null;

    private Encoded EncodeWhole(T value)
    {
        WriteWhole(ref value, null, out var type, out var schemaVersion, out var payload);
        return new Encoded(type, schemaVersion, payload);
    }

    private void WriteWhole(
        ref T value, Core.PayloadWriter? writer, out string type, out int schemaVersion, out ReadOnlyMemory<byte> payload)
    {
        try
        {
            (type, payload) = encode(ref value, writer);
            if (RedactedPaths.IsMarked(payload)) throw CodecFunctions.Reserved(type);
            schemaVersion = (FormOf(type) ?? forms[type]).SchemaVersion;
        }
        catch (Exception misfit) when (CodecFunctions.IsMisfit(misfit))
        {
            throw CodecFunctions.Unencodable(NameOfAll, misfit);
        }
    }
}
