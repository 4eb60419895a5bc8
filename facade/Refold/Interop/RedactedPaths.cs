// Redaction by JSON path, as the core does it: for payloads of codecs, and for bodies of HTTP.
// Used by Codec<T>, HiddenValues and Redaction; asked by runs, snapshots and operations whether a payload is redacted.
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal sealed class RedactedPaths
{
    private readonly FSharpList<FSharpList<string>> steps;

    private RedactedPaths(FSharpList<FSharpList<string>> steps) => this.steps = steps;

    /// <summary>What stands in the place of a value.</summary>
    public static string Mark => Core.Redaction.mark;

    /// <summary>Whether none is named.</summary>
    public bool IsEmpty => steps.IsEmpty;

    /// <exception cref="ArgumentException">An item is no path.</exception>
    public static RedactedPaths Of(IEnumerable<string> paths, string parameter)
    {
        var found = new List<FSharpList<string>>();
        foreach (var path in paths)
        {
            ArgumentException.ThrowIfNullOrEmpty(path, parameter);
            found.Add(Core.Redaction.tryPath(path)?.Value ?? throw new ArgumentException(
                $"'{path}' is no path of values that could be redacted: write $.card.number or $.items[*].secret.", parameter));
        }

        return new RedactedPaths(found.ToFSharpList());
    }

    /// <summary>These and others.</summary>
    public RedactedPaths And(RedactedPaths others) => new(steps.Concat(others.steps).ToFSharpList());

    /// <summary>The first path of which something does not hold; null for none.</summary>
    public string? FirstThatFails(Func<string[], bool> holds) =>
        steps.FirstOrDefault(path => !holds([.. path])) is { } found ? "$." + string.Join('.', found) : null;

    /// <summary>Whether a payload begins as one in which something was replaced.</summary>
    public static bool IsOpened(ReadOnlySpan<byte> payload) => Core.Redaction.isOpened(payload);

    /// <summary>Whether something in the payload was replaced.</summary>
    public static bool IsMarked(ReadOnlyMemory<byte> payload) =>
        IsOpened(payload.Span) && Core.Redaction.isMarked(Core.Bytes.Wrap(payload));

    /// <summary>A payload that says that something in it was replaced.</summary>
    public static ReadOnlyMemory<byte> Wrap(ReadOnlyMemory<byte> json) => Core.Redaction.wrap(json).Memory;

    /// <summary>What a redacted payload holds; another one as it is.</summary>
    public static ReadOnlyMemory<byte> Unwrap(ReadOnlyMemory<byte> payload)
    {
        var found = Core.Redaction.tryUnwrap(Core.Bytes.Wrap(payload));
        return found.IsSome ? found.Value.Memory : payload;
    }

    /// <summary>The JSON with what lies at the paths replaced; null where nothing does.</summary>
    /// <exception cref="FormatException">It is no JSON, or a member on the way is there twice, so that one of its values would
    /// hide.</exception>
    public ReadOnlyMemory<byte>? Replace(ReadOnlyMemory<byte> json, HiddenValues? hidden) => Replace(json, ToldTo(hidden));

    /// <summary>As with hidden values. <paramref name="told"/>: each value that is replaced.</summary>
    public ReadOnlyMemory<byte>? Replace(ReadOnlyMemory<byte> json, Action<ReadOnlyMemory<byte>> told)
    {
        var replaced = Core.Redaction.apply(FuncConvert.FromAction(told), steps, json);
        if (replaced.IsError) throw new FormatException("it is no JSON in which values could be redacted by their paths");
        if (replaced.ResultValue.IsNone) return null;
        return replaced.ResultValue.Value;
    }

    /// <summary>A payload with what lies at the paths replaced, which says so.</summary>
    /// <exception cref="FormatException">As when replacing.</exception>
    public Encoded Of(Encoded whole, Action<ReadOnlyMemory<byte>> told) =>
        Replace(whole.Payload, told) is { } replaced ? whole with { Payload = Wrap(replaced) } : whole;

    /// <summary>A codec of the core that does not write what lies at the paths.</summary>
    public static Core.Codec<T> Over<T>(Core.Codec<T> codec, IEnumerable<string> paths) =>
        Core.Codec.redact(paths.ToFSharpList(), codec);

    /// <summary>Whether a codec of the core is such a one.</summary>
    public static bool AreOf<T>(Core.Codec<T> codec) => Core.CodecEncode.redacts(codec);

    /// <summary>Encodes by a codec of the core, and tells what is not written.</summary>
    public static FSharpResult<Core.Encoded, Core.CodecError> Encode<T>(Core.Codec<T> codec, T value, HiddenValues? hidden) =>
        Core.CodecEncode.by(codec.Encode, Core.Writing.NewRecorded(FuncConvert.FromAction(ToldTo(hidden))), value);

    /// <summary>Encodes by a codec of the core with all that is redacted.</summary>
    public static FSharpResult<Core.Encoded, Core.CodecError> EncodeWhole<T>(Core.Codec<T> codec, T value) =>
        Core.CodecEncode.by(codec.Encode, Core.Writing.Whole, value);

    /// <summary>Whether a payload with the mark is what replacing at the paths makes.</summary>
    public bool Made(ReadOnlyMemory<byte> payload) => Core.Redaction.isMadeBy(steps, Core.Bytes.Wrap(payload));

    /// <summary>Whether a payload is one in which a codec of the core replaced something.</summary>
    public static bool IsOf<T>(Core.Codec<T> codec, Encoded encoded) =>
        Core.CodecEncode.isRedacted(codec, CodecFunctions.ToCore(encoded));

    /// <summary>Tells hidden values what is replaced; null for nobody.</summary>
    public static Action<ReadOnlyMemory<byte>> ToldTo(HiddenValues? hidden) => json => hidden?.AddJson(json);
}
