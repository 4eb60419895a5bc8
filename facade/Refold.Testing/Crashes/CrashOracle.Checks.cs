// Opening a store after a crash and judging it; the same after damage to what was flushed.
// Called by CrashSimulation and by tests.
using System.Globalization;

namespace Refold.Testing;

public sealed partial class CrashOracle
{
    /// <summary>Opens the store and judges what it has. What is found there counts as acknowledged from then on, what is
    /// not found as never submitted.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The opened store, to be disposed by the caller; null where the device stopped or failed meanwhile.</returns>
    /// <exception cref="CrashViolationException">The store broke a promise.</exception>
    public async Task<ILocalJournal?> OpenAsync(SimulatedDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var (faults, before) = (device.FaultCount, applied);
        // Taken before the store is opened for the first time after it, which may flush.
        if (SettledBy is not null && device.LossCount > losses) settledTo ??= device.LastFlushOf(SettledBy) ?? -1;
        ILocalJournal? journal = null;
        try
        {
            journal = open(device);
            lock (gate) Judge(journal, device);
            return journal;
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            // Nothing was found yet: the next opening is judged by the same.
            if (applied != before) (model, applied) = Replay(before);
            if (journal is not null) await journal.DisposeAsync();
            if (device.HasStopped || device.FaultCount > faults) return null;
            throw Violation(device, "the store does not open, or does not read back: " + exception.Message, exception);
        }
    }

    /// <summary>Judges a store whose flushed bytes were damaged: it refuses, naming a place and changing nothing; or a
    /// read does; or everything is there; or, only where the damage lies in the very last flush, fewer whole batches of
    /// that flush. Settles nothing.</summary>
    /// <param name="device">The damaged device.</param>
    /// <param name="inLastFlush">Whether damage lies in the very last flush (<see cref="SimulatedDevice.InLastFlush"/>).</param>
    /// <returns>Whether the store refused.</returns>
    /// <exception cref="CrashViolationException">The store hides a loss, hands out something wrong, or
    /// changed bytes while refusing.</exception>
    public async Task<bool> RefusesAsync(SimulatedDevice device, bool inLastFlush)
    {
        ArgumentNullException.ThrowIfNull(device);
        // Taken before the store is opened, which may heal and flush.
        var (before, lastFlush) = (device.Image(), device.LastFlushIndex);
        ILocalJournal journal;
        try
        {
            journal = open(device);
        }
        catch (JournalException refusal)
        {
            if (!before.Keys.Any(name => refusal.Message.Contains(name, StringComparison.Ordinal)))
                throw Violation(device, "the refusal names no file: " + refusal.Message, refusal);
            var after = device.Image();
            // A lock file may have to be made before anything can be looked at.
            if (
                before.Any(file => !after.TryGetValue(file.Key, out var bytes) || !bytes.AsSpan().SequenceEqual(file.Value))
                    || after.Any(file => !before.ContainsKey(file.Key) && file.Value.Length > 0))
                throw Violation(device, "the refusal changed bytes: " + refusal.Message, refusal);
            return true;
        }

        await using (journal)
        {
            try
            {
                var least = inLastFlush
                    ? submissions.TakeWhile(item => item.IsAcknowledged && item.AcknowledgedAt <= lastFlush).Count()
                    : Acknowledged;
                var (damaged, count) = Replay(least);
                var difference = FirstDifference(damaged, journal);
                while (difference is not null && count < submissions.Count)
                {
                    await submissions[count++].Apply(damaged);
                    if (FirstDifference(damaged, journal) is null) return false;
                }

                return difference is null ? false : throw Violation(device, "damage was not noticed: " + difference);
            }
            catch (JournalCorruptedException refusal) when (before.ContainsKey(refusal.File))
            {
                // What an index speaks for is checked when it is read.
                return true;
            }
        }
    }

    /// <summary>How many submissions were found, or acknowledged before a flush.</summary>
    private int SettledAt(long flush) =>
        submissions.FindLastIndex(item => item.IsFound || (item.IsAcknowledged && item.AcknowledgedAt <= flush)) + 1;

    private int Acknowledged => submissions.FindLastIndex(item => item.IsAcknowledged) + 1;

    private void Judge(ILocalJournal journal, SimulatedDevice device)
    {
        Apply(settledTo is { } flush ? SettledAt(flush) : Acknowledged, device);
        var first = Difference(journal);
        var difference = first;
        for (var more = applied + 1; difference is not null && more <= submissions.Count; more++)
        {
            Apply(more, device);
            difference = Difference(journal);
        }

        if (difference is not null)
            throw Violation(
                device,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"what is found is not what was acknowledged, nor that with the first of what was submitted after it: {first}"));
        if (settledTo is not null) seen.RemoveAll(head => head.Position > journal.Head.Position);
        foreach (var head in seen.Where(head => head.Position >= model.Begin.Position && journal.HeadAt(head.Position) != head))
            throw Violation(device, $"a reader saw the head {head}, which is not there any more");
        submissions.RemoveRange(applied, submissions.Count - applied);
        foreach (var item in submissions.Where(item => !item.IsAcknowledged)) item.Acknowledge(null, device.OperationCount);
        foreach (var item in submissions) item.IsFound = true;
        (losses, settledTo) = (device.LossCount, null);
        retention = null;
        Saw(journal.Head);
    }

    private string? Difference(ILocalJournal journal) =>
        FirstDifference(model, journal) is { } difference && !IsRetained(journal) ? difference : null;

    /// <summary>Whether it is what it should be once the beginning went that may be gone; then that is settled.</summary>
    private bool IsRetained(ILocalJournal journal)
    {
        if (retention is null) return false;
        var (trial, _) = Replay(applied);
        _ = Done(retention.Apply(trial));
        if (FirstDifference(trial, journal) is not null) return false;
        submissions.Insert(applied++, retention);
        (model, retention) = (trial, null);
        return true;
    }

    /// <summary>Brings the model up to so many submissions.</summary>
    private void Apply(int upTo, SimulatedDevice device)
    {
        for (; applied < upTo; applied++)
        {
            var answer = Done(submissions[applied].Apply(model));
            if (
                submissions[applied].Receipt is { } receipt
                    && !(answer is AppendResult.Appended appended && appended.Receipt.Equals(receipt)))
                throw Violation(device, $"an append was answered with {receipt}, expected {answer}");
        }
    }

    private (InMemoryJournal Journal, int Count) Replay(int upTo)
    {
        var journal = new InMemoryJournal();
        foreach (var item in submissions.Take(upTo)) _ = Done(item.Apply(journal));
        return (journal, upTo);
    }

    private string? FirstDifference(InMemoryJournal expected, ILocalJournal found) =>
        JournalComparison.FirstDifference(expected, found, keys.Keys);

    // A journal in memory answers at once.
    private static AppendResult? Done(ValueTask<AppendResult?> answer) =>
        answer.IsCompleted ? answer.Result : throw new InvalidOperationException("The model did not answer at once.");

    private static CrashViolationException Violation(SimulatedDevice device, string what, Exception? cause = null) =>
        new(what + "\n" + device.Story(), cause);
}
