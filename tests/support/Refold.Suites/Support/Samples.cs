// Short words for entries, appends and whole journals as lists of lines.
// Used by the tests of the segment journal.
using System.Text;

namespace Refold.Suites;

internal static class Samples
{
    /// <summary>Small segments, so that a few appends fill one.</summary>
    public static readonly JournalOptions Small = new() { Segments = new() { SegmentBytes = 1024 } };

    /// <summary>The same with checkpoints, so that a few appends make one, on the thread that appends.</summary>
    public static readonly JournalOptions Checkpointed =
        Small.With(s => s with { CheckpointBytes = 200, Background = OnThisThread.Instance });

    public static readonly JournalOptions ReadOnly = new() { ReadOnly = true };

    /// <summary>Runs what is begun at once.</summary>
    private sealed class OnThisThread : TaskScheduler
    {
        public static readonly OnThisThread Instance = new();

        protected override IEnumerable<Task> GetScheduledTasks() => [];

        protected override void QueueTask(Task task) => TryExecuteTask(task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);
    }

    public static EntryData Entry(string stream, string payload = "{}", params string[] tags) =>
        new(stream, "Happened", Encoding.UTF8.GetBytes(payload)) { Tags = tags };

    public static async Task<Receipt> Append(this IJournal journal, params EntryData[] entries) =>
        await journal.AppendAsync(new AppendRequest(entries));

    /// <summary>Every entry with its place and batch, and the head: equal for equal journals.</summary>
    public static List<string> Lines(this ILocalJournal journal) =>
        [
            .. journal.ReadAll()
                .Select(entry => $"{entry} batch {entry.Batch} {Encoding.UTF8.GetString(entry.Payload.Span)} {entry.IdempotencyKey}"),
            journal.Head.ToString()];

    /// <summary>Everything a journal answers, deleted entries' floors included.</summary>
    public static List<string> Everything(this ILocalJournal journal)
    {
        var lines = journal.Lines();
        foreach (var stream in journal.Streams())
        {
            lines.Add(stream.ToString());
            lines.AddRange(journal.ReadStream(stream.Stream, stream.Floor + 1).Select(entry => entry.ToString()));
        }

        for (var position = 0; position <= journal.Head.Position + 1; position++) lines.Add(journal.HeadAt(position)?.ToString() ?? "none");
        foreach (var query in new[]
        {
            Query.WithTags("a"),
            Query.WithTags("a", "b"),
            Query.WithTags("kind:external"),
            Query.OfTypes("Happened", "Other"),
            Query.Any(new QueryItem(["Other"], ["b"]), new QueryItem([], ["a"]))
        })
        {
            var result = journal.Query(query, 2, 7);
            lines.Add($"{result.AsOf}: {string.Join(",", result.Entries.Select(entry => entry.Position))}");
        }

        return lines;
    }
}
