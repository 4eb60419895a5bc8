// A journal that was closed can be opened at once, though processes are being started meanwhile: none of them keeps its lock.
// Run by `dotnet test`.
using System.Diagnostics;
using Xunit;

namespace Refold.Segments.Tests;

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
            for (var round = 0; round < 300; round++)
            {
                await using var journal = SegmentJournal.Open(directory.Journal());
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
