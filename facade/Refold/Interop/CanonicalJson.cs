// Canonical JSON (RFC 8785) from the core, for codecs of the facade.
// Called by Codec, JsonForm, JsonNumbers and SetConverter.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class CanonicalJson
{
    /// <summary>The canonical form of a JSON text.</summary>
    /// <exception cref="FormatException">The text has none.</exception>
    public static ReadOnlyMemory<byte> OfJson(ReadOnlyMemory<byte> json) => Core.Canonical.ofJson(json).ValueOrMisfit().Memory;

    /// <summary>Whether a JSON text is surely its own canonical form; where not, it may be so all the same.</summary>
    public static bool IsSurelyCanonical(ReadOnlySpan<byte> json) => Core.JsonGrammar.isSurelyCanonical(json);

    /// <summary>The canonical text of a finite number.</summary>
    public static string OfNumber(double number) => Core.JsonNumber.format(number);

    /// <summary>A JSON string.</summary>
    /// <exception cref="FormatException">The text is null or has a lone surrogate.</exception>
    public static ReadOnlyMemory<byte> OfText(string text) => text is null
        ? throw new FormatException("it is null")
        : Core.Canonical.write(Core.JsonValue.NewString(text)).ValueOrMisfit().Memory;

    /// <summary>The text of a JSON string.</summary>
    /// <exception cref="FormatException">The bytes are not exactly one JSON string.</exception>
    public static string ToText(ReadOnlyMemory<byte> json) =>
        Core.Canonical.parse(json).ValueOrMisfit() is Core.JsonValue.String text
            ? text.value
            : throw new FormatException("it is no JSON string");

    private static T ValueOrMisfit<T>(this FSharpResult<T, Core.ValueError> result) =>
        result.IsOk ? result.ResultValue : throw new FormatException(result.ErrorValue.ToString());
}
