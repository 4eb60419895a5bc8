// The samples as programs.
// Run by `dotnet test`.
using System.Diagnostics;
using Xunit;

namespace Refold.Tests.Runs;

public class SampleTests
{
    [Fact]
    public async Task Orders_RecordsVerifiesAndShowsTheDifference()
    {
        using var sample = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Orders.dll")])
        {
            RedirectStandardOutput = true,
        })!;
        var output = await sample.StandardOutput.ReadToEndAsync();
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        await sample.WaitForExitAsync();

        Assert.Equal(0, sample.ExitCode);
        Assert.Equal("accepted: Placed { Sku = sku, Quantity = 1 }; version 1", lines[0]);
        Assert.Equal("refused: AlreadyPlaced; version 1", lines[1]);
        Assert.StartsWith("accepted: Won", lines[2], StringComparison.Ordinal);
        Assert.Contains("matches", lines[3], StringComparison.Ordinal);
        Assert.Equal(["position 7, stream 'order/42' version 2", "/data/Points: payload"], lines[4..6]);
        Assert.StartsWith("expected ", lines[6], StringComparison.Ordinal);
    }
}
