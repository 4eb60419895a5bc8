// Power cuts at any operation: nothing acknowledged is lost, the journal opens, verifies and goes on; and the control, in which it is lost.
// Run by `dotnet test` in the short form; Soak has the long one.
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class PowerCutTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(Losses.All), MemberType = typeof(Losses))]
    internal Task Line2_APowerCut_LosesNothingAcknowledged(Loss loss) => LiteDbSuites.Cuts.HoldsAsync(output, Losses.Kinds, loss);

    [Theory]
    [MemberData(nameof(Losses.All), MemberType = typeof(Losses))]
    internal Task Line2_CrashesInARow_LoseNothingAcknowledged(Loss loss) =>
        LiteDbSuites.Chains.HoldsAsync(output, Losses.Kinds, loss);

    [Theory]
    [MemberData(nameof(Losses.OfPower), MemberType = typeof(Losses))]
    internal async Task Line2_Control_WithoutFlushesOfTheLog_TheSimulatorFindsTheLoss(Loss loss)
    {
        // The remainder of a seed chooses the kind.
        var (lost, example) = await PowerCuts.RunAsync(
            (ulong)(Random.Shared.Next(1_000_000) * Losses.Kinds.Count + Losses.Kinds.ToList().IndexOf(loss)), FileRole.Log);
        output.WriteLine($"{lost} of {PowerCuts.Cuts}: {example}");
        Assert.NotEqual(0, lost);
    }
}
