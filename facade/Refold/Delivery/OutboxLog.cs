// What is known of an outbox: which messages wait, how often they were handed over, whose dispatcher it is. Read out of the journal, and
// brought up with what was appended since. Used by OutboxDispatcher, OutboxExtensions and OutboxGauges, one call at a time.
using Refold.Interop;

namespace Refold;

/// <summary>A message that is not settled.</summary>
internal sealed class WaitingMessage(JournalEntry entry, DateTimeOffset? deliverAfter)
{
    public JournalEntry Entry { get; } = entry;

    public long Number => Entry.Version;

    /// <summary>How often it was handed over.</summary>
    public int Attempts { get; set; }

    /// <summary>The recorded time of the last time; null for never.</summary>
    public DateTimeOffset? LastAttempt { get; set; }

    /// <summary>The time before which it is not handed over first; null for at once.</summary>
    public DateTimeOffset? DeliverAfter { get; } = deliverAfter;

    /// <summary>What was thrown last.</summary>
    public OutboxFact? LastFailure { get; set; }

    /// <summary>When it is to be handed over next.</summary>
    public DateTimeOffset Due(Func<int, TimeSpan> backoff)
    {
        var due = DeliverAfter ?? DateTimeOffset.MinValue;
        if (LastAttempt is not { } last) return due;
        var delay = backoff(Attempts);
        return last > DateTimeOffset.MaxValue - delay ? DateTimeOffset.MaxValue : last + delay;
    }
}

internal sealed class OutboxLog(IJournal journal, string outbox)
{
    private readonly SortedDictionary<long, WaitingMessage> waiting = [];
    private readonly SortedDictionary<long, WaitingMessage> dead = [];
    private readonly Dictionary<long, (int Attempts, DateTimeOffset? Last, OutboxFact? Failure)> ahead = [];
    private readonly HashSet<long> deadAhead = [];
    private readonly OutboxNumbers settled = new();

    // Messages up to this number were deleted when they were to be read.
    private long gone;

    // The log was deleted whole up to this version, and no dispatcher has taken the outbox since. Null where that is not so.
    private long? forgotten;

    // The highest number that a fact is about, and the position of the first fact about it: messages up to it lie before.
    private long named;
    private long namedAt;

    // The messages that facts of this reading are about, by number.
    private readonly Dictionary<long, Guid> about = [];

    public StreamId Messages { get; } = StreamId.Create(DeliveryTranslation.StreamPrefix + outbox);

    public StreamId Facts { get; } = OutboxFact.StreamOf(outbox);

    /// <summary>The messages that are neither confirmed nor dead, by number.</summary>
    public IReadOnlyDictionary<long, WaitingMessage> Waiting => waiting;

    /// <summary>Dead letters, by number.</summary>
    public IReadOnlyDictionary<long, WaitingMessage> Dead => dead;

    /// <summary>The highest number that was read.</summary>
    public long Sent { get; private set; }

    /// <summary>The highest number up to which all are confirmed or deleted.</summary>
    public long SettledTo => settled.ToBehind(gone);

    /// <summary>Which numbers are confirmed.</summary>
    public IReadOnlyList<(long First, long Last)> Settled => settled.Ranges;

    /// <summary>The version of the log that was read.</summary>
    public long Version { get; private set; }

    /// <summary>Who took the outbox last; null for nobody, or where it was released.</summary>
    public string? Owner { get; private set; }

    /// <summary>The version of the entry that says so.</summary>
    public long OwnerVersion { get; private set; }

    public bool IsSettled(long number) => settled.Contains(number);

    /// <summary>Reads what was appended since. Facts first: a fact is never before its message.</summary>
    /// <exception cref="OutboxLogException">The log was cut, or is about other messages.</exception>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        long? gap = null;
        var facts = journal.ReadKeptAsync(Facts, Version + 1, upTo => gap = upTo, cancellationToken);
        await foreach (var entry in facts.ConfigureAwait(false))
        {
            if (gap is { } upTo)
            {
                // The beginning was deleted: what is left must begin with an entry that says what was settled till then.
                if (entry.Type != OutboxFact.Taken) throw OutboxLogException.Incomplete(outbox, upTo);
                gap = null;
            }

            Apply(entry, OutboxFact.TryRead(entry));
        }

        if (gap is { } all) (forgotten, Version) = (all, all);
        var messages = journal.ReadKeptAsync(Messages, Sent + 1, upTo => Skip(upTo), cancellationToken);
        await foreach (var entry in messages.ConfigureAwait(false))
        {
            // Behind the facts about its number, or another one than they name: an outbox that began anew, or a log out of another journal.
            var isBehind = entry.Version <= named && entry.Position > namedAt;
            if (isBehind || (about.Remove(entry.Version, out var id) && id != entry.Id))
                throw OutboxLogException.OfOthers(outbox, entry.Version);
            Add(entry);
        }

