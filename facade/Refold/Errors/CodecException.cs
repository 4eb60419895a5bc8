// A payload that cannot be read, or a value that has no payload. The core's CodecError as an exception.
// Thrown by Codec<T>.Encode and Decode, and by reads that decode.
namespace Refold;

/// <summary>A payload cannot be decoded, or a value cannot be encoded. Use a newer program, add an upcast, or correct the codec.</summary>
public sealed class CodecException : JournalException
{
    internal CodecException(Core.CodecError error, Exception? innerException = null)
        : base(CodeOf(error), error.ToString().TrimEnd('.') + ".", innerException) => Error = error;

    internal Core.CodecError Error { get; }

    // Stable codes, one for each case of the core's union.
    private static string CodeOf(Core.CodecError error) => error switch
    {
        Core.CodecError.UnknownType => "unknown-type",
        Core.CodecError.NewerSchema => "newer-schema",
        Core.CodecError.MissingUpcast => "missing-upcast",
        Core.CodecError.Unencodable => "unencodable",
        _ => "undecodable",
    };
}
