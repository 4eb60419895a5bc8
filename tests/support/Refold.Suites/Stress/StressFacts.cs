// What a stress run has been answered, and what may be missing because somebody asked for it: the judge of every read.
// Shared by all tasks of StressRun; the reader in another process has one of its own, which knows only what it has seen.
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Refold.Suites;

/// <summary>An answer that contradicts another one.</summary>
internal sealed class StressViolationException(string message) : Exception(message);

/// <summary>Everything about an entry that must not change.</summary>
internal sealed record StressEntry(string Stream, long Version, long Batch, string? Key, string Payload, string Tag)
{
    public static StressEntry Of(JournalEntry entry) =>
        new(
            entry.Stream.Value, entry.Version, entry.Batch, entry.IdempotencyKey, Encoding.UTF8.GetString(entry.Payload.Span),
            entry.Tags.Single(tag => !tag.StartsWith("kind:", StringComparison.Ordinal)));
}

/// <summary>How far the streams and the beginning were asked to go. Only ever further.</summary>
internal sealed record StressFloors(IReadOnlyDictionary<string, long> Streams, long Before)
{
    public bool Hides(long position, StressEntry entry) => position < Before || entry.Version <= Streams.GetValueOrDefault(entry.Stream);
}

/// <summary>Safe for use by many threads.</summary>
internal sealed class StressFacts
{
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<long, StressEntry> known = new();
    private readonly ConcurrentDictionary<long, Head> heads = new();
    private readonly ConcurrentDictionary<string, Receipt> receipts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> refused = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(long Position, StressFloors Asked), string> missing = new();
    private readonly ConcurrentBag<(AppendCondition Condition, long Position)> passed = [];
    private readonly Dictionary<string, long> highest = new(StringComparer.Ordinal);
    private StressFloors asked = new(new Dictionary<string, long>(), 0);
    private StressFloors answered = new(new Dictionary<string, long>(), 0);
    private long acknowledged;
    private long keysBefore;

    /// <summary>The last position that was answered.</summary>
    public long Acknowledged => Interlocked.Read(ref acknowledged);

    /// <summary>What may be hidden.</summary>
    public StressFloors Asked
    {
        get
        {
            lock (gate) return asked;
        }
    }

    /// <summary>What has to be hidden.</summary>
    public StressFloors Answered
    {
        get
        {
            lock (gate) return answered;
        }
    }

    /// <summary>Keys of batches before this position may be forgotten.</summary>
    public long KeysBefore => Interlocked.Read(ref keysBefore);

    public IEnumerable<KeyValuePair<string, Receipt>> Keys => receipts;

    public IEnumerable<KeyValuePair<long, Head>> Heads => heads;

    public ICollection<KeyValuePair<long, StressEntry>> Known => known;

    public static StressViolationException Violation(string message) => new(message);

    public static void Demand(bool isRight, Func<string> message)
    {
        if (!isRight) throw Violation(message());
    }

    /// <summary>The highest version of a stream that was answered.</summary>
    public long Highest(string stream)
    {
        lock (gate) return highest.GetValueOrDefault(stream);
    }

    /// <summary>An append was answered with a receipt.</summary>
    public void Appended(AppendRequest request, Receipt receipt)
    {
        Demand(receipt.Count == request.Entries.Count, () => $"{receipt} for {request.Entries.Count} entries");
        var next = receipt.Versions.ToDictionary(versions => versions.Stream.Value, versions => versions.First, StringComparer.Ordinal);
        for (var item = 0; item < receipt.Count; item++)
        {
            var data = request.Entries[item];
            var version = next[data.Stream.Value]++;
            See(
                receipt.FirstPosition + item,
                new StressEntry(
                    data.Stream.Value, version, receipt.FirstPosition, request.IdempotencyKey, Encoding.UTF8.GetString(data.Payload.Span),
                    data.Tags[0]),
                "an append");
        }

        Demand(receipt.Versions.All(versions => next[versions.Stream.Value] == versions.Last + 1), () => $"versions of {receipt}");
        SeeHead(receipt.Head, "an append");
        if (request.IdempotencyKey is { } key && !receipts.GetOrAdd(key, receipt).Equals(receipt))
            throw Violation($"key {key} was answered with {receipts[key]} and {receipt}");
        lock (gate)
        {
            foreach (var versions in receipt.Versions)
                highest[versions.Stream.Value] = Math.Max(highest.GetValueOrDefault(versions.Stream.Value), versions.Last);
            acknowledged = Math.Max(acknowledged, receipt.Head.Position);
        }
    }

    /// <summary>An append was answered with a refusal: it must never appear.</summary>
    public void Refused(AppendRequest request)
    {
        foreach (var entry in request.Entries) refused[Encoding.UTF8.GetString(entry.Payload.Span)] = true;
    }

    /// <summary>It is sent once more.</summary>
    public void SentAgain(AppendRequest request)
    {
        foreach (var entry in request.Entries) _ = refused.TryRemove(Encoding.UTF8.GetString(entry.Payload.Span), out _);
    }

    /// <summary>A deletion, or with no stream a new beginning, is asked for; another time, it is answered.</summary>
    public void Deleting(string? stream, long to, bool isAnswered)
    {
        lock (gate)
        {
            if (isAnswered) answered = With(answered);
            else asked = With(asked);
        }

        StressFloors With(StressFloors floors) => stream is null
            ? floors with { Before = Math.Max(floors.Before, to) }
            : floors with
            {
                Streams = new Dictionary<string, long>(floors.Streams, StringComparer.Ordinal)
                {
                    [stream] = Math.Max(floors.Streams.GetValueOrDefault(stream), to)
                }
            };
    }

    public void ForgettingKeys(long before)
    {
        lock (gate) Interlocked.Exchange(ref keysBefore, Math.Max(keysBefore, before));
    }

    /// <summary>An entry was seen.</summary>
    public void See(long position, StressEntry entry, string where)
    {
        var first = known.GetOrAdd(position, entry);
        Demand(first == entry, () => $"{where}: position {Text(position)} is {entry}, and was {first}");
        Demand(!refused.ContainsKey(entry.Payload), () => $"{where}: position {Text(position)} is {entry}, which was refused");
    }

    /// <summary>A head was seen.</summary>
    public void SeeHead(Head head, string where)
    {
        var first = heads.GetOrAdd(head.Position, head);
        Demand(first == head, () => $"{where}: the head is {head}, and was {first}");
    }

    /// <summary>A position was not in an answer that should have it, unless it was hidden by what had been asked for until then.</summary>
    public void Miss(long position, StressFloors until, string where)
    {
        if (position < until.Before) return;
        if (!known.TryGetValue(position, out var entry)) missing.TryAdd((position, until), where);
        else Demand(until.Hides(position, entry), () => $"{where}: position {Text(position)}, {entry}, is missing");
    }

    /// <summary>A condition held when an append was committed at a position: nothing between matches,
    /// now that everything is known.</summary>
    public void Passed(AppendCondition condition, long position) => passed.Add((condition, position));

    /// <summary>What could not be judged before everything was known.</summary>
    public void Judge()
    {
        foreach (var ((position, until), where) in missing)
        {
            if (known.TryGetValue(position, out var entry))
                Demand(until.Hides(position, entry), () => $"{where}: position {Text(position)}, {entry}, was missing");
        }

        foreach (var (condition, position) in passed)
        {
            for (var between = condition.AsOf + 1; between < position; between++)
                Demand(
                    !known.TryGetValue(between, out var entry) || entry.Tag != condition.Query.Items[0].Tags[0],
                    () => $"{condition} passed at {Text(position)} over {entry}");
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
