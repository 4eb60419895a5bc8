// F# lists for the core's records.
// Called by the translations.
using Microsoft.FSharp.Collections;

namespace Refold.Interop;

internal static class Lists
{
    /// <summary>The F# list of the items. Collection expressions would do, but the builder behind them, <c>FSharpList</c> without type
    /// arguments, is missing in the FSharp.Core that <c>dotnet fsi</c> brings: scripts could not append.</summary>
    public static FSharpList<T> ToFSharpList<T>(this IEnumerable<T> items) => ListModule.OfSeq(items);
}
