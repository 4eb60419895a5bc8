// Reads of a segment journal that make no objects: entries are handed out where they lie in the files.
// Called by applications, by folds and by reads of objects.
using System.Runtime.ExceptionServices;
using System.Text;

namespace Refold.Segments;

public sealed partial class SegmentJournal
{
    internal override bool ScansInPlace => true;

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The bytes of an entry are not what was written, or it is not there.</exception>
    public override long ScanAll(EntryVisitor visitor, long fromPosition = 1, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        using var walk = new FrameWalk(visitor, maxCount);
        var head = long.MaxValue;
        // Where compaction replaced a file meanwhile, the walk goes on in what replaced it, to the same end.
        Ask(index =>
        {
            var plan = index.Scan(Math.Max(1, walk.Last == 0 ? fromPosition : walk.Last + 1));
            head = Math.Min(head, plan.Head.Position);
            if (plan.Head.Position > head)
            {
                // Of what was there at the call, nothing is left that was not handed out.
                if (index.HeadAt(head) is not { } same) return walk.Visited;
                plan = plan with { Head = same };
            }

            plan.Walk(walk, Math.Max(1, walk.Last == 0 ? fromPosition : walk.Last + 1));
            return walk.Visited;
        });
        walk.Failed?.Throw();
        return walk.Visited;
    }

    /// <inheritdoc/>
    /// <exception cref="JournalCorruptedException">The bytes of an entry are not what was written.</exception>
    public override long ScanStream(
        StreamId stream, EntryVisitor visitor, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(visitor);
        using var reader = new EntryReader();
        var name = Encoding.UTF8.GetBytes(stream.Value);
        var (visited, next, asOf, failed) = (0L, fromVersion, long.MaxValue, default(ExceptionDispatchInfo));
        Ask(index =>
        {
            asOf = Math.Min(asOf, index.Head.Position);
            var upTo = asOf;
            foreach (var row in index.OfStream(stream, next, toVersion, maxCount - visited))
            {
                if (row.Position > upTo) break;
                var entry = reader.View(row, name);
                visited++;
                next = row.Version + 1;
                try
                {
                    if (!visitor(entry)) break;
                }
                catch (SegmentGoneException gone)
                {
                    // Of another journal: files of this one are not looked for because of it.
                    failed = ExceptionDispatchInfo.Capture(gone);
                    break;
                }
            }

            return visited;
        });
        failed?.Throw();
        return visited;
    }
}
