// Power cuts at any operation of a LiteDB journal: nothing acknowledged is lost, the journal opens, verifies and goes on.
// Run by LiteDbSuites; PowerCutTests uses the control too.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.Suites;

internal static class PowerCuts
{
    /// <summary>How many cuts one workload gets.</summary>
    public const int Cuts = 20;

    /// <summary>The kind of loss of a seed.</summary>
    public static Loss Of(ulong seed) => Losses.Kinds[(int)(seed % (ulong)Losses.Kinds.Count)];

    /// <summary>A workload, and power cuts in it, each judged.</summary>
    /// <param name="seed">Names what is drawn, and the kind of loss.</param>
    /// <param name="neverFlushed">A file whose flushes do nothing; null: none.</param>
    /// <returns>How many cuts lost something, and what one of them says.</returns>
    public static async Task<(int Lost, string Example)> RunAsync(ulong seed, FileRole? neverFlushed)
    {
        var (lost, example) = (0, "");
        var random = SeededRng.FromSeed(seed).AsRandom();
        var files = new SimulatedFiles { NeverFlushed = neverFlushed };
        await using var workload = new Workload(random);
        await workload.RunAsync(files, count: 25);
        for (var cut = 0; cut < Cuts; cut++)
        {
            var operations = random.Next(files.Count + 1);
            if (await workload.JudgeAsync(files.Crash(operations, Of(seed), random), operations) is not { } wrong) continue;
            lost++;
            example = $"{Of(seed)} behind operation {operations} of {files.Count}: {wrong}";
        }

        return (lost, example);
    }

    /// <summary>The same, and nothing is lost.</summary>
    public static async Task CutAsync(Tally tally, ulong seed)
    {
        var (lost, example) = await RunAsync(seed, neverFlushed: null);
        tally.Add("cuts", Cuts);
        Assert.True(lost == 0, example);
    }

    /// <summary>A workload that goes on over crash after crash, some while it is being opened.</summary>
    public static async Task ChainAsync(Tally tally, ulong seed, int crashes)
    {
        var (random, loss, files) = (SeededRng.FromSeed(seed).AsRandom(), Of(seed), new SimulatedFiles());
        await using var workload = new Workload(random);
        for (var crash = 0; crash < crashes; crash++)
        {
            await workload.RunAsync(files, count: 8);
            var operations = random.Next(random.Next(3) == 0 ? 0 : files.Count / 2, files.Count + 1);
            files = files.Crash(operations, loss, random);
            while (random.Next(2) == 0) files = await workload.CrashAgainAsync(files, loss);
            var wrong = await workload.JudgeAsync(files, operations, goesOn: true);
            Assert.True(wrong is null, $"{loss}, crash {crash}: {wrong}");
            files = new SimulatedFiles(files.Contents());
            tally.Add("crashes");
        }
    }
}
