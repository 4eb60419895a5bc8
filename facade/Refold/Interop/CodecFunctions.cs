// Between codecs of delegates that throw and the core's codecs of functions that answer with results.
// Called by Codec<T>; its core form goes to runs, replay and snapshots.
using System.Text.Json;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class CodecFunctions
{
    public static Core.Codec<T> ToCore<T>(Func<T, Encoded> encode, Func<Encoded, T> decode) =>
        new(
            Function<T, Core.Encoded>(value =>
            {
                var encoded = encode(value);
                return new Core.Encoded(encoded.Type, encoded.SchemaVersion, Core.Bytes.Wrap(encoded.Payload));
            }),
            Function<Core.Encoded, T>(encoded => decode(new Encoded(encoded.Type, encoded.SchemaVersion, encoded.Payload.Memory))));

    /// <summary>Encodes by a codec of the core; its error is thrown.</summary>
    public static Encoded Encode<T>(Core.Codec<T> codec, T value, HiddenValues? hidden)
    {
        var result = RedactedPaths.Encode(codec, value, hidden);
        if (result.IsError) throw new CodecException(result.ErrorValue);
        return new Encoded(result.ResultValue.Type, result.ResultValue.SchemaVersion, result.ResultValue.Payload.Memory);
    }

    /// <summary>Decodes by a codec of the core; its error is thrown.</summary>
    public static T Decode<T>(Core.Codec<T> codec, Encoded encoded)
    {
        FSharpResult<T, Core.CodecError> result;
        try
        {
            result = codec.Decode.Invoke(new Core.Encoded(encoded.Type, encoded.SchemaVersion, Core.Bytes.Wrap(encoded.Payload)));
        }
        catch (Exception fault) when (IsFault(fault))
        {
            throw Undecodable(encoded.Type, fault);
        }

        return result.IsOk ? result.ResultValue : throw new CodecException(result.ErrorValue);
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

    private static FSharpFunc<TInput, FSharpResult<TOutput, Core.CodecError>> Function<TInput, TOutput>(Func<TInput, TOutput> function) =>
        FuncConvert.FromFunc<TInput, FSharpResult<TOutput, Core.CodecError>>(input =>
        {
            try
            {
                return FSharpResult<TOutput, Core.CodecError>.NewOk(function(input));
            }
            catch (CodecException error)
            {
                return FSharpResult<TOutput, Core.CodecError>.NewError(error.Error);
            }
        });
}
