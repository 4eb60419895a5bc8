// Between F# options and C# nulls, F# results and exceptions. This folder is the only place that names FSharp types.
// Used by the mirrored types.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class Options
{
    public static T? ToNullable<T>(this FSharpOption<T>? option)
        where T : struct => option?.Value;

    public static T? ToReference<T>(this FSharpOption<T>? option)
        where T : class => option?.Value;

    public static FSharpOption<T>? ToOption<T>(this T? value)
        where T : struct => value is { } some ? FSharpOption<T>.Some(some) : null;

    public static FSharpOption<T>? ToOption<T>(this T? value)
        where T : class => value is null ? null : FSharpOption<T>.Some(value);

    public static T ValueOrThrow<T>(this FSharpResult<T, Core.ValueError> result, string parameter) =>
        result.IsOk ? result.ResultValue : throw new ArgumentException(result.ErrorValue.ToString(), parameter);
}
