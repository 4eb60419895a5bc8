// What becomes of the rented memory of batches once they are answered.
// Called by SegmentLog behind each group.
using System.Buffers;

namespace Refold.Segments;

internal sealed partial class SegmentLog
{
    /// <summary>Gives back what batches that were answered have rented: the index has taken what it needs, and nobody else holds them.
    /// Where something failed nothing is given back.</summary>
    private void GiveBack(List<PendingWrite> waiting, int taken)
    {
        foreach (var item in items)
        {
            if (item.Content is not Format.SegmentContent.Batch { batch: var stored } || !stored.Batch.IsLent) continue;
            stored.Batch.Release();
            ArrayPool<int>.Shared.Return(stored.Offsets);
        }

        items.Clear();
        // Of those that were refused, or repeated.
        for (var number = 0; number < taken; number++)
            if (waiting[number] is PendingAppend { Lent: { } batch }) batch.Release();
    }
}
