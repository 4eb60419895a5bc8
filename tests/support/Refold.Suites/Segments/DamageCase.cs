// A device that damages or loses what it had flushed: refused, naming the place; never a wrong entry, never a hidden loss.
// Run by SegmentSuites.
using Xunit;

namespace Refold.Suites;

internal static class DamageCase
{
    private const int Sector = 512;

    /// <summary>A crash, then twelve damages of what it left, each judged.</summary>
    public static async Task RunAsync(Tally tally, ulong seed)
    {
        var rng = SeededRng.FromSeed(seed);
        var (oracle, stopped) = await CrashStore.Simulation().RunAsync(CrashWorkload.Draw(rng, 12), seed, rng.Between(15, 200), null);
        var left = stopped.AfterCrash(Keep.Random(seed));
        // What is judged here is damage, so the crash is judged and settled before.
        SimulatedDevice[] lives;
        await using (var journal = await oracle.OpenAsync(left))
        {
            Assert.IsType<AppendResult.Appended>(await oracle.AppendAsync(journal!, CrashStore.Batch("after", 1), left));
            // Killed, COMMIT names the last frame; after a power cut it lags; closed, it names the last frame again.
            lives = [left.AfterKill(), left.AfterCrash(Keep.None)];
        }

        lives = [.. lives, left];
        for (var count = 0; count < 12; count++)
        {
            var device = lives[count % 3].AfterKill();
            var inLastFlush = Damage(device, rng);
            tally.Add(await oracle.RefusesAsync(device, inLastFlush && count % 3 == 1) ? "refused" : "taken");
        }
    }

    /// <summary>Damages something, and says whether it lies in the very last flush.</summary>
    private static bool Damage(SimulatedDevice device, SeededRng rng)
    {
        var files = device.Image().Where(file => file.Value.Length > 0).ToList();
        var (name, bytes) = rng.Pick(files);
        switch (rng.Between(0, 3))
        {
            case 0:
                device.LoseFile(name);
                return false;
            case 1:
                var start = rng.Between(0, (bytes.Length - 1) / Sector) * Sector;
                var inLast = device.InLastFlush(name, start, Math.Min(Sector, bytes.Length - start));
                device.Zero(name, start, Sector);
                return inLast > 0;
            default:
                var offset = rng.Between(0, bytes.Length - 1);
                device.FlipBit(name, offset, rng.Between(0, 7));
                return device.InLastFlush(name, offset, 1) > 0;
        }
    }
}
