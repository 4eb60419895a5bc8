// A flipped bit in a recorded journal: never a clean answer, never a wrong entry.
// Run by `dotnet test`; prints its seed.
using System.Diagnostics;
using System.Globalization;
using Refold.Cli.Demo;
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
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "42", "--journal",
            directory.Journal()).Expect(0);
        HashSet<string> rightLines = [.. RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0).Lines];
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

            var first = RefoldTool.Run("verify", "--json", "--journal", directory.Journal()).Expect(1).Json.GetProperty("first");
            Assert.Contains(Path.GetFileName(segment), first.GetProperty("file").GetString(), StringComparison.Ordinal);
            // The frame or the checksum that is wrong, which is near: no frame here is as large.
            Assert.InRange(first.GetProperty("offset").GetInt64(), offset - 4096, offset + 4096);
            foreach (string line in (string[])["export", "read --stream dispatch", "streams", "replay", "state --stream dispatch"])
            {
                var read = RefoldTool.Run([.. line.Split(' '), "--journal", directory.Journal()]);
                if (offset < used / 2)
                    read.Expect(3);
                if (line.StartsWith("export", StringComparison.Ordinal) || line.StartsWith("read", StringComparison.Ordinal))
                    Assert.Subset(rightLines, read.Lines.ToHashSet());
            }

            // Looking healed nothing.
            Assert.Equal(bent, File.ReadAllBytes(segment));
        }
    }
}