        about.Clear();
        // Without a message there is nothing that could be known of one.
        if (forgotten is { } unknown && Sent > gone) throw OutboxLogException.Incomplete(outbox, unknown);
        if (named > Sent) throw OutboxLogException.NumbersMissing(outbox, named, Sent);
    }

    /// <summary>Appends facts behind those that were read, and nothing where somebody came before.</summary>
    /// <returns>Whether they were appended.</returns>
    public async ValueTask<bool> TryAppendAsync(IReadOnlyList<OutboxFact> facts, DateTimeOffset time)
    {
        var entries = facts.Select(fact => fact.ToEntry(outbox, time, Find(fact.Number)?.Entry)).ToList();
        var request = new AppendRequest(entries)
        {
            Expected = new Dictionary<StreamId, ExpectedVersion>
            {
                [Facts] = Version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(Version),
            },
            AllowsOwnStreams = true,
        };
        // Never the caller's token: cancelling ends waiting, not a write.
        var result = await journal.TryAppendAsync(request.Encode(), CancellationToken.None).ConfigureAwait(false);
        if (result is AppendResult.NotAppended { Failure: AppendFailure.Conflict }) return false;
        result.ReceiptOrThrow();
        foreach (var fact in facts)
        {
            Version++;
            Apply(fact, time);
        }

        return true;
    }

    /// <summary>Confirms a message, or has a dead letter wait again.</summary>
    /// <returns>False where it is none that could be; nothing is appended then.</returns>
    public async ValueTask<bool> SettleAsync(long number, string type, DateTimeOffset time, CancellationToken cancellationToken)
    {
        while (true)
        {
            await RefreshAsync(cancellationToken).ConfigureAwait(false);
            var isThere = dead.ContainsKey(number) || (type == OutboxFact.Confirmed && waiting.ContainsKey(number));
            if (!isThere) return false;
            if (await TryAppendAsync([new OutboxFact(type) { Number = number }], time).ConfigureAwait(false)) return true;
        }
    }

    /// <summary>Where the outbox stands.</summary>
    public OutboxStatus Status() => new(Sent, SettledTo, [.. waiting.Keys], [.. dead.Keys], Owner);

    private WaitingMessage? Find(long number) => waiting.GetValueOrDefault(number) ?? dead.GetValueOrDefault(number);

    private void Apply(JournalEntry entry, OutboxFact? fact)
    {
        Version = entry.Version;
        if (fact is null) return;
        if (fact.Highest > named) (named, namedAt) = (fact.Highest, entry.Position);
        if (entry.CausationId is { } message && fact.Number > Sent) about[fact.Number] = message;
        Apply(fact, entry.Time);
    }

    private void Apply(OutboxFact fact, DateTimeOffset? time)
    {
        // An import can bring in anything.
        if (fact.Number < 1 && fact.Type is not (OutboxFact.Taken or OutboxFact.Released)) return;
        switch (fact.Type)
        {
            case OutboxFact.Taken:
                forgotten = null;
                (Owner, OwnerVersion) = (fact.Dispatcher, Version);
                settled.Add(fact.Settled);
                foreach (var number in waiting.Keys.Where(settled.Contains).ToList()) waiting.Remove(number);
                break;
            case OutboxFact.Released when fact.Dispatcher == Owner:
                Owner = null;
                break;
            case OutboxFact.Confirmed:
                settled.Add(fact.Number);
                waiting.Remove(fact.Number);
                dead.Remove(fact.Number);
                deadAhead.Remove(fact.Number);
                ahead.Remove(fact.Number);
                break;
            case OutboxFact.Delivered or OutboxFact.Failed:
                Attempted(fact, time);
                break;
            case OutboxFact.Dead:
                if (waiting.Remove(fact.Number, out var given)) dead[fact.Number] = given;
                else deadAhead.Add(fact.Number);
                break;
            case OutboxFact.Requeued:
                if (dead.Remove(fact.Number, out var again)) waiting[fact.Number] = Anew(again);
                else if (deadAhead.Remove(fact.Number)) ahead.Remove(fact.Number);
                break;
        }
    }

    private static WaitingMessage Anew(WaitingMessage message) => new(message.Entry, message.DeliverAfter);

    private void Attempted(OutboxFact fact, DateTimeOffset? time)
    {
        var failure = fact.Type == OutboxFact.Failed ? fact : null;
        if (Find(fact.Number) is { } message)
            (message.Attempts, message.LastAttempt, message.LastFailure) = (fact.Attempt, time, failure);
        else
            ahead[fact.Number] = (fact.Attempt, time, failure);
    }

    // Messages that were deleted are neither delivered nor waited for.
    private void Skip(long upTo)
    {
        (Sent, gone) = (Math.Max(Sent, upTo), Math.Max(gone, upTo));
        foreach (var number in ahead.Keys.Where(number => number <= upTo).ToList()) ahead.Remove(number);
        deadAhead.RemoveWhere(number => number <= upTo);
    }

    private void Add(JournalEntry entry)
    {
        Sent = entry.Version;
        if (settled.Contains(entry.Version)) return;
        var message = new WaitingMessage(entry, DeliveryTranslation.TryRead(entry, out _)?.DeliverAfter);
        if (ahead.Remove(entry.Version, out var known))
            (message.Attempts, message.LastAttempt, message.LastFailure) = known;
        (deadAhead.Remove(entry.Version) ? dead : waiting)[entry.Version] = message;
    }
}
