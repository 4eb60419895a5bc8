// A device that fails while a journal is made, compacted, copied or backed up: one clear exception, nothing half done under the
// journal's name.
// Run by LiteDbSuites.
using Refold.LiteDb.Storage;
using Refold.Transfers;
using Xunit;

namespace Refold.Suites;

/// <summary>What is done while the device fails.</summary>
public enum Maintenance
{
    /// <summary>A journal is made; the next opening makes it.</summary>
    Creation,

    /// <summary>A journal is compacted; it is as it was.</summary>
    Compaction,

    /// <summary>A journal is copied; there is no copy, and the next one is made.</summary>
    Copy,

    /// <summary>A journal is backed up; it goes on.</summary>
    Backup,
}

internal static class MaintenanceFaults
{
    private static readonly IOException Failure = new("The device failed (simulated).");

    /// <summary>A seed chooses what is done by the remainder.</summary>
    public static IReadOnlyList<Maintenance> Kinds { get; } = Enum.GetValues<Maintenance>();

    /// <summary>Fails one of so many operations; all where it is 1.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int every)
    {
        var (kind, first) = (Kinds[(int)(seed % (ulong)Kinds.Count)], 1 + (int)(seed / (ulong)Kinds.Count % (ulong)every));
        var faults = await (kind switch
        {
            Maintenance.Creation => CreateAsync(first, every),
            Maintenance.Compaction => AtOperationsAsync(
                first, every, FilledAsync, files => Task.Run(() => LiteDbFiles.Compact(files)), IsWholeAsync),
            Maintenance.Copy => CopyAsync(first, every),
            _ => BackupAsync(first, every),
        });
        tally.Add("faults", faults);
        Assert.InRange(faults, 1, 100_000);
        if (every == 1) Assert.InRange(faults, 5, 100_000);
    }

    private static Task<int> CreateAsync(int first, int every) => AtOperationsAsync(
        first,
        every,
        () => Task.FromResult(new SimulatedFiles()),
        files => LiteDbJournal.Open(files).DisposeAsync().AsTask(),
        async files =>
        {
            await using var journal = LiteDbJournal.Open(files);
            Assert.Equal(0, journal.Head.Position);
            await journal.Append(Samples.Entry("s"));
        });

    private static async Task<int> CopyAsync(int first, int every)
    {
        var source = await FilledAsync();
        List<TransferItem> items = [.. LiteDbFiles.Read(source)];
        return await AtOperationsAsync(
            first,
            every,
            () => Task.FromResult(new SimulatedFiles()),
            files => Task.Run(() => LiteDbFiles.Write(files, items)),
            async files =>
            {
                if (!files.Exists(FileRole.Data)) LiteDbFiles.Write(files, items);
                await IsWholeAsync(files);
            });
    }

    private static async Task<int> BackupAsync(int first, int every)
    {
        var source = await FilledAsync();
        await using var journal = LiteDbJournal.Open(source);
        var faults = await AtOperationsAsync(
            first,
            every,
            () => Task.FromResult(new SimulatedFiles()),
            files => journal.BackupAsync(files),
            async files =>
            {
                if (!files.Exists(FileRole.Data)) await journal.BackupAsync(files);
                await IsWholeAsync(files);
            });
        await journal.Append(Samples.Entry("s"));
        return faults;
    }

    /// <summary>Does something whose operations fail, one each time, until none does; then the device is well again. Tells how many
    /// failed.</summary>
    private static async Task<int> AtOperationsAsync(
        int first, int every, Func<Task<SimulatedFiles>> make, Func<SimulatedFiles, Task> action, Func<SimulatedFiles, Task> check)
    {
        var (failed, faults) = (true, 0);
        for (var number = first; failed; number += every)
        {
            var files = await make();
            var left = number;
            files.Fails = _ => --left == 0 ? Failure : null;
            var thrown = await Record.ExceptionAsync(() => action(files));
            failed = left <= 0;
            if (failed) faults++;
            files.Fails = _ => null;
            if (thrown is not null) Assert.IsAssignableFrom<JournalException>(thrown);
            await check(new SimulatedFiles(files.Contents()));
        }

        // What LiteDB leaves of an engine that failed must not end the process when it is collected.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return faults;
    }

    private static async Task<SimulatedFiles> FilledAsync()
    {
        var files = new SimulatedFiles();
        await using var journal = LiteDbJournal.Open(files);
        for (var step = 0; step < 5; step++) await journal.Append(Samples.Entry("s"), Samples.Entry("t"));
        await journal.DeleteToAsync(StreamId.Create("s"), 4);
        return files;
    }

    private static async Task IsWholeAsync(SimulatedFiles files)
    {
        await using (var journal = LiteDbJournal.Open(files))
        {
            Assert.Equal(10, journal.Head.Position);
            Assert.Equal(6, journal.ReadAll().Count());
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
    }
}
