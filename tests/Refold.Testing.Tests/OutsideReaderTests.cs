// The simulator's reader in another process: it notices a reader that sees what is not flushed, and one that fails.
// Run by `dotnet test`; that the segment journal's own readers do neither, every crash test shows.
using Refold.Segments;
using Xunit;

namespace Refold.Testing.Tests;

public class OutsideReaderTests
{
    private static readonly CrashStep[] Steps =
    [
        .. Enumerable.Range(1, 6).Select(number => new CrashStep.Append(CrashStore.Batch("s", 2, number)))
    ];

    private static CrashSimulation Simulation(Func<IStorageDevice, ILocalJournal> openForReading) =>
        new(CrashStore.Open) { OpenForReading = openForReading };

    /// <summary>Believes whatever lies in memory: COMMIT, which says how far it may, is taken away.</summary>
    private static ILocalJournal OpenUnconfirmed(IStorageDevice device)
    {
        var image = ((SimulatedDevice)device).AfterKill();
        image.Delete("COMMIT");
        return CrashStore.OpenForReading(image);
    }

    [Fact]
    public async Task AReaderOfWhatIsNotFlushed_IsCaught()
    {
        var violation = await Assert.ThrowsAsync<CrashViolationException>(() => Simulation(OpenUnconfirmed).EnumerateAsync(Steps, 1));
        Assert.Contains("a reader saw the head", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReaderThatFails_IsCaught()
    {
        static ILocalJournal Open(IStorageDevice device)
        {
            var journal = CrashStore.OpenForReading(device);
            return journal.Head.Position == 6 ? throw new JournalCorruptedException("a file", 1, "a field", "this", "that") : journal;
        }

        var violation = await Assert.ThrowsAsync<CrashViolationException>(() => Simulation(Open).EnumerateAsync(Steps, 1));
        Assert.Contains("a reader in another process failed", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReaderThatSeesWhatIsFlushed_IsRight() =>
        Assert.True(await Simulation(CrashStore.OpenForReading).EnumerateAsync(Steps, 1) > 40);
}
