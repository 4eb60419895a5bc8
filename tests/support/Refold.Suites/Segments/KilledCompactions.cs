// SIGKILL at moments inside compactions that replace segments, and inside deletions: nothing answered is lost, nothing deleted is back.
// Run by SegmentSuites; the process is CompactingProcess, the readers beside it are CompactionReaders.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class KilledCompactions
{
    /// <summary>Long enough for a slow machine; only a process that does not do its work meets it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const int Prepared = 60;

    private static readonly JournalOptions ReadOnly = CompactingProcess.Options with { ReadOnly = true };

    /// <summary>When a process is killed: kills have these in turn, and the seed of a case says which is the first.</summary>
    private static readonly Moment[] Moments =
        [Moment.Any, Moment.Marker, Moment.Switched, Moment.Deletion, Moment.Switched, Moment.Marker];

    private enum Moment
    {
        /// <summary>While it opens, or somewhere in its work.</summary>
        Any,

        /// <summary>After it began a deletion.</summary>
        Deletion,

        /// <summary>After the marker of a compaction has its name.</summary>
        Marker,

        /// <summary>After the target of a compaction has its name, while the marker is there.</summary>
        Switched,
    }

    /// <summary>Kills so many processes one after the other over one journal, which must be what all of them said.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int kills)
    {
        var rng = SeededRng.FromSeed(seed);
        using var directory = new TemporaryDirectory();
        var path = directory.File("journal");
        var ledger = new CompactionLedger();
        await using (var journal = SegmentJournal.Open(path, CompactingProcess.Options))
        {
            // Some segments, so that the first compaction has what to replace.
            for (var place = 0; place < Prepared; place++) await CompactionJudge.AppendAsync(journal, ledger, life: 0, place);
        }

        await using (var readers = new CompactionReaders(path, ledger, rng.Split()))
        {
            for (var life = 1; life <= kills; life++)
            {
                var moment = Moments[(int)((seed + (ulong)life) % (ulong)Moments.Length)];
                var place = "";
                try
                {
                    await KillAsync(path, ledger, rng, life, moment);
                    place = Count(tally, path, ledger);
                    await JudgeAsync(path, ledger, rng, life);
                    tally.Add("reads", readers.Judge());
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"Kill {life} ({moment}; {place}): {exception.Message}", exception);
                }
            }
        }

        tally.Add("appends", ledger.Appends);
        tally.Add("deletions", ledger.Deletions);
        tally.Add("compactions", ledger.Compactions);
        tally.Add("segments replaced", ledger.Replaced);
    }

    /// <summary>What all kills together must have met.</summary>
    public static string? Missing(Tally tally) =>
        tally["segments replaced"] == 0 ? "no segment was replaced"
        : tally["reads"] == 0 ? "nothing was read beside"
        // Few of them may miss what they aim at.
        : tally["kills"] < 50 ? null
        : 10 * tally["with the marker"] < 3 * tally["kills"] ? "too few kills with the marker on disk"
        : 5 * tally["after the switch"] < tally["kills"] ? "too few kills after the switch"
        : null;

    /// <summary>Runs a process until its moment has come, kills it, and takes everything it said.</summary>
    private static async Task KillAsync(string path, CompactionLedger ledger, SeededRng rng, int life, Moment moment)
    {
        // Without any slowness there is little between the steps of a compaction.
        var slowness = moment is Moment.Any or Moment.Deletion ? rng.Pick([0, 0, 2, 5]) : rng.Pick([0, 4, 4, 8]);
        string[] words = [.. new[] { life, rng.Between(0, int.MaxValue), slowness }.Select(Text)];
        var start = new ProcessStartInfo("dotnet", [Program.Assembly, CompactingProcess.Verb, path, .. words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var (lines, isWaiting, begun, enough) = (rng.Between(5, 40), false, new TaskCompletionSource(), new TaskCompletionSource());
        // Whatever else a case meets, its first process has replaced a segment.
        var replaced = life == 1 || rng.NextBoolean() ? ledger.Replaced : -1;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var taking = Task.Run(async () =>
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                ledger.Take(line);
                if (--lines <= 0 && ledger.Replaced > replaced) enough.TrySetResult();
                if (Volatile.Read(ref isWaiting) && line.Contains(" raising s", StringComparison.Ordinal)) begun.TrySetResult();
            }
        });
        try
        {
            // Now and then while it opens, and heals what the one before left.
            if (moment == Moment.Any && life > 1 && rng.NextBoolean())
            {
                await Task.Delay(rng.Between(50, 500));
            }
            else
            {
                await Task.WhenAny(enough.Task, taking).WaitAsync(Patience);
                Volatile.Write(ref isWaiting, true);
                if (moment == Moment.Deletion) await Task.WhenAny(begun.Task, taking).WaitAsync(Patience);
                if (moment is Moment.Marker or Moment.Switched) WaitForMarker(path, process, moment == Moment.Switched);
                Thread.Sleep(moment == Moment.Any ? rng.Between(0, 200) : rng.Between(0, slowness));
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        await taking;
        // 137: ended by signal 9.
        Assert.True(process.ExitCode == 137, $"The process ended by itself, exit code {process.ExitCode}: {await errors}");
    }

    private static void WaitForMarker(string path, Process process, bool isSwitched)
    {
        var clock = Stopwatch.StartNew();
        while (!process.HasExited)
        {
            Assert.True(clock.Elapsed < Patience, "no compaction came");
            if (Marker(path) is not { } marker)
            {
                Thread.Sleep(0);
                continue;
            }

            if (!isSwitched) return;
            while (File.Exists(Path.Combine(path, Format.FileName.pending)))
            {
                if (File.Exists(Path.Combine(path, marker.Target.ToString()))) return;
                Thread.Sleep(0);
            }
        }
    }

    private static Format.CompactionMarker? Marker(string path)
    {
        try
        {
            var read = Format.Marker.decode(File.ReadAllBytes(Path.Combine(path, Format.FileName.pending)));
            return read.IsOk ? read.ResultValue : throw new InvalidOperationException($"The marker is damaged: {read.ErrorValue}");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Counts where the kill came, as the files say that nobody has opened since. Says it.</summary>
    private static string Count(Tally tally, string path, CompactionLedger ledger)
    {
        var places = new List<string> { "kills" };
        if (ledger.IsDeleting) places.Add("in a deletion");
        if (Marker(path) is { } marker)
        {
            places.Add("with the marker");
            var isSwitched = File.Exists(Path.Combine(path, marker.Target.ToString()));
            places.Add(isSwitched ? "after the switch" : "before the switch");
            if (CommitFile.ReadSlot(new DirectoryDevice(path), isExpected: true)!.SetGeneration >= marker.SetGeneration)
                places.Add("after COMMIT");
        }

        foreach (var place in places) tally.Add(place);
        return string.Join(", ", places);
    }

    /// <summary>The files, what a reader sees before they are healed, and what the next writer does.</summary>
    private static async Task JudgeAsync(string path, CompactionLedger ledger, SeededRng rng, int life)
    {
        var found = SegmentJournal.Verify(path);
        Assert.True(found.Ok || found.Torn, $"verify found {found.First}");
        await using (var reader = SegmentJournal.Open(path, ReadOnly)) CompactionJudge.Check(reader, ledger);
        await using (var journal = SegmentJournal.Open(path, CompactingProcess.Options))
        {
            CompactionJudge.Settle(journal, ledger);
            await CompactionJudge.GoOnAsync(journal, ledger, rng, life);
        }

        Assert.Null(SegmentJournal.Verify(path).First);
        Assert.DoesNotContain(Directory.GetFiles(path).Select(Path.GetFileName), name =>
            name == Format.FileName.pending || name!.EndsWith(".new", StringComparison.Ordinal));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
