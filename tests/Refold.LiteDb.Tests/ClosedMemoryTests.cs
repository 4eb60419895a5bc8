// What is closed is let go: nothing of a journal stays in memory because of the threads that used it.
// Run by `dotnet test`.
using System.Runtime.CompilerServices;
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.LiteDb;

public class ClosedMemoryTests
{
    [Fact]
    public async Task AJournalThatWasClosed_IsCollected_ThoughItsThreadLives()
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        await journal.Append(Samples.Entry("s"));
        // As a killed process leaves it: opening brings the log into the data file.
        var killed = files.Contents();
        await journal.DisposeAsync();
        List<WeakReference> closed = [OpenAndClose(killed), OpenAndClose(killed)];
        for (var round = 0; round < 10 && closed.Exists(item => item.IsAlive); round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.DoesNotContain(closed, item => item.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference OpenAndClose(Dictionary<FileRole, byte[]> contents)
    {
        var files = new SimulatedFiles(contents);
        using var database = Database.Open(files, readOnly: false);
        database.Checkpoint();
        return new WeakReference(files);
    }
}
