// F# lists for the core's records.
// Called by the translations and by the F# face.
using Microsoft.FSharp.Collections;

namespace Refold.Interop;

internal static class Lists
{
    /// <summary>The F# list of the items. Collection expressions would do, but the builder behind them, <c>FSharpList</c> without type
    /// arguments, is missing in the FSharp.Core that <c>dotnet fsi</c> brings: scripts could not append.</summary>
    public static FSharpList<T> ToFSharpList<T>(this IEnumerable<T> items) => ListModule.OfSeq(items);

    /// <summary>The entries of a read, as the core's. In C#, since the FSharp.Core that <c>dotnet fsi</c> brings cannot dispose
    /// asynchronously in a <c>task</c>.</summary>
    public static async Task<FSharpList<Core.Entry>> CollectAsync(this IAsyncEnumerable<JournalEntry> entries)
    {
        var found = new List<Core.Entry>();
        await foreach (var entry in entries.ConfigureAwait(false)) found.Add(entry.Value);
        return found.ToFSharpList();
    }

    /// <summary>Folds the entries of a read batch by batch, as they are read.</summary>
    public static async Task<TState> FoldBatchesAsync<TState>(
        this IAsyncEnumerable<JournalEntry> entries, TState state, Func<TState, FSharpList<Core.Entry>, TState> next)
    {
        var batch = new List<Core.Entry>();
        await foreach (var entry in entries.ConfigureAwait(false))
        {
            if (batch.Count > 0 && batch[0].Batch != entry.Batch) Take();
            batch.Add(entry.Value);
        }

        if (batch.Count > 0) Take();
        return state;

        void Take()
        {
            state = next(state, batch.ToFSharpList());
            batch.Clear();
        }
    }
}
