// Entries by their ids, and by what brought them about, where there is no footer to ask.
// Called by SegmentIndex.
namespace Refold.Segments;

internal sealed partial class MemoryPart
{
    private readonly EntryIds ids = new(entry => entry.Id);
    private readonly EntryIds causes = new(entry => entry.CausationId);

    public override IReadOnlyList<int> FindId(Guid id) => Find(ids, id);

    public override IReadOnlyList<int> FindCaused(Guid id) => Find(causes, id);

    private List<int> Find(EntryIds found, Guid id)
    {
        lock (found)
        {
            // Ids that follow from others are not kept: the entries are read once.
            using var reader = new EntryReader();
            for (var (number, count) = ((int)found.UpTo, Count); number < count; number++)
                found.Add(reader.Read(Reader()(number)), number + 1);
            return [.. found.Of(id).Select(number => (int)number - 1)];
        }
    }
}
