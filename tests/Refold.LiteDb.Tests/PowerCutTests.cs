// Power cuts at any operation: nothing acknowledged is lost, the journal opens, verifies and goes on; and the control, in which it is lost.
// Run by `dotnet test`; REFOLD_LITEDB_CUTS and REFOLD_LITEDB_CHAINS set how many of each kind, REFOLD_LITEDB_SEED what is drawn.
using System.Globalization;
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class PowerCutTests(ITestOutputHelper output)
{
    private const int CutsOfOneWorkload = 20;
    private const int CrashesInARow = 20;

    private static int Cuts { get; } = Number("REFOLD_LITEDB_CUTS", 400);

    private static int Chains { get; } = Number("REFOLD_LITEDB_CHAINS", 2);

    private static int Seed { get; } = Number("REFOLD_LITEDB_SEED", Random.Shared.Next());

    [Theory]
    [MemberData(nameof(Losses.All), MemberType = typeof(Losses))]
    internal async Task Line2_APowerCut_LosesNothingAcknowledged(Loss loss)
    {
        var (lost, example) = await RunAsync(loss, neverFlushed: null, Cuts);
        Assert.True(lost == 0, example);
    }

    [Theory]
    [MemberData(nameof(Losses.All), MemberType = typeof(Losses))]
    internal async Task Line2_TwentyCrashesInARow_LoseNothingAcknowledged(Loss loss)
    {
        output.WriteLine($"{Chains} chains of kind {loss}, REFOLD_LITEDB_SEED={Seed}");
        for (var chain = 0; chain < Chains; chain++)
        {
            var random = new Random(unchecked(Seed + 97 * chain + (int)loss));
            var files = new SimulatedFiles();
            await using var workload = new Workload(random);
            for (var crash = 0; crash < CrashesInARow; crash++)
            {
                await workload.RunAsync(files, count: 8);
                var operations = random.Next(random.Next(3) == 0 ? 0 : files.Count / 2, files.Count + 1);
                files = files.Crash(operations, loss, random);
                while (random.Next(2) == 0) files = await workload.CrashAgainAsync(files, loss);
                var wrong = await workload.JudgeAsync(files, operations, goesOn: true);
                Assert.True(wrong is null, $"REFOLD_LITEDB_SEED={Seed}, chain {chain}, crash {crash}: {wrong}");
                files = new SimulatedFiles(files.Contents());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Losses.OfPower), MemberType = typeof(Losses))]
    internal async Task Line2_Control_WithoutFlushesOfTheLog_TheSimulatorFindsTheLoss(Loss loss)
    {
        var (lost, example) = await RunAsync(loss, FileRole.Log, CutsOfOneWorkload);
        output.WriteLine($"{lost} of {CutsOfOneWorkload}: {example}");
        Assert.NotEqual(0, lost);
    }

    private async Task<(int Lost, string Example)> RunAsync(Loss loss, FileRole? neverFlushed, int cuts)
    {
        var (lost, example) = (0, "");
        output.WriteLine($"{cuts} cuts of kind {loss}, REFOLD_LITEDB_SEED={Seed}");
        for (var done = 0; done < cuts; done += CutsOfOneWorkload)
        {
            var random = new Random(unchecked(Seed + 31 * done + (int)loss));
            var files = new SimulatedFiles { NeverFlushed = neverFlushed };
            await using var workload = new Workload(random);
            await workload.RunAsync(files, count: 25);
            for (var cut = 0; cut < CutsOfOneWorkload; cut++)
            {
                var operations = random.Next(files.Count + 1);
                if (await workload.JudgeAsync(files.Crash(operations, loss, random), operations) is not { } wrong) continue;
                lost++;
                example = $"REFOLD_LITEDB_SEED={Seed}, workload {done / CutsOfOneWorkload}, behind operation {operations} of {files.Count}: {wrong}";
            }
        }

        return (lost, example);
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
