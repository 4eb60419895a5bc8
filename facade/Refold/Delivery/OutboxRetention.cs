// Whether a journal's beginning, or a stream, can go without an outbox losing messages that are not settled, or what is known of them.
// Asked before a compaction drops anything; by SegmentJournal.CompactAsync and by the tool.
using Refold.Interop;

namespace Refold;

/// <summary>What outboxes need of a journal. Reads the facts since the last <c>$outbox.taken</c> of each outbox and the messages that are
/// not settled, never what lies between.</summary>
internal sealed class OutboxRetention(IJournal journal, IReadOnlyCollection<string> mayLose, CancellationToken cancellationToken)
{
    private const int FirstWindow = 64;
    private const string AnyPrefix = "$outbox";

    /// <summary>Refuses that everything before a position goes.</summary>
    /// <exception cref="OutboxLossException">An outbox needs what lies before.</exception>
    /// <exception cref="OutboxLogException">What an outbox needs cannot be known.</exception>
    public async Task RequireAsync(long retainFrom)
    {
        var streams = await journal.StreamsAsync(AnyPrefix, cancellationToken: cancellationToken).ConfigureAwait(false);
        var infos = streams.ToDictionary(info => info.Stream);
        foreach (var outbox in streams.Select(info => NameOf(info.Stream)).OfType<string>().Distinct().Except(mayLose))
        {
            var log = infos.GetValueOrDefault(OutboxFact.StreamOf(outbox));
            var messages = infos.GetValueOrDefault(StreamId.Create(DeliveryTranslation.StreamPrefix + outbox));
            var (needed, isSettled) = await NeededAsync(outbox, messages).ConfigureAwait(false);
            var from = needed is null ? retainFrom : await UpToAsync(needed, retainFrom).ConfigureAwait(false);
            if (from < retainFrom)
            {
                // What its log needs is before or behind: both are named at once.
                from = log is null ? from : await LogFromAsync(log, from).ConfigureAwait(false);
                throw isSettled
                    ? OutboxLossException.OfLast(outbox, from)
                    : OutboxLossException.OfUnsettled(outbox, needed!.Version, from);
            }

            if (log is not null && await LogFromAsync(log, retainFrom).ConfigureAwait(false) is var earlier && earlier < retainFrom)
                throw OutboxLossException.OfLog(outbox, earlier);
        }
    }

    /// <summary>Refuses that a whole stream goes.</summary>
    /// <exception cref="OutboxLossException">It is an outbox with messages that are not settled, or the log of one.</exception>
    /// <exception cref="OutboxLogException">What an outbox needs cannot be known.</exception>
    public async Task RequireAsync(StreamId deleted)
    {
        if (NameOf(deleted) is not { } outbox || mayLose.Contains(outbox)) return;
        if (!DeliveryTranslation.IsOutbox(deleted))
        {
            if (await journal.HighestVersionAsync(deleted, cancellationToken).ConfigureAwait(false) > 0)
                throw OutboxLossException.OfLog(outbox, null);
            return;
        }

        var found = await journal.StreamsAsync(deleted.Value, maxCount: 1, cancellationToken: cancellationToken).ConfigureAwait(false);
        var (needed, isSettled) = await NeededAsync(outbox, found.FirstOrDefault(info => info.Stream == deleted)).ConfigureAwait(false);
        // The last message stays by itself.
        if (needed is not null && !isSettled) throw OutboxLossException.OfUnsettled(outbox, needed.Version, null);
    }

    private static string? NameOf(StreamId stream) =>
        DeliveryTranslation.IsOutbox(stream) ? stream.Value[DeliveryTranslation.StreamPrefix.Length..]
        : DeliveryTranslation.IsOfOutbox(stream) ? stream.Value[DeliveryTranslation.LogPrefix.Length..]
        : null;

