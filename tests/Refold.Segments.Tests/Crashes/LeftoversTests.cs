// What a torn tail held is kept for people before it is overwritten.
// Run by `dotnet test`; FlushControlTests use the scenario too.
using Xunit;

namespace Refold.Segments.Tests;

public class LeftoversTests
{
    [Fact]
    public Task LeftoversOfATornTail_AreDurableInTheirOwnFile_BeforeTheyAreOverwritten() => CutAsync(_ => { });

    /// <summary>Tears a tail, then crashes at every operation of the opening that heals it.</summary>
    internal static async Task CutAsync(Action<SimulatedDevice> prepare)
    {
        var torn = await TornAsync(prepare);
        var tail = TailOf(torn);
        Assert.NotEmpty(tail);
        for (var operation = torn.OperationCount; ; operation++)
        {
            var device = torn.AfterKill();
            device.CrashAt = operation;
            try
            {
                await CrashStore.Open(device).DisposeAsync();
            }
            catch (JournalOpenException) when (device.HasStopped)
            {
                // As planned.
            }

            foreach (var keep in new[] { Keep.None, Keep.Random((ulong)operation) })
            {
                var left = device.AfterCrash(keep);
                if (!left.Image().Any(file => Holds(file.Key, file.Value, tail)))
                    throw new CrashViolationException("The bytes of the torn tail are nowhere.\n" + left.Story());
            }

            if (!device.HasStopped) return;
        }
    }

    /// <summary>A journal whose last batch, which was not acknowledged, lost its first sector.</summary>
    private static async Task<SimulatedDevice> TornAsync(Action<SimulatedDevice> prepare)
    {
        var device = new SimulatedDevice(1);
        prepare(device);
        var journal = CrashStore.Open(device);
        await journal.AppendAsync(CrashStore.Batch("s", 1, 200));
        device.Begun = operation =>
        {
            if (operation.Kind == StorageOperationKind.Flush) device.CrashAt ??= operation.Index;
        };
        Assert.IsType<AppendResult.OutcomeUnknown>(await journal.TryAppendAsync(CrashStore.Batch("s", 1, 900)));
        await journal.DisposeAsync();
        var torn = device.AfterCrash(Keep.All);
        torn.Zero(Segment, SectorBytes, SectorBytes);
        return torn;
    }

    private const string Segment = "0000000000000001.0.seg";

    private const int SectorBytes = 512;

    private static byte[] TailOf(SimulatedDevice device)
    {
        var bytes = device.Image()[Segment];
        return bytes[..(bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1)][^600..];
    }

    private static bool Holds(string name, byte[] content, byte[] tail) =>
        (name == Segment || name.StartsWith("cut.", StringComparison.Ordinal)) && content.AsSpan().IndexOf(tail) >= 0;
}
