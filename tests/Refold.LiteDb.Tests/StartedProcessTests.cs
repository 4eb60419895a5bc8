// A journal that was closed can be opened at once, though processes are being started meanwhile: none of them keeps its lock.
// Run by `dotnet test`.
using System.Diagnostics;
using Xunit;

namespace Refold.LiteDb;

public class StartedProcessTests
{
    [Fact]
    public async Task AJournalThatWasClosed_IsOpenedAtOnce_WhileProcessesAreStarted()
    {
        using var directory = new TemporaryDirectory();
        using var ended = new CancellationTokenSource();
        var starting = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                using var process = Process.Start(new ProcessStartInfo("true") { UseShellExecute = false })!;
                process.WaitForExit();
            }
        });
        try
        {
            for (var round = 0; round < 100; round++)
            {
                await using var journal = LiteDbJournal.Open(directory.File("journal.db"));
                Assert.Equal(0, journal.Head.Position);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await starting;
        }
    }
}
