// Readers beside processes that are killed: one that lives through all of them, one that opens again and again. What they read is judged
// once the process is dead and everything it said was taken.
// Made by KilledCompactions.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

/// <summary>Reads until disposed.</summary>
internal sealed class CompactionReaders : IAsyncDisposable
{
    // So few files that a read in flight opens one that a compaction has taken away meanwhile, and goes on in what replaced it.
    private static readonly JournalOptions ReadOnly =
        CompactingProcess.Options.With(s => s with { OpenFiles = 2 }) with { ReadOnly = true };

    private readonly string path;
    private readonly CompactionLedger ledger;
    private readonly ConcurrentQueue<Reading> readings = [];
    private readonly CancellationTokenSource ending = new();
    private readonly Task[] tasks;

    /// <summary>Begins to read the journal of a directory.</summary>
    public CompactionReaders(string path, CompactionLedger ledger, SeededRng rng)
    {
        (this.path, this.ledger) = (path, ledger);
        var (one, other) = (rng.Split(), rng.Split());
        tasks = [Task.Run(() => LiveAsync(one)), Task.Run(() => AnewAsync(other))];
    }

    /// <summary>Judges what was read so far, now that no process writes and all that was begun is settled. Says how often was
    /// read.</summary>
    public int Judge()
    {
        var failed = tasks.FirstOrDefault(task => task.IsCompleted);
        // It goes on until it is told to end.
        Assert.True(failed is null, $"A reader ended: {failed?.Exception}");
        var entries = ledger.Entries.ToDictionary(entry => entry.Position);
        var batches = ledger.Batches.ToDictionary(batch => batch.Number);
        var count = 0;
        for (; readings.TryDequeue(out var reading); count++)
        {
            try
            {
                Judge(reading, entries);
                JudgeKey(reading, batches[reading.Number]);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"The reader that {reading.Who}: {exception.Message}", exception);
            }
        }

        return count;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        // One that failed was told of by Judge, or something else failed before.
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    /// <summary>What was answered before is there, up to the last that is there; what was deleted before is not; nothing else is.</summary>
    private void Judge(Reading reading, Dictionary<long, LedgerEntry> known)
    {
        var (start, end, seen) = (reading.Start, reading.End, reading.Seen);
        var floors = KeyedBatch.Streams.ToDictionary(
            stream => stream, stream => (Least: ledger.Least(stream, start), Most: ledger.Most(stream, end)));
        var beginning = (Least: ledger.Least(CompactionLedger.Beginning, start), Most: ledger.Most(CompactionLedger.Beginning, end));
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        var positions = new HashSet<long>();
        var last = 0L;
        foreach (var entry in seen)
        {
            if (entry.Position <= last) throw Wrong($"{entry} comes behind {last}");
            if (entry.Position <= beginning.Least) throw Wrong($"{entry} is back, the journal began behind {beginning.Least}");
            var floor = floors[entry.Stream].Least;
            if (entry.Version <= floor) throw Wrong($"{entry} is back, the stream was deleted to {floor}");
            // Where files went meanwhile a read goes on behind what was deleted since: what is missing is judged below.
            if (versions.TryGetValue(entry.Stream, out var before) && entry.Version <= before)
                throw Wrong($"{entry} comes behind version {before}");
            // What is not known was written, not answered, and deleted: its content was judged when it was read.
            if (known.GetValueOrDefault(entry.Position) is { } one && one with { Said = 0 } != entry) throw Wrong($"{entry} was {one}");
            versions[entry.Stream] = entry.Version;
            positions.Add(entry.Position);
            last = entry.Position;
        }

        foreach (var entry in known.Values)
        {
            var isDue = entry.Position > beginning.Most && (entry.Said <= start || entry.Position < last);
            var floor = floors[entry.Stream].Most;
            if (isDue && entry.Version > floor && !positions.Contains(entry.Position))
                throw Wrong($"{entry} is missing among those up to {last}, the stream was deleted to {floor} at most");
        }
    }

    private void JudgeKey(Reading reading, LedgerBatch batch)
    {
        var least = ledger.Least(CompactionLedger.Forgotten, reading.Start);
        var most = ledger.Most(CompactionLedger.Forgotten, reading.End);
        if (reading.Receipt is null ? batch.First >= most : batch.First < least)
            throw Wrong($"the key of {batch} has the receipt '{reading.Receipt}', those before {least} to {most} were forgotten");
        if (reading.Receipt is { } receipt) Assert.Equal(batch.Receipt, receipt);
    }

    private static InvalidOperationException Wrong(string what) => new(what);

    private async Task LiveAsync(SeededRng rng)
    {
        await using var journal = SegmentJournal.Open(path, ReadOnly);
        while (!ending.IsCancellationRequested) await ReadAsync("lives on", rng, () => journal);
    }

    private async Task AnewAsync(SeededRng rng)
    {
        while (!ending.IsCancellationRequested)
        {
            SegmentJournal? journal = null;
            await ReadAsync("opened again", rng, () => journal = SegmentJournal.Open(path, ReadOnly));
            if (journal is not null) await journal.DisposeAsync();
        }
    }

    private async Task ReadAsync(string who, SeededRng rng, Func<SegmentJournal> open)
    {
        // Most of the time is the writer's.
        await Task.Delay(rng.Between(10, 40));
        if (ledger.Batches is not { Count: > 0 } batches) return;
        var number = rng.Pick(batches).Number;
        var start = Stopwatch.GetTimestamp();
        var journal = open();
        var (seen, lingers) = (new List<LedgerEntry>(), rng.Chance(0.3));
        foreach (var entry in journal.ReadAll())
        {
            seen.Add(new LedgerEntry(entry.Position, entry.Stream.Value, entry.Version, KeyedBatch.Checked(entry), 0));
            // Long enough for a compaction to take away what is read next.
            if (lingers && rng.Chance(0.3)) Thread.Sleep(2);
        }

        var receipt = journal.FindByKey(number.ToString(CultureInfo.InvariantCulture));
        var end = Stopwatch.GetTimestamp();
        readings.Enqueue(new Reading(who, start, end, seen, number, receipt is null ? null : KeyedBatch.Text(receipt)));
    }

    /// <summary>What a reader read, between two moments.</summary>
    private sealed record Reading(string Who, long Start, long End, List<LedgerEntry> Seen, long Number, string? Receipt);
}
