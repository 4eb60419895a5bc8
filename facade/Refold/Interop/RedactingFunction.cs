// The encoding function of a C# codec that does not write everything, as the core knows one: it tells what it replaces, can encode the
// whole value, and knows its own marks. Made by CodecFunctions.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>A codec that does not write everything.</summary>
internal interface IRedactingCodec<T>
{
    /// <summary>Value to payload; tells each value that is replaced, as JSON.</summary>
    Encoded Encode(T value, Action<ReadOnlyMemory<byte>> told);

    /// <summary>Value to payload, with all that is redacted.</summary>
    Encoded EncodeWhole(T value);

    /// <summary>Whether a payload with the mark is one that it made.</summary>
    bool Made(Encoded encoded);
}

internal sealed class RedactingFunction<T>(IRedactingCodec<T> codec) : Core.RedactingEncode<T>
{
    public override FSharpResult<Core.Encoded, Core.CodecError> Encode(Core.Writing writing, T value) =>
        CodecFunctions.Try(() => CodecFunctions.ToCore(writing is Core.Writing.Recorded recorded
            ? codec.Encode(value, json => recorded.told.Invoke(json))
            : codec.EncodeWhole(value)));

    public override bool Made(Core.Encoded encoded) => codec.Made(CodecFunctions.OfCore(encoded));
}
