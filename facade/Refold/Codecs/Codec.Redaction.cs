// What a codec with redaction does besides: it tells what it does not write, and reads values back as they are.
// Called by Codec<T>.Encode, runs and operations.
using Refold.Interop;

namespace Refold;

public sealed partial class Codec<T>
{
    /// <summary>Whether something may be redacted.</summary>
    internal bool Redacts => isCore ? RedactedPaths.AreOf(Value) : redacted is { IsEmpty: false };

    /// <summary>Whether a path may lead to a value; null where nobody knows.</summary>
    internal Func<string[], bool>? MayLead { get; init; }

    /// <summary>Value to payload.</summary>
    /// <param name="value">The value.</param>
    /// <param name="hidden">Is told what is not written; null for nobody.</param>
    /// <returns>The payload.</returns>
    /// <exception cref="CodecException">The value has no payload.</exception>
    internal Encoded Encode(T value, HiddenValues? hidden)
    {
        if (isCore) return CodecFunctions.Encode(Value, value, hidden);
        if (redacted is null or { IsEmpty: true }) return EncodeWhole(value);
        Encoded whole;
        try
        {
            whole = EncodeWhole(value);
        }
        catch (Exception fault) when (CodecFunctions.IsFault(fault))
        {
            throw CodecFunctions.UnencodableUntold(NameOfAll);
        }

        try
        {
            return redacted.Of(whole, hidden);
        }
        catch (FormatException misfit)
        {
            throw CodecFunctions.Unencodable(whole.Type, misfit);
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
        // What the function of somebody else made of it cannot be taken back.
        return isCore ? value : Decode(EncodeWhole(value));
    }

    private string NameOfAll => forms.Count == 1 ? TypeNames[0] : typeof(T).Name;

    private Encoded EncodeWhole(T value)
    {
        try
        {
            var (type, payload) = encode(value);
            return new Encoded(type, forms[type].SchemaVersion, payload);
        }
        catch (Exception misfit) when (CodecFunctions.IsMisfit(misfit))
        {
            throw CodecFunctions.Unencodable(NameOfAll, misfit);
        }
    }
}
