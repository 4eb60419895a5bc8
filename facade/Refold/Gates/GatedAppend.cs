// One append of a request that demands a pass of gates, or comes with one, or goes around them.
// Called by JournalExtensions for every such request, whatever the journal.
using Refold.Interop;

namespace Refold;

internal static class GatedAppend
{
    /// <summary>Takes the pass, appends, and gives the pass back where nothing was committed.</summary>
    public static async ValueTask<AppendResult> AppendAsync(IJournal journal, AppendRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (batch, claim, failure) = request.EncodedWithClaim();
        if (batch is null) return Refused(journal, failure!);

        // Of a known key nothing is committed: only the journal knows that. Any other refusal is certain here, whatever the journal.
        if (claim?.Take(batch) is { } refusal && batch.Key is null) return Refused(journal, refusal);
        if (request.Pass is { } pass) batch.Cleared = pass.Gates;
        batch.AllowSynchronousContinuations = journal is LocalJournal { AnswersOnItsThread: true };
        var appending = journal.TryAppendAsync(batch, cancellationToken).AsTask();
        await Boundary.Following(appending);
        // An exception, also that of a cancelled wait, says nothing of the outcome: the pass stays used.
        var result = await appending.ConfigureAwait(false);
        if (result is AppendResult.NotAppended or AppendResult.Appended { IsRepeated: true }) claim?.GiveBack();
        return result;
    }

    private static AppendResult Refused(IJournal journal, AppendFailure failure)
    {
        var refused = new AppendResult.NotAppended(failure);
        JournalObserver.Of(journal)?.Refused(refused);
        return refused;
    }
}
