// A device that fails while a journal is made, compacted, copied or backed up: one clear exception,
// nothing half done under the journal's name.
// Run by `dotnet test`.
using Refold.LiteDb.Storage;
using Refold.Transfers;
using Xunit;

namespace Refold.LiteDb;

public class MaintenanceFaultTests
{
    private static readonly IOException Failure = new("The device failed (simulated).");

    [Fact]
    public async Task Line4_WhenTheNthOperationOfCreationFails_TheNextOpeningMakesTheJournal() => await AtEachOperation(
        () => Task.FromResult(new SimulatedFiles()),
        files => LiteDbJournal.Open(files).DisposeAsync().AsTask(),
        async files =>
        {
            await using var journal = LiteDbJournal.Open(files);
            Assert.Equal(0, journal.Head.Position);
            await journal.Append(Samples.Entry("s"));
        });

    [Fact]
    public async Task Line4_WhenTheNthOperationOfCompactionFails_TheJournalIsAsItWas() => await AtEachOperation(
        FilledAsync,
        files => Task.Run(() => LiteDbFiles.Compact(files)),
        IsWholeAsync);

    [Fact]
    public async Task Line4_WhenTheNthOperationOfACopyFails_ThereIsNoCopy_AndTheNextOneIsMade()
    {
        var source = await FilledAsync();
        List<TransferItem> items = [.. LiteDbFiles.Read(source)];
        await AtEachOperation(
            () => Task.FromResult(new SimulatedFiles()),
            files => Task.Run(() => LiteDbFiles.Write(files, items)),
            async files =>
            {
                if (!files.Exists(FileRole.Data)) LiteDbFiles.Write(files, items);
                await IsWholeAsync(files);
            });
    }

    [Fact]
    public async Task Line4_WhenTheNthOperationOfABackupFails_TheJournalGoesOn()
    {
        var source = await FilledAsync();
        await using var journal = LiteDbJournal.Open(source);
        await AtEachOperation(
            () => Task.FromResult(new SimulatedFiles()),
            files => journal.BackupAsync(files),
            async files =>
            {
                if (!files.Exists(FileRole.Data)) await journal.BackupAsync(files);
                await IsWholeAsync(files);
            });
        await journal.Append(Samples.Entry("s"));
    }

    /// <summary>Does something whose operations fail, each once; then the device is well again.</summary>
    private static async Task AtEachOperation(
        Func<Task<SimulatedFiles>> make, Func<SimulatedFiles, Task> action, Func<SimulatedFiles, Task> check)
    {
        var (failed, number) = (true, 1);
        for (; failed; number++)
        {
            var files = await make();
            var left = number;
            files.Fails = _ => --left == 0 ? Failure : null;
            var thrown = await Record.ExceptionAsync(() => action(files));
            failed = left <= 0;
            files.Fails = _ => null;
            if (thrown is not null) Assert.IsAssignableFrom<JournalException>(thrown);
            await check(new SimulatedFiles(files.Contents()));
        }

        Assert.InRange(number, 5, 100_000);
        // What LiteDB leaves of an engine that failed must not end the process when it is collected.
        GC.Collect();
        GC.WaitForPendingFinalizers();
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
