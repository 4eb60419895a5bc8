// The encoding function of a C# codec that reads back what it writes before it answers, as the core knows one; and functions that throw,
// as the core calls them. Made by CodecFunctions.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>A codec that reads back what it writes.</summary>
internal interface ISettlingCodec<T>
{
    /// <summary>Value to payload, with the value that was read back from it and is written the same; null where that is not
    /// known.</summary>
    (Encoded Encoded, T Back)? TrySettle(T value);

    /// <summary>Payload to value, where encoding the value is proved to give this payload under this type and schema version; false where
    /// that is not known.</summary>
    bool TryRead(string type, int schemaVersion, ReadOnlySpan<byte> payload, out T value);
}

internal sealed class SettlingFunction<T>(
    ISettlingCodec<T> codec,
    Func<T, Encoded> encode,
    FSharpFunc<Core.Encoded, FSharpResult<T, Core.CodecError>> decode) : Core.SettlingEncode<T>
{
    public override FSharpFunc<Core.Encoded, FSharpResult<T, Core.CodecError>> Decode => decode;

    public override FSharpResult<Core.Encoded, Core.CodecError> Invoke(T value)
    {
        try
        {
            return FSharpResult<Core.Encoded, Core.CodecError>.NewOk(CodecFunctions.ToCore(encode(value)));
        }
        catch (CodecException error)
        {
            return FSharpResult<Core.Encoded, Core.CodecError>.NewError(error.Error);
        }
    }

    public override bool TryRead(string typeName, int schemaVersion, ReadOnlySpan<byte> payload, out T value) =>
        codec.TryRead(typeName, schemaVersion, payload, out value);

    public override FSharpResult<FSharpValueOption<(Core.Encoded, T)>, Core.CodecError> TrySettle(T value)
    {
        try
        {
            var settled = codec.TrySettle(value);
            return FSharpResult<FSharpValueOption<(Core.Encoded, T)>, Core.CodecError>.NewOk(settled is var (encoded, back)
                ? FSharpValueOption<(Core.Encoded, T)>.NewValueSome((CodecFunctions.ToCore(encoded), back))
                : FSharpValueOption<(Core.Encoded, T)>.ValueNone);
        }
        catch (CodecException error)
        {
            return FSharpResult<FSharpValueOption<(Core.Encoded, T)>, Core.CodecError>.NewError(error.Error);
        }
    }
}

/// <summary>A function of which what a codec throws is an error.</summary>
internal sealed class EncodingFunction<T>(Func<T, Encoded> encode) : FSharpFunc<T, FSharpResult<Core.Encoded, Core.CodecError>>
{
    public override FSharpResult<Core.Encoded, Core.CodecError> Invoke(T value)
    {
        try
        {
            return FSharpResult<Core.Encoded, Core.CodecError>.NewOk(CodecFunctions.ToCore(encode(value)));
        }
        catch (CodecException error)
        {
            return FSharpResult<Core.Encoded, Core.CodecError>.NewError(error.Error);
        }
    }
}

/// <summary>A function of which what a codec throws is an error.</summary>
internal sealed class DecodingFunction<T>(Func<Encoded, T> decode) : FSharpFunc<Core.Encoded, FSharpResult<T, Core.CodecError>>
{
    public override FSharpResult<T, Core.CodecError> Invoke(Core.Encoded encoded)
    {
        try
        {
            return FSharpResult<T, Core.CodecError>.NewOk(decode(CodecFunctions.OfCore(encoded)));
        }
        catch (CodecException error)
        {
            return FSharpResult<T, Core.CodecError>.NewError(error.Error);
        }
    }
}
