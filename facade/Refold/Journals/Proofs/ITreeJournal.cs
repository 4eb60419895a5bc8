// The batch tree of a local journal for code of the library, also behind a journal that hands its members on.
// Implemented by LocalJournal and InlineJournal; asked by ProjectionReading.
namespace Refold;

internal interface ITreeJournal
{
    /// <summary>The journal to which all is handed on; null for one that keeps entries itself.</summary>
    ILocalJournal? Inner => null;

    /// <summary>Answers a question to the batch tree as of one moment.</summary>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    TAnswer Ask<TAnswer>(Func<IBatchTree, TAnswer> question);

    /// <summary>How many batches a dropped beginning has that ends at a position, and the latest time of their entries; null where none
    /// does.</summary>
    static (long Batches, DateTimeOffset? Latest)? BeginningUpTo(ILocalJournal journal, long position)
    {
        try
        {
            return (journal as ITreeJournal)?.Ask<(long, DateTimeOffset?)?>(
                tree => tree.Begin.Position == position ? (tree.Beginning.Batches, tree.Beginning.Latest) : null);
        }
        catch (NotSupportedException)
        {
            // A store of one's own behind inline projections.
            return null;
        }
    }
}
