// Random histories of every kind of step, and proofs after each: all of them hold in the tree of the oracle, and every refusal is due.
// Run by ProofSuites.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

/// <summary>One history on a simulated device.</summary>
internal sealed partial class RandomProofs
{
    private static readonly string[] Names = ["a", "b", "c", "\u00e9", "late"];
    private readonly Tally tally;
    private readonly SeededRng rng;
    private readonly ProofOracle oracle = new();

    // The journal in memory, which has the same steps behind it.
    private readonly InMemoryJournal memory = new();
    private readonly JournalOptions options;
    private SimulatedDevice device;
    private SegmentJournal journal;
    private SegmentJournal? reader;
    private int keys;

    private RandomProofs(Tally tally, ulong seed)
    {
        (this.tally, rng) = (tally, SeededRng.FromSeed(seed));
        device = new SimulatedDevice(seed);
        options = rng.Chance(0.2) ? CrashStore.Padded : CrashStore.Small.With(s => s with
        {
            SegmentBytes = rng.Pick([1024, 2048, 16_384, 262_144]),
            CheckpointBytes = rng.Pick([0, 500, 3000]),
        });
        journal = SegmentJournal.Open(device, options);
    }

    /// <summary>A history, with a look after each step.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int steps)
    {
        var history = new RandomProofs(tally, seed);
        history.Look(history.journal);
        for (var step = 0; step < steps; step++)
        {
            await history.StepAsync();
            history.Look(history.journal);
            history.Look(history.memory);
            await history.ReadAsync();
        }

        if (history.reader is { } open) await open.DisposeAsync();
        await history.journal.DisposeAsync();
        Assert.Null(SegmentJournal.Verify(history.device).First);
    }

    private async Task StepAsync()
    {
        var kind = rng.NextDouble();
        if (kind < 0.55)
        {
            for (var count = rng.Chance(0.1) ? rng.Between(10, 40) : 1; count > 0; count--) await AppendAsync(journal);
        }
        else if (kind < 0.65)
        {
            await RestoreAsync(journal);
        }
        else if (kind < 0.72)
        {
            await DeleteAsync(journal);
        }
        else if (kind < 0.8)
        {
            tally.Add("reopenings");
            await journal.DisposeAsync();
            Open();
        }
        else if (kind < 0.87)
        {
            await CrashAsync();
        }
        else if (kind < 0.97)
        {
            await CompactAsync();
        }
        else
        {
            await CopyAsync();
        }
    }

    private async Task AppendAsync(ILocalJournal to)
    {
        var request = Draw();
        var next = oracle.Next(request);
        var receipt = await to.AppendAsync(request);
        Assert.Equal(next.Head, receipt.Head);
        await AddAsync(next, request);
    }

    private async Task AddAsync(ProvedBatch next, AppendRequest request)
    {
        oracle.Add(next);
        Assert.Equal(next.Head, (await memory.AppendAsync(request)).Head);
    }

    private ValueTask DeleteAsync(string stream, long version)
    {
        oracle.DeleteTo(stream, version);
        return memory.DeleteToAsync(stream, version);
    }

    private async Task RestoreAsync(ILocalJournal to)
    {
        var batch = DrawRestored();
        Assert.IsType<AppendResult.Appended>(await to.TryRestoreAsync(batch.Entries));
        oracle.Add(batch);
        Assert.IsType<AppendResult.Appended>(await memory.TryRestoreAsync(batch.Entries));
        tally.Add("restored");
    }

    private async Task DeleteAsync(ILocalJournal from)
    {
        var stream = rng.Pick(Names);
        if (oracle.Highest(stream) == 0) return;
        var version = rng.Between((int)Math.Max(1, oracle.Floor(stream)), (int)oracle.Highest(stream));
        await from.DeleteToAsync(stream, version);
        await DeleteAsync(stream, version);
        tally.Add("deletions");
    }

    private async Task CompactAsync()
    {
        var request = DrawCompaction();
        await journal.CompactAsync(request);
        await CompactedAsync(request);
        tally.Add(request.GetType().Name);
    }

    private async Task CompactedAsync(CompactionRequest request)
    {
        if (request is CompactionRequest.DeleteStream { Stream.Value: var gone } && oracle.Highest(gone) > 0)
            await DeleteAsync(gone, oracle.Highest(gone));
        if (request is not CompactionRequest.RetainFrom retain) return;
        Assert.InRange(journal.Begin.Position, oracle.Begin, retain.Position - 1);
        if (journal.Begin.Position > oracle.Begin) memory.DropTo(journal.Begin.Position, retain.ProvableSizes);
        oracle.DropTo(journal.Begin.Position, retain.ProvableSizes);
    }

    private void Open()
    {
        var ways = rng.Pick<OpeningWays>(
            [new(), new() { Checkpoint = false }, new() { Checkpoint = false, Footers = false }, new() { Footers = false }]);
        journal = SegmentJournal.Open(device, options.With(s => s with { Opening = ways }));
        tally.Add("opened by " + journal.Opened.Path);
    }

