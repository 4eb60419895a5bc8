// A reader in another process: opens the store for reading beside its writer, and looks while operations are under way.
// Used by CrashRun and CrashSimulation.
using Refold.Segments;

namespace Refold.Testing;

/// <summary>One reader after the other, as processes come and go.</summary>
/// <param name="open">Opens the store for reading.</param>
internal sealed class OutsideReader(Func<IStorageDevice, ILocalJournal> open)
{
    // Most go on from what they have; each so often one begins anew.
    private const int LooksOfOne = 4;

    private ILocalJournal? reader;
    private int looks;
    private SimulatedDevice? under;
    private CrashViolationException? wronged;

    /// <summary>Looks at the head, and tells the oracle.</summary>
    public void Look(CrashOracle oracle, SimulatedDevice device)
    {
        if (wronged is not null || device.HasStopped) return;
        var faults = device.FaultCount;
        try
        {
            if (under != device || looks++ % LooksOfOne == 0) (reader, under) = (null, device);
            reader ??= open(device);
            oracle.Saw(reader.Head);
        }
        catch (JournalOpenException)
        {
            // There is no journal yet, or the device has stopped meanwhile.
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            // Kept: whoever looks is inside an operation of the store, which must not see it.
            if (!device.HasStopped && device.FaultCount == faults) wronged = Violation(device, exception);
        }
    }

    /// <summary>Reads everything that is left after a crash, before the store is opened for writing.</summary>
    public async Task LookOnceAsync(CrashOracle oracle, SimulatedDevice device)
    {
        try
        {
            await using var journal = open(device);
            oracle.Saw(journal.Head);
            _ = journal.ReadAll().Count();
        }
        catch (JournalOpenException)
        {
            // There is no journal yet.
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            throw Violation(device, exception);
        }
    }

    public void ThrowIfWronged()
    {
        if (wronged is not null) throw wronged;
    }

    public async ValueTask CloseAsync()
    {
        if (reader is not null) await reader.DisposeAsync();
        (reader, under) = (null, null);
    }

    private static CrashViolationException Violation(SimulatedDevice device, Exception exception) =>
        new("a reader in another process failed: " + exception.Message + "\n" + device.Story(), exception);
}
