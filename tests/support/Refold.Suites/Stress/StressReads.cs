// Random reads of a journal while everything about it changes, each judged at once by what had been answered before it began.
// Called by the tasks of StressRun on the writer's journal and on readers', and by the reader in another process.
using Refold.Segments;

namespace Refold.Suites;

/// <summary>Reads of one task.</summary>
/// <param name="facts">What is known.</param>
/// <param name="random">What is read.</param>
/// <param name="name">How violations name it.</param>
/// <param name="isBehind">Whether it may see less than was answered: a reader where answers come before their flush.</param>
internal sealed class StressReads(StressFacts facts, Random random, string name, bool isBehind = false)
{
    public static readonly string[] Tags = ["red", "green", "blue"];

    /// <summary>One read.</summary>
    public void Read(SegmentJournal journal)
    {
        switch (random.Next(8))
        {
            case 0 or 1: All(journal); break;
            case 2 or 3: Stream(journal); break;
            case 4: Tagged(journal); break;
            case 5: Keys(journal); break;
            case 6: Heads(journal); break;
            default: Around(journal); break;
        }
    }

    /// <summary>Follows a journal for some entries.</summary>
    public async Task FollowAsync(SegmentJournal journal, int most, CancellationToken cancellationToken)
    {
        var last = Math.Max(0, Acknowledged - random.Next(200));
        await foreach (var entry in journal.SubscribeAsync(last + 1, cancellationToken))
        {
            StressFacts.Demand(entry.Position > last, () => $"{name}: {entry} after {last}");
            Behind(ref last, entry, facts.Asked, "subscription");
            if (--most <= 0) return;
        }
    }

    private long Acknowledged => isBehind ? 0 : facts.Acknowledged;

    private long Highest(string stream) => isBehind ? 0 : facts.Highest(stream);

    private void All(SegmentJournal journal)
    {
        var (hidden, head) = (facts.Answered, Acknowledged);
        var from = random.Next(3) == 0 ? 1 : random.NextInt64(1, head + 2);
        var most = random.Next(2) == 0 ? long.MaxValue : random.Next(1, 200);
        var (last, count) = (from - 1, 0L);
        foreach (var entry in journal.ReadAll(from, most))
        {
            StressFacts.Demand(entry.Position > last, () => $"{name}: {entry} after {last}");
            StressFacts.Demand(
                !hidden.Hides(entry.Position, StressEntry.Of(entry)) || entry.Position < hidden.Before,
                () => $"{name}: {entry} was deleted");
            Behind(ref last, entry, facts.Asked, "read");
            count++;
            // Time for others to change what lies ahead.
            if (random.Next(500) == 0) Thread.Sleep(random.Next(5));
        }

        StressFacts.Demand(count <= most, () => $"{name}: {count} of {most}");
        if (count == most) return;
        for (last++; last <= head; last++) facts.Miss(last, facts.Asked, name + " read to the end");
    }

    private void Stream(SegmentJournal journal)
    {
        var stream = random.Next(2) == 0 ? "own" + random.Next(4) : "shared" + random.Next(3);
        var highest = Highest(stream);
        var from = random.Next(2) == 0 ? facts.Asked.Streams.GetValueOrDefault(stream) + 1 : random.NextInt64(1, highest + 2);
        var next = from;
        try
        {
            foreach (var entry in journal.ReadStream(stream, from))
            {
                StressFacts.Demand(entry.Version == next, () => $"{name}: {entry} instead of version {next}");
                facts.See(entry.Position, StressEntry.Of(entry), name);
                next++;
                if (random.Next(200) == 0) Thread.Sleep(random.Next(5));
            }

            StressFacts.Demand(next > highest, () => $"{name}: {stream} ends before version {next} of {highest}");
        }
        catch (EntriesDroppedException exception)
        {
            var asked = facts.Asked;
            StressFacts.Demand(
                asked.Before > 1 || asked.Streams.GetValueOrDefault(stream) >= from,
                () => $"{name}: {stream} from {from}: {exception.Message}");
        }
    }

