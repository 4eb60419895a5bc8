// Whether a journal is what the killed processes said: every entry, receipt, head and floor.
// Called by KilledCompactions between two processes, when nobody else writes.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class CompactionJudge
{
    /// <summary>The appender that the processes do not have.</summary>
    private const int Own = CompactingProcess.Appenders;

    private const int Retries = 4;

    /// <summary>Everything that was answered and not deleted is there, with its receipt and head; what was deleted is not.</summary>
    public static void Check(SegmentJournal journal, CompactionLedger ledger)
    {
        var beginning = journal.Begin.Position;
        InBounds(ledger, CompactionLedger.Beginning, beginning, 0);
        var forgotten = journal.KeysForgottenBefore;
        InBounds(ledger, CompactionLedger.Forgotten, forgotten, 0);
        var known = ledger.Entries;
        var streams = journal.Streams().ToDictionary(stream => stream.Stream.Value);
        foreach (var stream in KeyedBatch.Streams)
        {
            // With the beginning whatever lay there went.
            var dropped = known.Where(entry => entry.Stream == stream && entry.Position <= beginning).Select(entry => entry.Version);
            InBounds(ledger, stream, Floor(stream), dropped.DefaultIfEmpty(0).Max());
        }

        var expected = known.Where(entry => entry.Position > beginning && entry.Version > Floor(entry.Stream))
            .Select(entry => (entry.Position, entry.Stream, entry.Version, entry.Number));
        // The others were written and not answered; their content is judged too.
        var numbers = known.Select(entry => entry.Number).ToHashSet();
        var found = journal.ReadAll().Select(entry => (entry.Position, entry.Stream.Value, entry.Version, KeyedBatch.Checked(entry)));
        Assert.Equal(expected, found.Where(entry => numbers.Contains(entry.Item4)));
        foreach (var batch in ledger.Batches)
        {
            Assert.InRange(batch.Last, 1, journal.Head.Position);
            if (batch.Last >= beginning) Assert.Equal((batch.Last, batch.Hash), Shown(journal.HeadAt(batch.Last)));
            var receipt = journal.FindByKey(batch.Number.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(batch.First < forgotten ? null : batch.Receipt, receipt is null ? null : KeyedBatch.Text(receipt));
        }

        long Floor(string stream) => streams.GetValueOrDefault(stream)?.Floor ?? 0;
    }

    /// <summary>Checks, and takes what was written and not answered as it is now: from now on it stays so.</summary>
    public static void Settle(SegmentJournal journal, CompactionLedger ledger)
    {
        Check(journal, ledger);
        var at = Stopwatch.GetTimestamp();
        ledger.Settle(CompactionLedger.Beginning, at, journal.Begin.Position);
        ledger.Settle(CompactionLedger.Forgotten, at, journal.KeysForgottenBefore);
        foreach (var stream in journal.Streams()) ledger.Settle(stream.Stream.Value, at, stream.Floor);
        var answered = ledger.Batches.Select(batch => batch.Number).ToHashSet();
        var unanswered = journal.ReadAll().Select(KeyedBatch.Checked).Where(number => !answered.Contains(number)).Distinct().ToList();
        // Each appender waits for its answer before it goes on.
        Assert.InRange(unanswered.Count, 0, CompactingProcess.Appenders);
        foreach (var number in unanswered)
        {
            var receipt = journal.FindByKey(number.ToString(CultureInfo.InvariantCulture))!;
            Assert.Equal(KeyedBatch.Of(number).Entries.Count, receipt.Count);
            ledger.Take(CompactingProcess.Line("appended", number, KeyedBatch.Text(receipt)));
        }

        Check(journal, ledger);
    }

    /// <summary>Retries are answered with the first receipt and append nothing; the next batch goes on behind the last.</summary>
    public static async Task GoOnAsync(SegmentJournal journal, CompactionLedger ledger, SeededRng rng, int life)
    {
        var head = journal.Head;
        List<LedgerBatch> batches = [.. ledger.Batches.Where(batch => batch.First >= journal.KeysForgottenBefore)];
        for (var retry = 0; retry < Retries && batches.Count > 0; retry++)
        {
            var batch = rng.Pick(batches);
            Assert.Equal(batch.Receipt, KeyedBatch.Text(await journal.AppendAsync(KeyedBatch.Of(batch.Number))));
        }

        Assert.Equal(head, journal.Head);
        await AppendAsync(journal, ledger, life, 0);
        Assert.Equal(head.Position + 1, ledger.Batches[^1].First);
    }

    /// <summary>Appends as the processes do, and says it to the ledger.</summary>
    public static async Task AppendAsync(SegmentJournal journal, CompactionLedger ledger, int life, int place)
    {
        var number = KeyedBatch.Number(life, Own) + place;
        ledger.Take(CompactingProcess.Line("appended", number, KeyedBatch.Text(await journal.AppendAsync(KeyedBatch.Of(number)))));
    }

    private static (long Position, string? Hash) Shown(Head? head) => (head?.Position ?? -1, head?.Hash.ToString());

    private static void InBounds(CompactionLedger ledger, string what, long actual, long dropped)
    {
        var (least, most) = (ledger.Least(what, long.MaxValue), Math.Max(ledger.Most(what, long.MaxValue), dropped));
        Assert.True(
            actual >= least && actual <= most,
            $"{what} has risen to {actual}: that it rises to {least} was answered, that it may rise to {most} was begun");
    }
}