    /// <summary>The device stops at some operation of what is done; the process is killed, or the power is cut.</summary>
    private async Task CrashAsync()
    {
        var (request, compaction, stream) = (Draw(), DrawCompaction(), rng.Pick(Names));
        var (next, version) = (oracle.Next(request), oracle.Highest(stream));
        var kind = rng.Between(0, 4);
        device.CrashAt = device.OperationCount + rng.Between(0, kind < 2 ? 6 : 25);
        var isDone = false;
        try
        {
            if (kind < 2) await journal.AppendAsync(request);
            else if (kind == 2) await journal.DeleteToAsync(stream, Math.Max(1, version));
            else if (kind == 3) await journal.CompactAsync(compaction);
            else await journal.DisposeAsync();
            isDone = true;
        }
        catch (Exception exception) when (device.HasStopped && exception is JournalException or IOException)
        {
            tally.Add("stopped by a crash");
        }

        device.Stop();
        await CloseAsync(journal);
        if (reader is not null) await CloseAsync(reader);
        reader = null;
        device = rng.Chance(0.4) ? device.AfterKill() : device.AfterCrash(rng.Chance(0.2) ? Keep.None : Keep.Random(rng.NextUInt64()));
        Open();
        tally.Add("crashes");
        Assert.True(!isDone || kind >= 2 || journal.Head == next.Head, "What was answered is there.");
        if (kind < 2 && journal.Head == next.Head) await AddAsync(next, request);
        Assert.Equal(oracle.Head, journal.Head);
        var floor = kind == 2 ? Floor(stream) : 0;
        if (kind == 2 && floor > oracle.Floor(stream)) await DeleteAsync(stream, floor);
        if (kind == 3) await RecoveredAsync(compaction);
    }

    private long Floor(string stream) => journal.Streams(stream).FirstOrDefault(found => found.Stream.Value == stream)?.Floor ?? 0;

    private async Task RecoveredAsync(CompactionRequest request)
    {
        if (request is CompactionRequest.DeleteStream deleted && Floor(deleted.Stream.Value) is var floor
            && floor > oracle.Floor(deleted.Stream.Value))
            await DeleteAsync(deleted.Stream.Value, floor);
        if (request is CompactionRequest.RetainFrom) await CompactedAsync(request);
    }

    private static async Task CloseAsync(SegmentJournal journal)
    {
        try
        {
            await journal.DisposeAsync();
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            // The device has stopped.
        }
    }

    /// <summary>By way of a LiteDB journal, which goes on meanwhile.</summary>
    private async Task CopyAsync()
    {
        await journal.DisposeAsync();
        if (reader is not null) await reader.DisposeAsync();
        reader = null;
        var files = new SimulatedFiles();
        LiteDbFiles.Write(files, SegmentTransfer.Read(device));
        for (var opening = 0; opening < 2; opening++)
        {
            await using var copy = LiteDbJournal.Open(files);
            Look(copy);
            for (var step = rng.Between(0, 20); step > 0; step--)
            {
                if (rng.Chance(0.7)) await AppendAsync(copy);
                else if (rng.NextBoolean()) await RestoreAsync(copy);
                else await DeleteAsync(copy);
                Look(copy);
            }
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
        if (rng.NextBoolean())
        {
            LiteDbFiles.Compact(files);
            await using var compacted = LiteDbJournal.Open(files);
            Look(compacted);
        }

        device = new SimulatedDevice(rng.NextUInt64());
        SegmentTransfer.Write(device, LiteDbFiles.Read(files), rng.NextBoolean());
        tally.Add("copies");
        Open();
    }

    private async Task ReadAsync()
    {
        if (reader is null)
        {
            if (rng.Chance(0.3)) reader = SegmentJournal.Open(device, options with { ReadOnly = true });
        }
        else if (rng.Chance(0.4))
        {
            Look(reader);
            tally.Add("looks of a reader");
        }
        else if (rng.Chance(0.1))
        {
            await reader.DisposeAsync();
            reader = null;
        }
    }

    /// <summary>Some questions, now and then about what is not there.</summary>
    private void Look(ILocalJournal asked)
    {
        var (size, last) = (oracle.Batches.Count, (int)oracle.Head.Position);
        var shown = oracle.Batches.SelectMany(batch => batch.Entries).Where(oracle.Shows).Select(entry => entry.Position).ToList();
        for (var count = 0; count < 2; count++)
        {
            var position = shown.Count > 0 && rng.Chance(0.8) ? rng.Pick(shown) : rng.Between(0, last + 2);
            var ordinal = oracle.BatchAt(position) is { } batch ? oracle.Batches.ToList().IndexOf(batch) : 0;
            Told("inclusion", oracle.CheckInclusion(
                asked, position, rng.Chance(0.2) ? null : rng.Between(rng.Chance(0.9) ? Math.Min(ordinal + 1, size) : 0, size + Beyond())));
            var from = oracle.Named.Any() && rng.Chance(0.3)
                ? (int)rng.Pick([.. oracle.Named])
                : rng.Between(rng.Chance(0.8) ? oracle.Dropped : 0, size);
            var to = rng.Between(Math.Max(from, rng.Chance(0.8) ? oracle.Dropped : 0), size + Beyond());
            Told("growth", oracle.CheckConsistency(asked, from, rng.Chance(0.2) ? null : rng.Chance(0.9) ? to : rng.Between(0, size)));
            oracle.CheckPlace(asked, rng.Between((int)(rng.Chance(0.8) ? oracle.Begin : 0), last + 2));
        }

        Told("root", oracle.CheckRoot(asked, rng.Chance(0.2) ? null : rng.Between(rng.Chance(0.9) ? oracle.Dropped : 0, size)));
    }

    private int Beyond() => rng.Chance(0.1) ? 1 : 0;

    private void Told(string what, string answer)
    {
        tally.Add(answer == "proved" ? "proofs" : "refusals");
        tally.Add($"{what} {answer}");
    }
}
