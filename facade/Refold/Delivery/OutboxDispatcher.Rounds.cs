// One round of a dispatcher: it takes the outbox where that is free, and hands over what is due, one message after the other.
// Called by RunAsync, by hosts with a rhythm of their own, and by tests.
using Refold.Interop;
using static Refold.DeliveryObservation;

namespace Refold;

public sealed partial class OutboxDispatcher<TMessage>
{
    /// <summary>Hands over, once, what is due now, at most <see cref="OutboxDispatcherOptions.BurstLimit"/> messages, the lowest number
    /// first. Takes the outbox before, where no other dispatcher has it; where one has, it does nothing. For programs with a rhythm of
    /// their own, and for tests; <see cref="RunAsync"/> calls it again and again.</summary>
    /// <param name="cancellationToken">Ends the round: the message in its hands is let go, and comes again.</param>
    /// <returns>What it came to.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; what was confirmed before is durable.</exception>
    /// <exception cref="JournalException">The journal cannot be read or takes no facts; nothing of a message is lost.</exception>
    public async Task<DeliveryRound> DeliverDueAsync(CancellationToken cancellationToken = default)
    {
        await rounds.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await RoundAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            rounds.Release();
        }
    }

    private bool IsOwner => takenAt > 0 && log.OwnerVersion == takenAt && log.Owner == name;

    private async Task<DeliveryRound> RoundAsync(CancellationToken cancellationToken)
    {
        var counts = new RoundCounts();
        IReadOnlyList<long> due;
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await log.RefreshAsync(cancellationToken).ConfigureAwait(false);
            if (!await OwnAsync(cancellationToken).ConfigureAwait(false)) return Ended(counts, isOwner: false);
            var now = clock.GetUtcNow();
            due = [.. log.Waiting.Values.Where(message => message.Due(options.Backoff) <= now).Take(options.BurstLimit)
                .Select(message => message.Number)];
        }
        finally
        {
            gate.Release();
        }

        foreach (var number in due)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!await HandOverAsync(number, counts, cancellationToken).ConfigureAwait(false)) break;
        }

        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return Ended(counts, IsOwner);
        }
        finally
        {
            gate.Release();
        }
    }

    private DeliveryRound Ended(RoundCounts counts, bool isOwner) => new(
        isOwner, counts.Confirmed, counts.Delivered, counts.Failed, counts.Dead,
        log.Waiting.Count == 0 ? null : log.Waiting.Values.Min(message => message.Due(options.Backoff)));

    // Under the gate, behind a refresh. Whoever records first has it: the append expects the log as it was read.
    private async ValueTask<bool> OwnAsync(CancellationToken cancellationToken)
    {
        while (!IsOwner)
        {
            if (takenAt > 0)
            {
                (takenAt, stoodBy) = (0, log.OwnerVersion);
                logger?.OutboxLost(outbox.Name, log.Owner);
            }

            if (log.Owner is { } other && other != name && !IsForsaken())
            {
                if (stoodBy != log.OwnerVersion) logger?.OutboxStandby(outbox.Name, other, options.TakeOverAfter);
                stoodBy = log.OwnerVersion;
                return false;
            }

            var taken = new OutboxFact(OutboxFact.Taken) { Dispatcher = name, Settled = log.Settled };
            if (await log.TryAppendAsync([taken], clock.GetUtcNow()).ConfigureAwait(false))
            {
                (takenAt, stillSince) = (log.Version, null);
                logger?.OutboxTaken(outbox.Name, name);
                return true;
            }

            // Somebody came before: it may be another dispatcher, or a confirmation.
            stillSince = null;
            await log.RefreshAsync(cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    // Whether a message has been due for long, and nothing was recorded meanwhile.
    private bool IsForsaken()
    {
        var now = clock.GetUtcNow();
        if (!log.Waiting.Values.Any(message => message.Due(options.Backoff) <= now))
        {
            stillSince = null;
            return false;
        }

        if (stillSince is null || stillAt != log.Version) (stillSince, stillAt) = (now, log.Version);
        return now - stillSince >= options.TakeOverAfter;
    }

    // False where the outbox is another dispatcher's by now.
    private async Task<bool> HandOverAsync(long number, RoundCounts counts, CancellationToken cancellationToken)
    {
        WaitingMessage? message;
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!IsOwner) return false;
            // Confirmed meanwhile.
            if (!log.Waiting.TryGetValue(number, out message)) return true;
            // It was handed over often enough, and waits for its confirmation all the same.
            if (message.Attempts >= options.MaxAttempts) return await GiveUpAsync(message, counts).ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }

        var attempt = message.Attempts + 1;
        var failure = await TryDeliverAsync(message, attempt, cancellationToken).ConfigureAwait(false);
        return await RecordAsync(message, attempt, failure, counts).ConfigureAwait(false);
    }

    // Under the gate.
    private async ValueTask<bool> GiveUpAsync(WaitingMessage message, RoundCounts counts)
    {
        var (number, attempts) = (message.Number, message.Attempts);
        while (!await log.TryAppendAsync([new OutboxFact(OutboxFact.Dead) { Number = number, Attempt = attempts }], clock.GetUtcNow())
            .ConfigureAwait(false))
        {
            await log.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
            if (!IsOwner) return false;
            if (!log.Waiting.ContainsKey(number)) return true;
        }

        counts.Dead++;
        DeliveryObservation.Attempted(outbox.Name, Dead);
        logger?.DeliveryGivenUp(null, outbox.Name, number, attempts);
        return true;
    }

    private async Task<Exception?> TryDeliverAsync(WaitingMessage message, int attempt, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.DeliveryTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        using var activity = DeliveryObservation.Begin(outbox.Name);
        Exception? failure;
        try
        {
            var handed = Read(message, attempt);
            // One that does not heed its token is let go all the same.
            await deliver(handed, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            failure = new TimeoutException($"The delivery took longer than {options.DeliveryTimeout}.");
        }
#pragma warning disable CA1031 // Whatever the function throws: the attempt failed, and comes again.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            failure = thrown;
        }

        DeliveryObservation.Ended(activity, failure);
        return failure;
    }

    private OutboxMessage<TMessage> Read(WaitingMessage message, int attempt)
    {
        var entry = message.Entry;
        var parts = DeliveryTranslation.TryRead(entry, out var reason)
            ?? throw new FormatException($"It is no message: {reason}.");
        return new OutboxMessage<TMessage>(
            entry.Version,
            entry.Id,
            outbox.Codec.Decode(parts.Payload),
            parts.Recipient,
            attempt,
            entry.Time,
            parts.DeliverAfter,
            entry.CorrelationId,
            entry.CausationId,
            parts.EventId,
            entry.Run);
    }

    // Recorded whatever was cancelled meanwhile: it has happened.
    private async Task<bool> RecordAsync(WaitingMessage message, int attempt, Exception? failure, RoundCounts counts)
    {
        var number = message.Number;
        var isGivenUp = attempt >= options.MaxAttempts && failure is not null;
        List<OutboxFact> facts = failure switch
        {
            null when options.ConfirmOnDelivery => [new OutboxFact(OutboxFact.Confirmed) { Number = number, Attempt = attempt }],
            null => [new OutboxFact(OutboxFact.Delivered) { Number = number, Attempt = attempt }],
            _ => [OutboxFact.OfFailure(number, attempt, failure)],
        };
        if (isGivenUp) facts.Add(new OutboxFact(OutboxFact.Dead) { Number = number, Attempt = attempt });
        var outcome = isGivenUp ? Dead : failure is not null ? Failed : options.ConfirmOnDelivery ? Confirmed : Delivered;
        var isOwner = true;
        await gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            while (isOwner)
            {
                if (!IsOwner)
                {
                    (outcome, isOwner) = (failure is null ? Delivered : Failed, false);
                    break;
                }

                // Confirmed by its receiver while it was handed over.
                if (!log.Waiting.ContainsKey(number))
                {
                    outcome = Confirmed;
                    break;
                }

                if (await log.TryAppendAsync(facts, clock.GetUtcNow()).ConfigureAwait(false)) break;
                await log.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            gate.Release();
        }

        counts.Add(outcome);
        DeliveryObservation.Attempted(outbox.Name, outcome);
        // What becomes of the message is the other dispatcher's to tell.
        if (isOwner) Tell(number, attempt, failure, outcome);
        return isOwner;
    }

    private void Tell(long number, int attempt, Exception? failure, string outcome)
    {
        var isDelayed = attempt == options.WarnAfter && outcome != Confirmed;
        if (isDelayed) DeliveryObservation.Delayed(outbox.Name);
        if (outcome == Dead)
            logger?.DeliveryGivenUp(failure, outbox.Name, number, attempt);
        else if (isDelayed)
            logger?.DeliveryDelayed(failure, outbox.Name, number, attempt);
        else if (failure is not null && outcome == Failed)
            logger?.DeliveryFailed(failure, outbox.Name, number, attempt, options.Backoff(attempt));
    }

    // Gives the outbox back, so that another dispatcher need not wait.
    private async Task ReleaseAsync()
    {
        await gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            while (IsOwner)
            {
                var released = new OutboxFact(OutboxFact.Released) { Dispatcher = name };
                if (await log.TryAppendAsync([released], clock.GetUtcNow()).ConfigureAwait(false)) break;
                await log.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
            }

            takenAt = 0;
        }
        finally
        {
            gate.Release();
        }
    }
}