    private void Tagged(SegmentJournal journal)
    {
        var (tag, hidden, head) = (Tags[random.Next(Tags.Length)], facts.Answered, Acknowledged);
        var from = Math.Max(1, head - random.Next(300));
        var expected = facts.Known.Where(pair => pair.Key >= from && pair.Key <= head && pair.Value.Tag == tag)
            .Select(pair => pair.Key)
            .ToHashSet();
        var result = journal.Query(Query.WithTags(tag), from);
        StressFacts.Demand(result.AsOf >= head, () => $"{name}: asked as of {result.AsOf}, behind {head}");
        foreach (var entry in result.Entries)
        {
            var seen = StressEntry.Of(entry);
            facts.See(entry.Position, seen, name);
            StressFacts.Demand(
                seen.Tag == tag && entry.Position >= from && entry.Position <= result.AsOf, () => $"{name}: {entry} has not {tag}");
            StressFacts.Demand(!hidden.Hides(entry.Position, seen) || entry.Position < hidden.Before, () => $"{name}: {entry} was deleted");
            expected.Remove(entry.Position);
        }

        var asked = facts.Asked;
        foreach (var position in expected) facts.Miss(position, asked, name + " query");
    }

    private void Keys(SegmentJournal journal)
    {
        var head = journal.Head.Position;
        foreach (var (key, receipt) in facts.Keys.Where(_ => random.Next(20) == 0).Take(10).ToList())
        {
            var found = journal.FindByKey(key);
            if (found is null)
                StressFacts.Demand(
                    receipt.FirstPosition < facts.KeysBefore || (isBehind && receipt.FirstPosition > head),
                    () => $"{name}: key {key} of {receipt} is gone");
            else StressFacts.Demand(found.Equals(receipt), () => $"{name}: key {key} is {found}, and was {receipt}");
        }
    }

    private void Heads(SegmentJournal journal)
    {
        var last = journal.Head.Position;
        foreach (var (position, head) in facts.Heads.Where(_ => random.Next(20) == 0).Take(10).ToList())
        {
            var found = journal.HeadAt(position);
            if (found is null)
                StressFacts.Demand(
                    position < facts.Asked.Before || (isBehind && position > last), () => $"{name}: the head at {position} is gone");
            else StressFacts.Demand(found == head, () => $"{name}: the head at {position} is {found}, and was {head}");
        }
    }

    private void Around(SegmentJournal journal)
    {
        var (head, hidden) = (Acknowledged, facts.Answered);
        var stream = "shared" + random.Next(3);
        var highest = Highest(stream);
        var now = journal.Head;
        facts.SeeHead(now, name);
        // Of a journal that was closed meanwhile this throws, and the head is what it was.
        var version = journal.HighestVersion(stream);
        StressFacts.Demand(now.Position >= head, () => $"{name}: the head is {now}, behind {head}");
        StressFacts.Demand(version >= highest, () => $"{name}: {stream} has version {version}, behind {highest}");
        foreach (var (known, floor, top) in journal.Streams())
        {
            var least = hidden.Streams.GetValueOrDefault(known.Value);
            StressFacts.Demand(floor >= least && top >= least, () => $"{name}: {known} has floor {floor} of {top}, below {least}");
        }

        var segments = journal.Segments;
        StressFacts.Demand(segments.Count > 0 && segments.All(segment => segment.Bytes > 0), () =>
            $"{name}: segments {string.Join(", ", segments)}");
    }

    /// <summary>Notes an entry, and the positions between it and the one before.</summary>
    private void Behind(ref long last, JournalEntry entry, StressFloors asked, string what)
    {
        facts.See(entry.Position, StressEntry.Of(entry), name);
        for (last++; last < entry.Position; last++) facts.Miss(last, asked, $"{name} {what}");
    }
}
