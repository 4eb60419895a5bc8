// What outboxes throw: too many unconfirmed messages, and a log that was cut where it says too little.
// Thrown by runs, dispatchers and the extensions of journals.
using System.Globalization;

namespace Refold;

/// <summary>A command was not executed: it would send more messages through an outbox than <see cref="RunOptions.MaxUnconfirmed"/> allows
/// to be unconfirmed. Nothing was appended; the run continues. Give the command again when messages were confirmed.</summary>
public sealed class OutboxFullException : JournalException
{
    internal OutboxFullException(string outbox, long unconfirmed, long limit)
        : base(
            "outbox-full",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The outbox '{outbox}' has {unconfirmed} unconfirmed messages, and {limit} are allowed with those of the command; "
                + $"nothing was appended. Give the command again when some are confirmed.")) =>
        (Outbox, Unconfirmed, Limit) = (outbox, unconfirmed, limit);

    /// <summary>The outbox.</summary>
    public string Outbox { get; }

    /// <summary>How many messages were not confirmed, those of the command not counted.</summary>
    public long Unconfirmed { get; }

    /// <summary>How many may be.</summary>
    public long Limit { get; }
}

/// <summary>The facts about an outbox cannot be known: the beginning of its log was deleted, and what is left does not begin with an entry
/// <c>$outbox.taken</c>, which says what was confirmed till then (<c>outbox-log-incomplete</c>); or the log is about other messages than
/// the outbox has, as where all of those were dropped, and the rest was exported and imported (<c>outbox-log-foreign</c>). Restore both
/// from a backup.</summary>
public sealed class OutboxLogException : JournalException
{
    private OutboxLogException(string code, string message)
        : base(code, message)
    {
    }

    internal static OutboxLogException OfOthers(string outbox, long number) => new("outbox-log-foreign", string.Create(
        CultureInfo.InvariantCulture,
        $"What the log of the outbox '{outbox}' says of message {number} is about another message: the outbox lost entries and its numbers "
        + $"began anew, or the log came from another journal. Restore them."));

    internal static OutboxLogException NumbersMissing(string outbox, long number, long sent) => new("outbox-log-foreign", string.Create(
        CultureInfo.InvariantCulture,
        $"The log of the outbox '{outbox}' speaks of message {number}, and the outbox has given no number above {sent}: "
        + $"entries of the outbox were lost. Restore it before anything is sent through it."));

    internal static OutboxLogException Incomplete(string outbox, long upTo) => new("outbox-log-incomplete", string.Create(
        CultureInfo.InvariantCulture,
        $"The log of the outbox '{outbox}' was deleted up to version {upTo}, and the next entry does not say which messages were confirmed "
        + $"till then: delete no further than before the last $outbox.taken, or restore it."));
}

/// <summary>A message was to be confirmed or requeued in an outbox that the journal does not have: nothing was ever sent through one of
/// that name. Nothing was appended.</summary>
public sealed class OutboxUnknownException : JournalException
{
    internal OutboxUnknownException(string outbox)
        : base("outbox-unknown", $"The journal has no outbox '{outbox}': nothing was sent through one of this name. Check the name.") =>
        Outbox = outbox;

    /// <summary>The name.</summary>
    public string Outbox { get; }
}

/// <summary>A compaction would take from an outbox what it needs: messages that are not settled, its last message, by which its numbers
/// stay known, or what its log says of confirmed ones. Nothing was dropped. Confirm the messages, or name the outbox in
/// <see cref="Segments.CompactionRequest.MayLose"/>.</summary>
public sealed class OutboxLossException : JournalException
{
    private OutboxLossException(string outbox, long? number, long? retainFrom, string what, string remedy)
        : base("outbox-loss", $"The outbox '{outbox}' would lose {what}; nothing was dropped. {Retain(retainFrom)}{remedy}") =>
        (Outbox, Number, RetainFrom) = (outbox, number, retainFrom);

    /// <summary>The outbox.</summary>
    public string Outbox { get; }

    /// <summary>The first message that is not settled: neither confirmed nor deleted; null where all are.</summary>
    public long? Number { get; }

    /// <summary>The highest position that could be retained from without this outbox losing anything; null where a stream was to be
    /// deleted.</summary>
    public long? RetainFrom { get; }

    internal static OutboxLossException OfUnsettled(string outbox, long number, long? retainFrom) => new(
        outbox, number, retainFrom,
        string.Create(CultureInfo.InvariantCulture, $"messages that are not settled, from number {number} on"),
        "Confirm them first, or say that this outbox may lose them.");

    internal static OutboxLossException OfLast(string outbox, long retainFrom) => new(
        outbox, null, retainFrom, "its last message, by which its numbers stay known", "Or say that this outbox may lose it.");

    internal static OutboxLossException OfLog(string outbox, long? retainFrom) => new(
        outbox, null, retainFrom, "what its log says of confirmed messages",
        "A dispatcher that is started records that anew; or say that this outbox may lose it.");

    private static string Retain(long? position) => position is { } from
        ? string.Create(CultureInfo.InvariantCulture, $"Retain from position {from} at most. ")
        : "";
}
