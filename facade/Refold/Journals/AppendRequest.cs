// What one append call hands over, and what it is answered with. The core's AppendRequest and Receipt, mirrored.
// Given to IJournal.TryAppendAsync by applications and by runs.
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using Refold.Interop;

namespace Refold;

/// <summary>An atomic batch over any number of streams: all of it is committed, or nothing. Equal by content; of gates,
/// a pass and a bypass, by identity.</summary>
/// <param name="Entries">1 to 65,536 entries, at most 64 MiB of canonical bytes.</param>
public sealed record AppendRequest(IReadOnlyList<EntryData> Entries)
{
    /// <summary>Makes a batch of entries that expects nothing.</summary>
    /// <param name="entries">The entries, in order.</param>
    public AppendRequest(params EntryData[] entries)
        : this((IReadOnlyList<EntryData>)entries)
    {
    }

    /// <summary>Expected versions before the batch.</summary>
    /// <value>Default: none; a stream that is not named may have any version.</value>
    public IReadOnlyDictionary<StreamId, ExpectedVersion> Expected { get; init; } = ReadOnlyDictionary<StreamId, ExpectedVersion>.Empty;

    /// <summary>Fails the append if anything committed after its <c>AsOf</c> matches.</summary>
    /// <value>Default: none.</value>
    public AppendCondition? Condition { get; init; }

    /// <summary>The idempotency key, 1 to 128 UTF-8 bytes: a retry with the same key and content gets the first receipt.</summary>
    /// <value>Default: none.</value>
    public string? IdempotencyKey { get; init; }

    /// <summary>Whether more appends may follow before this one is answered: the journal then never commits on the calling thread, so that
    /// they share a flush. It changes nothing about what is appended or when it is answered, and does not count in equality.</summary>
    /// <value>Default: false; a caller that finds the journal idle commits on its own thread, which is the fastest for one append.</value>
    public bool Pipelined { get; init; }

    /// <summary>The gates that this append must get through: by a <see cref="Pass"/> that this very set made for these entries, or by a
    /// <see cref="Bypass"/> of it. Else the answer is <see cref="AppendFailure.PassRefused"/>, and nothing is appended.</summary>
    /// <value>Default: none; nothing is demanded.</value>
    public GateSet? Gates { get; init; }

    /// <summary>What a set of gates gave when it passed. It is used by the append that commits; one that is not committed gives it back.
    /// Where the outcome is unknown, or waiting was cancelled, it stays used.</summary>
    /// <value>Default: none. A pass is judged also where no <see cref="Gates"/> are demanded.</value>
    public GatePass? Pass { get; init; }

    /// <summary>A way around the gates, instead of a pass. The last entry of the batch tells it: type <c>gate-bypassed</c>, in the stream
    /// <c>$gates/PIPELINE</c> (<see cref="BypassRecord"/>).</summary>
    /// <value>Default: none.</value>
    public GateBypass? Bypass { get; init; }

    /// <summary>Whether streams that begin with <c>$</c> may be among the entries: what Refold itself appends or imports.</summary>
    internal bool AllowsOwnStreams { get; init; }

    /// <summary>Whether gates have anything to do with it.</summary>
    internal bool IsGated => Gates is not null || Pass is not null || Bypass is not null;

    /// <summary>Validates, encodes and hashes the request, once and for every journal: what
    /// <see cref="IJournal.TryAppendAsync"/> takes.</summary>
    /// <remarks>The batch of a request that demands a pass, or comes with one, is answered with <see cref="PassFault.NotAsRequest"/>:
    /// nothing here tells whether a batch was committed that is handed over twice. Append the request instead.</remarks>
    /// <returns>The batch. It may be appended again after a conflict.</returns>
    /// <exception cref="NotAppendedException">An entry, the key or the batch breaks a rule: <see cref="AppendFailure.Invalid"/>, or
    /// <see cref="AppendFailure.SystemStream"/>.</exception>
    public EncodedBatch Encode() => this.Encoded() is var (batch, failure) && batch is not null ? batch : throw failure!.ToException();

    /// <summary>Encodes the request as <see cref="Encode"/> does.</summary>
    /// <param name="batch">The batch; null where a rule is broken.</param>
    /// <param name="failure">The broken rule; null where none is.</param>
    /// <returns>False where an entry, the key or the batch breaks a rule.</returns>
    public bool TryEncode([NotNullWhen(true)] out EncodedBatch? batch, [NotNullWhen(false)] out AppendFailure? failure)
    {
        (batch, failure) = this.Encoded();
        return batch is not null;
    }

    /// <summary>Whether both ask for the same.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(AppendRequest? other) =>
        other is not null
        && Entries.SequenceEqual(other.Entries)
        && Expected.Count == other.Expected.Count
        && Expected.All(pair => other.Expected.TryGetValue(pair.Key, out var expected) && expected == pair.Value)
        && Equals(Condition, other.Condition)
        && IdempotencyKey == other.IdempotencyKey
        && ReferenceEquals(Gates, other.Gates)
        && ReferenceEquals(Pass, other.Pass)
        && ReferenceEquals(Bypass, other.Bypass);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Entries.Count, Expected.Count, Condition);
}

/// <summary>The answer to a committed append. It names no file and no offset, so it stays valid after compaction and copy. Equal by
/// content.</summary>
public sealed class Receipt : IEquatable<Receipt>
{
    private readonly Core.PlacedReceipt placed;

    internal Receipt(Core.Receipt value)
        : this(Core.PlacedReceipt.Of(value))
    {
    }

    internal Receipt(Core.PlacedReceipt placed) => this.placed = placed;

    /// <summary>Makes a receipt from its parts; for stores.</summary>
    /// <param name="firstPosition">The batch's first position.</param>
    /// <param name="count">How many positions it takes.</param>
    /// <param name="versions">The versions it got, streams in order of appearance.</param>
    /// <param name="head">The head after the batch.</param>
    public Receipt(long firstPosition, int count, IReadOnlyList<StreamVersions> versions, Head head)
        : this(new Core.Receipt(
            firstPosition,
            count,
            versions.ToFSharpList(),
            head))
    {
    }

    internal Core.Receipt Value => placed.Value;

    /// <summary>The batch's first position, which is also its id.</summary>
    public long FirstPosition => placed.FirstPosition;

    /// <summary>How many positions it takes.</summary>
    public int Count => placed.Count;

    /// <summary>The batch's last position.</summary>
    public long LastPosition => placed.FirstPosition + placed.Count - 1;

    /// <summary>The versions it got, streams in order of appearance.</summary>
    public IReadOnlyList<StreamVersions> Versions => Value.Versions;

    /// <summary>The head after the batch.</summary>
    public Head Head => placed.Head;

    /// <summary>Whether each stream ends as is asked for; nothing is made to say so.</summary>
    internal bool EndsAll<T>(T asked, Func<T, StreamId, long, bool> isRight)
    {
        // One that was there from the start has its versions alone.
        if (placed.Made is not null)
        {
            foreach (var versions in Versions)
                if (!isRight(asked, versions.Stream, versions.Last)) return false;
            return true;
        }

        for (var number = 0; number < placed.Streams; number++)
            if (!isRight(asked, placed.Stream(number), placed.Last(number))) return false;
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(Receipt? other) =>
        other is not null && FirstPosition == other.FirstPosition && Count == other.Count && Head == other.Head
            && Versions.SequenceEqual(other.Versions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Receipt);

    /// <inheritdoc/>
    public override int GetHashCode() => Head.GetHashCode();

    /// <summary>The positions and the head on one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"positions {FirstPosition} to {LastPosition}, head {Head}");
}
