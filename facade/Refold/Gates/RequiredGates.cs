// Gates that every append through a journal must get through, between whoever appends and the store.
// Made by stores when they are opened.
using System.Security.Cryptography;
using Refold.Interop;

namespace Refold;

/// <summary>The gates that every append through one journal must get through, as its options ask; none where they ask for none. A store
/// makes one when it is opened, answers its <see cref="Gates"/> as <see cref="IJournal.RequiredGates"/>, and has each append and each
/// restored batch go through here. Safe for use by many threads.</summary>
public sealed class RequiredGates
{
    private readonly GateSet? gates;
    private readonly GateSet<EncodedBatch>? asked;
    private readonly GateOptions options;
    private readonly Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append;
    private readonly Func<IReadOnlyList<JournalEntry>, CancellationToken, ValueTask<AppendResult>> restore;
    private volatile bool isClosed;

    private RequiredGates(
        GateSet? gates, GateOptions options, Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append,
        Func<IReadOnlyList<JournalEntry>, CancellationToken, ValueTask<AppendResult>> restore)
    {
        (this.gates, asked, this.options) = (gates, gates as GateSet<EncodedBatch>, options);
        (this.append, this.restore) = (append, restore);
    }

    /// <summary>The set; null where none is demanded.</summary>
    public GateSet? Gates => gates;

    /// <summary>Whether anybody is asked: there are gates, and the journal is open.</summary>
    public bool Asks => gates is not null && !isClosed;

    /// <summary>The gates of a journal that is opened; none where it is opened for reading.</summary>
    /// <param name="options">How the journal is opened.</param>
    /// <param name="append">Appends a batch to the store; also the record of a denial.</param>
    /// <param name="restore">Restores a batch of another journal to the store.</param>
    /// <returns>The gates; all gets through where the options ask for none.</returns>
    public static RequiredGates Of(
        JournalOptions options,
        Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append,
        Func<IReadOnlyList<JournalEntry>, CancellationToken, ValueTask<AppendResult>> restore)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(append);
        ArgumentNullException.ThrowIfNull(restore);
        return new(options.ReadOnly ? null : options.RequiredGates, options.GateOptions ?? new GateOptions(), append, restore);
    }

    /// <summary>The journal is closed: nobody is asked any more, and the store answers as a closed one does.</summary>
    public void Close() => isClosed = true;

    /// <summary>Has a batch appended if it gets through. The gates are asked on the calling thread; what one throws is a denial.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The store's answer; <see cref="AppendFailure.Denied"/> or <see cref="AppendFailure.PassRefused"/> for a batch that does not
    /// get through.</returns>
    public ValueTask<AppendResult> AppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        if (!Asks || Judge(batch) is not { } failure) return append(batch, cancellationToken);
        var refusing = RefuseAsync(batch, failure, cancellationToken);
        return batch.AllowSynchronousContinuations ? refusing : Boundary.Of(refusing);
    }

    /// <summary>Has a batch of another journal restored if it gets through: one that a bypass of gates of this name let through there does,
    /// others are judged as appends are.</summary>
    /// <param name="batch">The entries of the batch, in position order. The list is read once, by the call.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>As <see cref="AppendAsync"/>.</returns>
    public ValueTask<AppendResult> RestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        // Copies, looked at here: what the caller does wrong, or does to the list or to bytes afterwards, must not reach the store.
        JournalEntry[] entries =
            [.. batch.Select(entry => entry?.WithOwnPayload() ?? throw new ArgumentNullException(nameof(batch), "An entry is null."))];
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        // What breaks a rule is answered by the store.
        if (!Asks || entries.Length == 0 || IsBypassed(entries) || entries.EncodedAgain() is not { } encoded
            || Judge(encoded) is not { } failure)
        {
            return restore(entries, cancellationToken);
        }

        return Boundary.Of(RecordedAsync(failure, cancellationToken));
    }

    // Null for a batch that gets through, and for one that the store refuses whatever its gates say.
    private AppendFailure? Judge(EncodedBatch batch)
    {
        if (GateTranslation.IsRefused(batch) || ReferenceEquals(batch, HealthProbe.Batch) || ReferenceEquals(batch.Cleared, gates))
            return null;
        if (GateTranslation.IsOwnRecord(batch)) return null;
        if (asked is null)
            return new AppendFailure.PassRefused(gates!.Pipeline, batch.Cleared is null ? PassFault.Missing : PassFault.OtherGates);
        var trace = asked.Judged(options.AsksAll, batch, batch);
        return trace.IsPassed ? null : new AppendFailure.Denied(trace);
    }

    private async ValueTask<AppendResult> RefuseAsync(EncodedBatch batch, AppendFailure failure, CancellationToken cancellationToken)
    {
        // Of a known key nothing is committed, and the answer is the first one: only the store knows that.
        if (batch.Key is not null)
        {
            var refused = GateTranslation.RefusedBy(batch, gates!);
            refused.AllowSynchronousContinuations = true;
            var answer = await Boundary.Following(append(refused, cancellationToken));
            if (answer is not AppendResult.NotAppended { Failure: AppendFailure.PassRefused }) return answer;
        }

        return await Boundary.Following(RecordedAsync(failure, cancellationToken));
    }

    private async ValueTask<AppendResult> RecordedAsync(AppendFailure failure, CancellationToken cancellationToken)
    {
        if (!options.RecordDenials || failure is not AppendFailure.Denied denied) return new AppendResult.NotAppended(failure);
        var record = GateExtensions.Record(gates!, denied.Trace).Encode();
        // What follows is short, and nobody else's.
        record.AllowSynchronousContinuations = true;
        var recorded = await Boundary.Following(append(record, cancellationToken));
        return new AppendResult.NotAppended(denied with { Record = recorded });
    }

    private bool IsBypassed(JournalEntry[] batch)
    {
        if (batch[^1].Stream != gates!.Stream || !BypassRecord.TryRead(batch[^1], out var record) || record.Pipeline != gates.Pipeline)
            return false;
        // Of a batch that lost entries nobody can tell any more what was let through: what is left has to be of the types that were.
        var isWhole = batch[0].Position == batch[0].Batch && batch[^1].Position - batch[0].Position == batch.Length - 1;
        if (!isWhole) return batch.SkipLast(1).All(entry => record.Types.Contains(entry.Type));
        using var content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in batch.SkipLast(1)) content.AppendData(entry.ToCanonicalBytes());
        return record.Content == Hash.OfSpan(content.GetHashAndReset());
    }
}
