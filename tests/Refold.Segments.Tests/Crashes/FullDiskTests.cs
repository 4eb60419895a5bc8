// A disk that fills up: nothing is appended, nothing acknowledged is lost, and the same process goes on when there is room.
// Run by `dotnet test`; FlushControlTests use the scenario too.
using Xunit;

namespace Refold.Segments.Tests;

public class FullDiskTests
{
    private const int Room = 60_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task AFullDisk_AppendsNothing_AndTheSameProcessGoesOnWhenThereIsRoom(bool allocatesAtFlush) =>
        FillAsync(device => device.AllocatesAtFlush = allocatesAtFlush);

    /// <summary>Fills a device, makes room, goes on, crashes.</summary>
    internal static async Task FillAsync(Action<SimulatedDevice> prepare)
    {
        var oracle = new CrashOracle(CrashStore.Open);
        var device = new SimulatedDevice(1) { Capacity = Room };
        prepare(device);
        await using var journal = (await oracle.OpenAsync(device))!;
        for (var round = 0; round < 3; round++)
        {
            AppendResult? answer;
            var appended = 0;
            while ((answer = await oracle.AppendAsync(journal, CrashStore.Batch("s", 2, 100), device)) is AppendResult.Appended)
                Assert.InRange(++appended, 1, 100);
            Require(
                answer is AppendResult.NotAppended { Failure: AppendFailure.NoRoom }, device, $"a full disk was answered with {answer}");
            Require(
                await oracle.AppendAsync(journal, CrashStore.Batch("s", 20, 100), device) is AppendResult.NotAppended
                {
                    Failure: AppendFailure.NoRoom
                },
                device, "a full disk takes more");
            await using (await oracle.Copy().OpenAsync(device.AfterCrash(Keep.Random((ulong)round))))
            {
                // Judged by being opened.
            }

            device.Capacity += Room;
        }

        Require(
            await oracle.AppendAsync(journal, CrashStore.Batch("s", 20, 100), device) is AppendResult.Appended, device,
            "it does not go on although there is room");
        await using var survivor = await oracle.OpenAsync(device.AfterCrash(Keep.None));
        Assert.Equal(journal.Head, survivor!.Head);
    }

    private static void Require(bool holds, SimulatedDevice device, string violation)
    {
        if (!holds) throw new CrashViolationException(violation + "\n" + device.Story());
    }
}
