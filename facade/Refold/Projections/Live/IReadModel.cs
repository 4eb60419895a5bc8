// A read model of the application's: rows made of entries, and the place that they are as of, kept together.
// Implemented by applications; filled by ReadModelRunner. LiveProjection keeps its state in one of its own.
namespace Refold;

/// <summary>What is made of a journal's entries elsewhere: tables of a database, documents, an index for searching. It keeps the place that
/// it is as of in the same transaction as its rows: then each entry counts exactly once, wherever the process is killed.</summary>
/// <example><code>
/// public async ValueTask ApplyAsync(ReadModelBatch batch, CancellationToken cancellationToken)
/// {
///     using var transaction = connection.BeginTransaction();
///     foreach (var entry in batch.Entries) Count(entry, transaction);
///     MovePlace(batch.Before, batch.Place, transaction);   // update place set ... where position = @before; one row, or throw
///     transaction.Commit();
/// }
/// </code></example>
public interface IReadModel
{
    /// <summary>The place that the rows are as of.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The place that was kept last; null where nothing was applied yet.</returns>
    ValueTask<Head?> LoadPlaceAsync(CancellationToken cancellationToken = default);

    /// <summary>Applies entries, and keeps the place behind them, both or neither. What it throws makes the runner load the place again,
    /// after a while.</summary>
    /// <param name="batch">The entries, and the places before and behind them.</param>
    /// <param name="cancellationToken">Ends when the runner has to stop and its bound has passed.</param>
    /// <returns>A task that ends when both are durable.</returns>
    ValueTask ApplyAsync(ReadModelBatch batch, CancellationToken cancellationToken = default);
}

/// <summary>What a read model is to apply at once: whole batches of the journal.</summary>
/// <param name="Entries">The entries that the query matches, in position order; none where only the place moves.</param>
/// <param name="Before">The place that the read model has to be at; at another one, somebody else writes it too.</param>
/// <param name="Place">The place behind the entries, to be kept with them.</param>
public sealed record ReadModelBatch(IReadOnlyList<JournalEntry> Entries, Head Before, Head Place)
{
    /// <summary>The places and the number of entries.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => FormattableString.Invariant($"{Entries.Count} entries from {Before} to {Place}");
}

/// <summary>A read model or live projection cannot go on from where it is.</summary>
public sealed class ReadModelException : JournalException
{
    private ReadModelException(string code, string message, Exception? cause = null)
        : base(code, message, cause)
    {
    }

    internal static ReadModelException HistoryDropped(string name, Head after, Head upTo) => new(
        "history-dropped",
        $"Entries between {after} and {upTo} that '{name}' could match were deleted or dropped before it read them: make it anew where the "
        + "journal is whole; a read model of your own may skip them (SkipsMissing).");

    internal static ReadModelException BeginningDropped(string name, Head place) => new(
        "history-dropped",
        $"The journal does not go back to {place} any more, which '{name}' is as of: make it anew where the journal is whole; a read model "
        + "of your own may let its place go and skip what is missing (SkipsMissing).");

    internal static ReadModelException Differs(string name, Head place, string what) => new(
        "projection-differs",
        $"What was made anew of '{name}' has {what} than the live one at {place}, so the live one stays: raise the schema version where "
        + "the fold changed, and look for what is not pure in it where it did not.");

    internal static ReadModelException Folding(string name, Exception cause) => new(
        "projection-failed", $"The projection '{name}' failed: {cause.Message}.", cause);

    internal static ReadModelException NotThere(string name, Exception cause) => new(
        (cause as JournalException)?.Code ?? "projection-failed",
        $"The inline projection '{name}' is brought up to date no more: {cause.Message}", cause);

    internal static ReadModelException NotThere(string name, long position, Exception? cause) => new(
        "read-model-stopped",
        $"'{name}' does not come to position {NumberText.Of(position)}: its runner "
        + (cause is null ? "was stopped; run it again." : $"failed: {cause.Message}"),
        cause);
}
