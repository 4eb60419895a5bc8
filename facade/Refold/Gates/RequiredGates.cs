// Gates that every append through a journal must get through, between whoever appends and the store.
// Made by stores when they are opened with JournalOptions.RequiredGates.
using System.Security.Cryptography;
using Refold.Interop;

namespace Refold;

/// <summary>The gates that every append through one journal must get through, as its options ask. A store makes one when it is opened for
/// writing, answers its <see cref="Gates"/> as <see cref="IJournal.RequiredGates"/>, and has each append and each restored batch go through
/// here. Safe for use by many threads.</summary>
public sealed class RequiredGates
{
    private readonly GateSet<EncodedBatch>? asked;
    private readonly GateOptions options;

    private RequiredGates(GateSet gates, GateOptions options) =>
        (Gates, asked, this.options) = (gates, gates as GateSet<EncodedBatch>, options);

    /// <summary>The set.</summary>
    public GateSet Gates { get; }

    /// <summary>What a journal is to be opened with.</summary>
    /// <param name="options">How the journal is opened.</param>
    /// <returns>The gates; null where the options ask for none, or open for reading.</returns>
    public static RequiredGates? Of(JournalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options is { RequiredGates: { } gates, ReadOnly: false }
            ? new RequiredGates(gates, options.GateOptions ?? new GateOptions())
            : null;
    }

    /// <summary>Has a batch appended if it gets through. The gates are asked on the calling thread; what one throws is a denial.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="append">Appends to the store, gates or not; also the record of a denial.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The store's answer; <see cref="AppendFailure.Denied"/> or <see cref="AppendFailure.PassRefused"/> for a batch that does not
    /// get through.</returns>
    public ValueTask<AppendResult> AppendAsync(
        EncodedBatch batch,
        Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(append);
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        if (Judge(batch) is not { } failure) return append(batch, cancellationToken);
        var refusing = RefuseAsync(batch, failure, append, cancellationToken);
        return batch.AllowSynchronousContinuations ? refusing : Boundary.Of(refusing);
    }

    /// <summary>Has a batch of another journal restored if it gets through: one that a bypass of gates of this name let through there does,
    /// others are judged as appends are.</summary>
    /// <param name="batch">The entries of the batch, in position order; nobody may change them meanwhile.</param>
    /// <param name="restore">Restores them.</param>
    /// <param name="append">Appends the record of a denial to the store.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>As <see cref="AppendAsync"/>.</returns>
    public ValueTask<AppendResult> RestoreAsync(
        IReadOnlyList<JournalEntry> batch,
        Func<CancellationToken, ValueTask<AppendResult>> restore,
        Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(restore);
        ArgumentNullException.ThrowIfNull(append);
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<AppendResult>(cancellationToken);
        // What breaks a rule is answered by the store.
        if (batch.Count == 0 || IsBypassed(batch) || batch.EncodedAgain() is not { } encoded || Judge(encoded) is not { } failure)
            return restore(cancellationToken);
        return Boundary.Of(RecordedAsync(failure, append, cancellationToken));
    }

    // Null for a batch that gets through, and for one that the store refuses whatever its gates say.
    private AppendFailure? Judge(EncodedBatch batch)
    {
        if (GateTranslation.IsRefused(batch) || ReferenceEquals(batch, HealthProbe.Batch) || ReferenceEquals(batch.Cleared, Gates))
            return null;
        if (GateTranslation.IsOwnRecord(batch)) return null;
        if (asked is null)
            return new AppendFailure.PassRefused(Gates.Pipeline, batch.Cleared is null ? PassFault.Missing : PassFault.OtherGates);
        var trace = asked.Judged(options.AsksAll, batch, batch);
        return trace.IsPassed ? null : new AppendFailure.Denied(trace);
    }

    private async ValueTask<AppendResult> RefuseAsync(
        EncodedBatch batch, AppendFailure failure, Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append,
        CancellationToken cancellationToken)
    {
        // Of a known key nothing is committed, and the answer is the first one: only the store knows that.
        if (batch.Key is not null)
        {
            var answer = await AnswerAsync(append(GateTranslation.RefusedBy(batch, Gates), cancellationToken)).ConfigureAwait(false);
            if (answer is not AppendResult.NotAppended { Failure: AppendFailure.PassRefused }) return answer;
        }

        return await RecordedAsync(failure, append, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<AppendResult> RecordedAsync(
        AppendFailure failure, Func<EncodedBatch, CancellationToken, ValueTask<AppendResult>> append, CancellationToken cancellationToken)
    {
        if (!options.RecordDenials || failure is not AppendFailure.Denied denied) return new AppendResult.NotAppended(failure);
        var record = GateExtensions.Record(Gates, denied.Trace).Encode();
        var recorded = await AnswerAsync(append(record, cancellationToken)).ConfigureAwait(false);
        return new AppendResult.NotAppended(denied with { Record = recorded });
    }

    private static async ValueTask<AppendResult> AnswerAsync(ValueTask<AppendResult> appending)
    {
        var answered = appending.AsTask();
        await Boundary.Following(answered);
        return await answered.ConfigureAwait(false);
    }

    private bool IsBypassed(IReadOnlyList<JournalEntry> batch)
    {
        if (!BypassRecord.TryRead(batch[^1], out var record) || record.Pipeline != Gates.Pipeline) return false;
        // Of a batch that lost entries nobody can tell any more what was let through.
        var isWhole = batch[0].Position == batch[0].Batch && batch[^1].Position - batch[0].Position == batch.Count - 1;
        if (!isWhole) return true;
        using var content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in batch.SkipLast(1)) content.AppendData(entry.ToCanonicalBytes());
        return record.Content == Hash.OfSpan(content.GetHashAndReset());
    }
}
