// What a stress run has left: every way of opening tells the same, and everything that was answered is there or was asked to go.
// Called by StressRun when the journal was closed.
using Refold.Segments;

namespace Refold.Suites;

/// <summary>The end of one run.</summary>
internal sealed class StressEnd(StressFacts facts, string directory, JournalOptions options)
{
    public async Task JudgeAsync()
    {
        Verified();
        var told = new List<(string Way, List<string> Lines)>();
        foreach (var way in new[]
        {
            new OpeningWays(), new OpeningWays { Checkpoint = false }, new OpeningWays { Checkpoint = false, Footers = false }
        })
            told.Add(($"read by {way}", await TellAsync((options with { ReadOnly = true }).With(s => s with { Opening = way }))));
        told.Add(("written", await TellAsync(options)));
        Verified();
        foreach (var (way, lines) in told)
        {
            var differs = lines.Zip(told[0].Lines).FirstOrDefault(pair => pair.First != pair.Second);
            StressFacts.Demand(differs == default && lines.Count == told[0].Lines.Count, () =>
                $"{way}: {differs.First}; {told[0].Way}: {differs.Second}");
        }
    }

    private void Verified()
    {
        var found = SegmentJournal.Verify(directory);
        StressFacts.Demand(found.Ok, () => found.ToString());
    }

    /// <summary>Everything the journal answers, once it was judged.</summary>
    private async Task<List<string>> TellAsync(JournalOptions how)
    {
        await using var journal = SegmentJournal.Open(directory, how);
        StressFacts.Demand(journal.Head.Position >= facts.Acknowledged, () => $"the head is {journal.Head}, behind {facts.Acknowledged}");
        facts.SeeHead(journal.Head, "the end");
        var (hidden, asked, last) = (facts.Answered, facts.Asked, 0L);
        var lines = new List<string>
        {
            journal.Head.ToString(),
            journal.Begin.ToString(),
            journal.KeysForgottenBefore.ToString(System.Globalization.CultureInfo.InvariantCulture)
        };
        var payloads = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in journal.ReadAll())
        {
            var seen = StressEntry.Of(entry);
            facts.See(entry.Position, seen, "the end");
            StressFacts.Demand(payloads.Add(seen.Payload), () => $"{entry} is there twice");
            StressFacts.Demand(!hidden.Hides(entry.Position, seen) || entry.Position < hidden.Before, () => $"{entry} was deleted");
            for (last++; last < entry.Position; last++) facts.Miss(last, asked, "the end");
            lines.Add($"{entry.Position} {seen}");
        }

        for (last++; last <= facts.Acknowledged; last++) facts.Miss(last, asked, "the end");
        foreach (var (stream, floor, highest) in journal.Streams())
        {
            lines.Add($"{stream} {floor} {highest}");
            lines.AddRange(journal.ReadStream(stream, floor + 1).Select(entry => entry.ToString()));
        }

        foreach (var tag in StressReads.Tags)
            lines.AddRange(journal.Query(Query.WithTags(tag)).Entries.Select(entry => $"{tag}: {entry.Position}"));
        foreach (var (position, head) in facts.Heads.OrderBy(pair => pair.Key))
        {
            var found = journal.HeadAt(position);
            StressFacts.Demand(found == head || (found is null && position < asked.Before), () =>
                $"the head at {position} is {found}, and was {head}");
            lines.Add($"{position} {found}");
        }

        foreach (var (key, receipt) in facts.Keys.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var found = journal.FindByKey(key);
            StressFacts.Demand(
                found is null ? receipt.FirstPosition < facts.KeysBefore : found.Equals(receipt),
                () => $"key {key} is {found}, and was {receipt}");
            lines.Add($"{key} {found}");
        }

        return lines;
    }
}
