// What a killed process said, as the one who kills it keeps it: entries, and whatever only rises, each with when it was begun and answered.
// Filled by KilledCompactions; asked by CompactionReaders too, which judge what they read at a moment.
using System.Globalization;

namespace Refold.Suites;

/// <summary>An entry that was answered, or was found once a writer had healed the journal.</summary>
internal sealed record LedgerEntry(long Position, string Stream, long Version, long Number, long Said);

/// <summary>A batch that was answered.</summary>
internal sealed record LedgerBatch(long Number, long First, int Count, string Hash, string Receipt, long Said)
{
    public long Last => First + Count - 1;
}

/// <summary>Safe for use by many threads.</summary>
internal sealed class CompactionLedger
{
    /// <summary>The name of the journal's beginning among what rises: the last position that was dropped.</summary>
    public const string Beginning = "$beginning";

    /// <summary>The name of the horizon of keys among what rises.</summary>
    public const string Forgotten = "$forgotten";

    private readonly Lock gate = new();
    private readonly SortedDictionary<long, LedgerEntry> entries = [];
    private readonly List<LedgerBatch> batches = [];
    private readonly Dictionary<string, Rising> rising = new(StringComparer.Ordinal);

    public int Appends { get; private set; }

    public int Deletions { get; private set; }

    public int Compactions { get; private set; }

    public int Replaced { get; private set; }

    /// <summary>A copy of every entry that is known, in position order.</summary>
    public IReadOnlyList<LedgerEntry> Entries
    {
        get
        {
            lock (gate) return [.. entries.Values];
        }
    }

    public IReadOnlyList<LedgerBatch> Batches
    {
        get
        {
            lock (gate) return [.. batches];
        }
    }

    /// <summary>Whether a deletion was begun and not answered.</summary>
    public bool IsDeleting
    {
        get
        {
            lock (gate) return KeyedBatch.Streams.Any(stream => Of(stream).IsPending(most => most < long.MaxValue));
        }
    }

    /// <summary>Takes a line of the process.</summary>
    public void Take(string line)
    {
        var words = line.Split(' ');
        var at = Number(words[0]);
        lock (gate)
        {
            switch (words[1])
            {
                case "appended":
                    Append(at, Number(words[2]), words[3..]);
                    Appends++;
                    break;
                case "raising":
                    Of(words[2]).Begin(at, Number(words[3]));
                    break;
                case "raised":
                    Of(words[2]).End(at, Number(words[3]), Number(words[4]));
                    if (KeyedBatch.Streams.Contains(words[2])) Deletions++;
                    break;
                case "compacted":
                    Compactions++;
                    Replaced += (int)Number(words[2]);
                    break;
                case "open":
                    break;
                default:
                    throw new InvalidOperationException($"The process said '{line}'.");
            }
        }
    }

    /// <summary>What has risen at least to at a moment, as it was answered before.</summary>
    public long Least(string what, long at)
    {
        lock (gate) return Of(what).Least(at);
    }

    /// <summary>What can have risen at most to at a moment, as it was begun before.</summary>
    public long Most(string what, long at)
    {
        lock (gate) return Of(what).Most(at);
    }

    /// <summary>What was begun and never answered was done or was not, and stays so: this far it has risen.</summary>
    public void Settle(string what, long at, long reached)
    {
        lock (gate) Of(what).Settle(at, reached);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private Rising Of(string what)
    {
        if (!rising.TryGetValue(what, out var found)) rising.Add(what, found = new Rising());
        return found;
    }

    private void Append(long at, long number, string[] receipt)
    {
        var (first, count) = (Number(receipt[0]), (int)Number(receipt[1]));
        batches.Add(new LedgerBatch(number, first, count, receipt[2], string.Join(' ', receipt), at));
        var next = receipt[3].Split(',').Select(text => text.Split(':')).ToDictionary(part => part[0], part => Number(part[1]));
        var content = KeyedBatch.Of(number).Entries;
        for (var place = 0; place < content.Count; place++)
        {
            var stream = content[place].Stream.Value;
            entries[first + place] = new LedgerEntry(first + place, stream, next[stream]++, number, at);
        }
    }

    /// <summary>Something that only rises: the floor of a stream, the beginning, the horizon of keys.</summary>
    private sealed class Rising
    {
        private readonly List<Step> steps = [];

        public bool IsPending(Predicate<long> isMeant) => steps.Exists(step => step.Ended == long.MaxValue && isMeant(step.Most));

        public void Begin(long at, long most) => steps.Add(new Step { Begun = at, Most = most });

        public void End(long at, long most, long reached)
        {
            var step = steps.First(step => step.Ended == long.MaxValue && step.Most == most);
            (step.Ended, step.Most, step.Reached) = (at, reached, reached);
        }

        public long Least(long at) => steps.Where(step => step.Ended <= at).Select(step => step.Reached).DefaultIfEmpty(0).Max();

        public long Most(long at) => steps.Where(step => step.Begun <= at).Select(step => step.Most).DefaultIfEmpty(0).Max();

        public void Settle(long at, long reached)
        {
            foreach (var step in steps.Where(step => step.Ended == long.MaxValue))
                (step.Ended, step.Most) = (at, Math.Min(step.Most, reached));
            steps.Add(new Step { Begun = at, Ended = at, Most = reached, Reached = reached });
        }
    }

    private sealed class Step
    {
        public required long Begun { get; init; }

        public long Ended { get; set; } = long.MaxValue;

        public required long Most { get; set; }

        public long Reached { get; set; }
    }
}
