// Checkpoints of consumers in files, through power cuts: what a save answered is there, or something that was saved later.
// Run by `dotnet test`; FlushControlTests takes the flushes out.
using Xunit;

namespace Refold.Segments.Tests;

public class DirectoryCheckpointTests
{
    private const string Consumer = "search";

    [Fact]
    public Task SavesThatWereAnswered_AreThereAfterAPowerCut() => SaveAsync(_ => { });

    /// <summary>Power cuts after saves, on a device made ready.</summary>
    internal static async Task SaveAsync(Action<SimulatedDevice> prepare)
    {
        // A single save: nothing is let go after it, so nothing else makes its name durable.
        var first = new SimulatedDevice(0);
        prepare(first);
        Assert.True(await new DirectoryCheckpointStore(first).TrySaveAsync(Of(1), null));
        await JudgeAsync(first.AfterCrash(Keep.None), 1);
        for (var seed = 0UL; seed < 10; seed++)
        {
            var device = new SimulatedDevice(seed);
            prepare(device);
            var store = new DirectoryCheckpointStore(device);
            var answered = 1 + (long)(seed % 4);
            ConsumerCheckpoint? before = null;
            for (var number = 1; number <= answered; number++)
            {
                Assert.True(await store.TrySaveAsync(Of(number), before));
                before = Of(number);
            }

            await JudgeAsync(device.AfterCrash(Keep.Random(seed)), answered);
            await JudgeAsync(device.AfterCrash(Keep.None), answered);
        }
    }

    private static ConsumerCheckpoint Of(long position) =>
        new(Consumer, "region", new Head(position, Hash.Compute(BitConverter.GetBytes(position))), IsStarted: true);

    private static async Task JudgeAsync(SimulatedDevice device, long answered)
    {
        ConsumerCheckpoint? found;
        try
        {
            found = await new DirectoryCheckpointStore(device).FindAsync(Consumer);
        }
        catch (JournalException unreadable)
        {
            throw new CrashViolationException("The checkpoint cannot be read: " + unreadable.Message + "\n" + device.Story());
        }

        if (found != Of(answered)) throw new CrashViolationException($"{answered} was saved, {found} is there.\n" + device.Story());
    }
}