    // The first message that is not settled; else the last one, by which the numbers stay known, also in an export.
    private async Task<(JournalEntry? Message, bool IsSettled)> NeededAsync(string outbox, StreamInfo? messages)
    {
        // Where only deleted messages are left there is none to lose, whatever is known of them.
        if (messages is null || messages.Floor >= messages.HighestVersion) return (null, true);
        var settled = await SettledAsync(outbox).ConfigureAwait(false);
        await foreach (var message in ReadAsync(messages.Stream, settled.ToBehind(messages.Floor) + 1).ConfigureAwait(false))
        {
            if (!settled.Contains(message.Version)) return (message, false);
        }

        return (await FirstAsync(messages.Stream, messages.HighestVersion).ConfigureAwait(false), true);
    }

    private async Task<OutboxNumbers> SettledAsync(string outbox)
    {
        var settled = new OutboxNumbers();
        var facts = OutboxFact.StreamOf(outbox);
        var highest = await journal.HighestVersionAsync(facts, cancellationToken).ConfigureAwait(false);
        var taken = await LastTakenAsync(facts, highest).ConfigureAwait(false);
        if (taken is not null) settled.Add(OutboxFact.TryRead(taken)?.Settled ?? []);
        long? gap = null;
        var later = journal.ReadKeptAsync(facts, (taken?.Version ?? 0) + 1, upTo => gap = upTo, cancellationToken);
        await foreach (var entry in later.ConfigureAwait(false))
        {
            if (OutboxFact.TryRead(entry) is { Type: OutboxFact.Confirmed, Number: > 0 } confirmed) settled.Add(confirmed.Number);
        }

        return gap is { } deleted ? throw OutboxLogException.Incomplete(outbox, deleted) : settled;
    }

    // Backwards, in windows that grow.
    private async Task<JournalEntry?> LastTakenAsync(StreamId facts, long to)
    {
        for (long width = FirstWindow; to > 0; width *= 2)
        {
            var from = Math.Max(1, to - width + 1);
            JournalEntry? taken = null;
            await foreach (var entry in ReadAsync(facts, from).ConfigureAwait(false))
            {
                if (entry.Version > to) break;
                if (OutboxFact.TryRead(entry) is { Type: OutboxFact.Taken }) taken = entry;
            }

            if (taken is not null) return taken;
            to = from - 1;
        }

        return null;
    }

    // The highest position, at most the one that is asked for, from which the log can be read.
    private async Task<long> LogFromAsync(StreamInfo log, long retainFrom)
    {
        // The first entry that is left.
        var (low, high) = (log.Floor + 1, log.HighestVersion + 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var entry = await FirstAsync(log.Stream, middle).ConfigureAwait(false);
            if (entry is null || await UpToAsync(entry, retainFrom).ConfigureAwait(false) >= retainFrom) high = middle;
            else low = middle + 1;
        }

        // Whole, or none.
        if (low == log.Floor + 1) return retainFrom;
        if (low <= log.HighestVersion && await FirstAsync(log.Stream, low).ConfigureAwait(false) is { } left
            && OutboxFact.TryRead(left) is { Type: OutboxFact.Taken })
            return retainFrom;
        var taken = await LastTakenAsync(log.Stream, low - 1).ConfigureAwait(false)
            ?? await FirstAsync(log.Stream, log.Floor + 1).ConfigureAwait(false);
        return taken is null ? retainFrom : await UpToAsync(taken, retainFrom).ConfigureAwait(false);
    }

    // The highest position, at most the one that is asked for, with which an entry stays: batches go as a whole.
    private async Task<long> UpToAsync(JournalEntry needed, long retainFrom)
    {
        var end = needed.Position;
        if (end >= retainFrom) return retainFrom;
        await foreach (var entry in journal.ReadAllAsync(end + 1, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (entry.Batch != needed.Batch || end >= retainFrom) break;
            end = entry.Position;
        }

        return Math.Min(end, retainFrom);
    }

    private async Task<JournalEntry?> FirstAsync(StreamId stream, long from) =>
        await ReadAsync(stream, from).FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false);

    private IAsyncEnumerable<JournalEntry> ReadAsync(StreamId stream, long from) =>
        journal.ReadKeptAsync(stream, from, cancellationToken: cancellationToken);
}
