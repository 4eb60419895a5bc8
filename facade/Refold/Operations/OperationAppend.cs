// Appending what operations record, and what is known of an attempt that was begun.
// Used by OperationRunner and LiveAttempt.
namespace Refold;

/// <summary>An attempt that was begun.</summary>
/// <param name="Operation">The operation's name.</param>
/// <param name="Key">Its key.</param>
/// <param name="Number">The attempt's number, from 1.</param>
/// <param name="Seed">Where random numbers come from.</param>
/// <param name="Position">The position of the entry that began it.</param>
/// <param name="Id">That entry's id.</param>
/// <param name="FirstId">The id of the entry that began the first attempt.</param>
internal sealed record BegunAttempt(
    string Operation, string Key, int Number, RngState Seed, long Position, Guid Id, Guid FirstId);

internal static class OperationAppend
{
    /// <summary>Appends entries under a condition. Cancelling waits for nobody: a write that was begun is written.</summary>
    public static ValueTask<AppendResult> Async(IJournal journal, IReadOnlyList<EntryData> entries, AppendCondition condition)
    {
        var request = new AppendRequest(entries) { Condition = condition, AllowsOwnStreams = true, Pipelined = true };
        return request.TryEncode(out var batch, out var failure)
            ? journal.TryAppendAsync(batch, CancellationToken.None)
            : ValueTask.FromResult<AppendResult>(new AppendResult.NotAppended(failure));
    }
}
