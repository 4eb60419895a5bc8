// Entries that a local journal hands out in place, made objects, each field of the view compared with the object's.
// Used by JournalReads and JournalComparison, to compare scans with reads.
using System.Text;

namespace Refold.Testing;

internal static class EntryScans
{
    /// <summary>What <see cref="ILocalJournal.ScanAll"/> hands out.</summary>
    /// <exception cref="InvalidOperationException">A view has fields that its entry has not, or the count is wrong.</exception>
    public static List<JournalEntry> All(ILocalJournal journal, long fromPosition = 1, long maxCount = long.MaxValue) =>
        Collected(visitor => journal.ScanAll(visitor, fromPosition, maxCount));

    /// <summary>What <see cref="ILocalJournal.ScanStream"/> hands out.</summary>
    /// <exception cref="InvalidOperationException">A view has fields that its entry has not, or the count is wrong.</exception>
    public static List<JournalEntry> Stream(
        ILocalJournal journal, StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        Collected(visitor => journal.ScanStream(stream, visitor, fromVersion, toVersion, maxCount));

    private static List<JournalEntry> Collected(Func<EntryVisitor, long> scan)
    {
        var found = new List<JournalEntry>();
        var count = scan((in EntryView view) =>
        {
            var entry = view.ToEntry();
            if (Difference(view, entry) is { } field) throw new InvalidOperationException($"{field} of the view of {entry} is another.");
            found.Add(entry);
            return true;
        });
        return count == found.Count ? found : throw new InvalidOperationException(
            FormattableString.Invariant($"A scan that handed out {found.Count} entries says {count}."));
    }

    private static string? Difference(in EntryView view, JournalEntry entry)
    {
        var tags = new List<string>();
        foreach (var tag in view.Tags) tags.Add(Encoding.UTF8.GetString(tag));
        var (type, stream) = (Encoding.UTF8.GetBytes(entry.Type), Encoding.UTF8.GetBytes(entry.Stream.Value));
        if (view.Position != entry.Position || view.Version != entry.Version || view.Batch != entry.Batch) return "the place";
        if (view.Role != entry.Role || view.SchemaVersion != entry.SchemaVersion) return "the role or schema version";
        if (!view.StreamUtf8.SequenceEqual(stream)) return "the stream";
        if (!view.TypeUtf8.SequenceEqual(type) || !view.IsOfType(type)) return "the type";
        if (!view.Payload.SequenceEqual(entry.Payload.Span)) return "the payload";
        if (view.Tags.Count != tags.Count || !tags.SequenceEqual(entry.Tags)) return "the tags";
        if (view.Time != entry.Time) return "the time";
        return view.CanonicalBytes.SequenceEqual(entry.ToCanonicalBytes()) ? null : "the canonical bytes";
    }
}
