// Between codecs of delegates that throw and the core's codecs of functions that answer with results.
// Called by Codec<T>; its core form goes to runs, replay and snapshots.
using System.Text.Json;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class CodecFunctions
{
    public static Core.Codec<T> ToCore<T>(IPlainCodec<T> codec, IRedactingCodec<T>? redacting, ISettlingCodec<T>? settling)
    {
        var decoding = new DecodingFunction<T>(codec);
        return new(
            redacting is not null ? new RedactingFunction<T>(redacting)
            : settling is not null ? new SettlingFunction<T>(codec, settling, decoding)
            : new EncodingFunction<T>(codec),
            decoding);
    }

    /// <summary>Encodes by parts: null where there is a payload, or what a codec throws.</summary>
    public static Core.CodecError? Write<T>(
        IPlainCodec<T> codec, ref T value, Core.PayloadWriter? writer, out string type, out int schemaVersion,
        out ReadOnlyMemory<byte> payload)
    {
        try
        {
            codec.Write(ref value, writer, out type, out schemaVersion, out payload);
            return null;
        }
        catch (CodecException error)
        {
            (type, schemaVersion, payload) = ("", 0, default);
            return error.Error;
        }
    }

    public static Core.Encoded ToCore(Encoded encoded) =>
        new(encoded.Type, encoded.SchemaVersion, Core.Bytes.Wrap(encoded.Payload));

    public static Encoded OfCore(Core.Encoded encoded) => new(encoded.Type, encoded.SchemaVersion, encoded.Payload.Memory);

    /// <summary>Encodes by a codec of the core; its error is thrown.</summary>
    public static Encoded Encode<T>(Core.Codec<T> codec, T value, HiddenValues? hidden) =>
        OfCore(OrThrow(RedactedPaths.Encode(codec, value, hidden)));

    /// <summary>As encoding, with all that is redacted.</summary>
    public static Encoded EncodeWhole<T>(Core.Codec<T> codec, T value) => OfCore(OrThrow(RedactedPaths.EncodeWhole(codec, value)));

    /// <summary>Decodes by a codec of the core; its error is thrown.</summary>
    public static T Decode<T>(Core.Codec<T> codec, Encoded encoded)
    {
        FSharpResult<T, Core.CodecError> result;
        try
        {
            result = codec.Decode.Invoke(ToCore(encoded));
        }
        catch (Exception fault) when (IsFault(fault))
        {
            throw Undecodable(encoded.Type, fault);
        }

        return OrThrow(result);
    }

    /// <summary>The result of a function as the core calls it: what a codec throws is an error.</summary>
    public static FSharpResult<TOutput, Core.CodecError> Try<TOutput>(Func<TOutput> function)
    {
        try
        {
            return FSharpResult<TOutput, Core.CodecError>.NewOk(function());
        }
        catch (CodecException error)
        {
            return FSharpResult<TOutput, Core.CodecError>.NewError(error.Error);
        }
    }

    /// <summary>Whether an exception says that a value does not fit; another is a mistake in the codec's function.</summary>
    public static bool IsMisfit(Exception exception) => exception is FormatException or JsonException;

    /// <summary>Whether an exception comes of what a codec's function was given, and not of the machine: any but a lack of
    /// memory.</summary>
    public static bool IsFault(Exception exception) => exception is not OutOfMemoryException;

    /// <summary>As <see cref="IsFault"/>, where a codec's own exceptions are handed on.</summary>
    public static bool IsFaultOfFunction(Exception exception) => exception is not CodecException && IsFault(exception);

    /// <summary>What an exception says; its type where its own message throws.</summary>
    public static string Reason(Exception exception)
    {
        try
        {
            return exception.Message;
        }
        catch (Exception fault) when (IsFault(fault))
        {
            return exception.GetType().ToString();
        }
    }

    public static CodecException UnknownType(string type) => new(Core.CodecError.NewUnknownType(type));

    public static CodecException NewerSchema(string type, int found, int supported) =>
        new(Core.CodecError.NewNewerSchema(type, found, supported));

    public static CodecException MissingUpcast(string type, int version) => new(Core.CodecError.NewMissingUpcast(type, version));

    public static CodecException Undecodable(string type, Exception reason) =>
        new(Core.CodecError.NewUndecodable(type, Reason(reason)), reason);

    public static CodecException Unencodable(string type, Exception reason) =>
        new(Core.CodecError.NewUnencodable(type, Reason(reason)), reason);

    /// <summary>As <see cref="Unencodable"/>, where the reason may show what is redacted.</summary>
    public static CodecException UnencodableUntold(string type) =>
        new(Core.CodecError.NewUnencodable(type, "the reason is not told, as it may show what is redacted"));

    /// <summary>The name of an entry type, checked.</summary>
    public static string TypeName(string name) => Core.Text.validate("type", Core.Limits.typeBytes, name).ValueOrThrow(nameof(name));

    /// <summary>As <see cref="Unencodable"/>, of a payload in the form of a redacted one.</summary>
    public static CodecException Reserved(string type) => new(Core.CodecError.NewUnencodable(type, Core.Redaction.reserved));

    private static T OrThrow<T>(FSharpResult<T, Core.CodecError> result) =>
        result.IsOk ? result.ResultValue : throw new CodecException(result.ErrorValue);
}
