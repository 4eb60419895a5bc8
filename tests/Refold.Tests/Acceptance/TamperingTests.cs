// A flipped bit in a recorded journal: never a clean answer, never a wrong entry.
// Run by `dotnet test`; prints its seed.
using System.Diagnostics;
using System.Globalization;
using Refold.Cli.Demo;
using Refold.Tests.Tool;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Acceptance;

public class TamperingTests(ITestOutputHelper output)
{
    private const int Flips = 6;

    [Fact]
    public void FlippedBit_IsNamed_AndEveryReadRefusesOrIsRight()
    {
        ulong seed = (ulong)Stopwatch.GetTimestamp();
        output.WriteLine($"Seed: {seed.ToString(CultureInfo.InvariantCulture)}");
        var random = SeededRng.FromSeed(seed);
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(60));
        RefoldProcess.Run("record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "42", "--journal", directory.Journal()).Expect(0);
        string right = RefoldProcess.Run("export", "--journal", directory.Journal()).Expect(0).Output;
        string segment = Directory.EnumerateFiles(directory.File("journal"), "*.seg").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        int used = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        for (int flip = 0; flip < Flips; flip++)
        {
            // The last one in the last tenth, where it may be torn instead of corrupt.
            int offset = flip == Flips - 1 ? random.Between(used - (used / 10), used - 1) : random.Between(0, used / 2);
            byte[] bent = [.. bytes];
            bent[offset] ^= (byte)(1 << random.Between(0, 7));
            File.WriteAllBytes(segment, bent);

            string verified = RefoldProcess.Run("verify", "--json", "--journal", directory.Journal()) is var result && offset < used / 2 ? result.Expect(1).Output : result.Output;
            Assert.NotEqual(0, result.ExitCode);
            if (result.ExitCode == 1)
                Assert.Contains(Path.GetFileName(segment), verified, StringComparison.Ordinal);
            foreach (string line in (string[])["export", "read --stream dispatch", "streams", "replay", "state --stream dispatch"])
            {
                var read = RefoldProcess.Run([.. line.Split(' '), "--journal", directory.Journal()]);
                Assert.True(read.ExitCode is 0 or 1 or 3, read.ToString());
                if (line == "export")
                    Assert.StartsWith(read.Output, right, StringComparison.Ordinal);
            }

            // Looking healed nothing.
            Assert.Equal(bent, File.ReadAllBytes(segment));
        }
    }
}
