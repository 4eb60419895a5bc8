// The encoding function of a C# codec that reads back what it writes before it answers, as the core knows one; and functions that throw,
// as the core calls them. Made by CodecFunctions.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>How many bytes the array of a payload, which is nobody else's, should have around it.</summary>
/// <param name="Before">Before it.</param>
/// <param name="Behind">Behind it.</param>
internal readonly record struct PayloadRoom(int Before, int Behind);

/// <summary>A codec that reads back what it writes.</summary>
internal interface ISettlingCodec<T>
{
    /// <summary>Value to payload, with the value that was read back from it and is written the same; null where that is not
    /// known.</summary>
    (string Type, int SchemaVersion, ReadOnlyMemory<byte> Payload, T Back)? TrySettle(T value, PayloadRoom room);

    /// <summary>Payload to value, where encoding the value is proved to give this payload under this type and schema version; false where
    /// that is not known.</summary>
    bool TryRead(string type, int schemaVersion, ReadOnlySpan<byte> payload, out T value);
}

internal sealed class SettlingFunction<T>(
    IPlainCodec<T> plain,
    ISettlingCodec<T> codec,
    FSharpFunc<Core.Encoded, FSharpResult<T, Core.CodecError>> decode) : Core.SettlingEncode<T>
{
    public override FSharpFunc<Core.Encoded, FSharpResult<T, Core.CodecError>> Decode => decode;

    public override Core.CodecError? Write(
        ref T value, Core.PayloadWriter? writer, out string typeName, out int schemaVersion, out ReadOnlyMemory<byte> payload) =>
        CodecFunctions.Write(plain, ref value, writer, out typeName, out schemaVersion, out payload);

    public override bool TryRead(string typeName, int schemaVersion, ReadOnlySpan<byte> payload, out T value) =>
        codec.TryRead(typeName, schemaVersion, payload, out value);

    public override FSharpResult<FSharpValueOption<(string, int, ReadOnlyMemory<byte>, T)>, Core.CodecError> TrySettle(
        T value, int before, int behind)
    {
        try
        {
            var settled = codec.TrySettle(value, new PayloadRoom(before, behind));
            return FSharpResult<FSharpValueOption<(string, int, ReadOnlyMemory<byte>, T)>, Core.CodecError>.NewOk(settled is { } found
                ? FSharpValueOption<(string, int, ReadOnlyMemory<byte>, T)>.NewValueSome(found)
                : FSharpValueOption<(string, int, ReadOnlyMemory<byte>, T)>.ValueNone);
        }
        catch (CodecException error)
        {
            return FSharpResult<FSharpValueOption<(string, int, ReadOnlyMemory<byte>, T)>, Core.CodecError>.NewError(error.Error);
        }
    }
}

/// <summary>A codec of functions that throw, without an object for what it reads and writes.</summary>
internal interface IPlainCodec<T>
{
    /// <summary>Value to payload. Where a writer is there, the payload may lie in it and be valid until it is lent again.</summary>
    /// <exception cref="CodecException">The value has no payload.</exception>
    void Write(ref T value, Core.PayloadWriter? writer, out string type, out int schemaVersion, out ReadOnlyMemory<byte> payload);

    /// <summary>Payload to value, by bytes that may be kept.</summary>
    /// <exception cref="CodecException">The payload has no value.</exception>
    T Read(string type, int schemaVersion, ReadOnlyMemory<byte> payload);

    /// <summary>Payload to value, by bytes that stay only for the call.</summary>
    /// <exception cref="CodecException">The payload has no value.</exception>
    T Read(string type, int schemaVersion, ReadOnlySpan<byte> payload);
}

/// <summary>A function of which what a codec throws is an error.</summary>
internal sealed class EncodingFunction<T>(IPlainCodec<T> codec) : Core.PlainEncode<T>
{
    public override Core.CodecError? Write(
        ref T value, Core.PayloadWriter? writer, out string typeName, out int schemaVersion, out ReadOnlyMemory<byte> payload) =>
        CodecFunctions.Write(codec, ref value, writer, out typeName, out schemaVersion, out payload);
}

/// <summary>A function of which what a codec throws is an error.</summary>
internal sealed class DecodingFunction<T>(IPlainCodec<T> codec) : Core.PlainDecode<T>
{
    public override Core.CodecError? Read(string typeName, int schemaVersion, ReadOnlyMemory<byte> payload, out T value)
    {
        try
        {
            value = codec.Read(typeName, schemaVersion, payload);
            return null;
        }
        catch (CodecException error)
        {
            value = default!;
            return error.Error;
        }
    }

    public override Core.CodecError? ReadSpan(string typeName, int schemaVersion, ReadOnlySpan<byte> payload, out T value)
    {
        try
        {
            value = codec.Read(typeName, schemaVersion, payload);
            return null;
        }
        catch (CodecException error)
        {
            value = default!;
            return error.Error;
        }
    }
}
