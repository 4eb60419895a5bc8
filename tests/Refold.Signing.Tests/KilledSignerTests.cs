// Processes that sign are killed at any moment: what they signed is remembered by the next one, and no other history is signed.
// Run by `dotnet test`.
using System.Globalization;
using Xunit;

namespace Refold.Signing.Tests;

public sealed class KilledSignerTests : IDisposable
{
    private const int Kills = 12;

    private readonly TemporaryDirectory directory = new();

    private string Memory => directory.File("killed.memory");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task SignerThatIsKilled_HasRememberedEachOfItsSignatures_AndAnotherHistoryIsRefused()
    {
        FileSignerMemory.Create(Memory, SigningProcess.Origin).Dispose();
        var leaves = TreeOfLeaves.Leaves(SigningProcess.Batches, "ours");
        using var key = SigningProcess.Key();
        var random = new Random(7);
        long last = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var lines = await SignUntilKilledAsync("ours", random.Next(1, 25));
            Assert.NotEmpty(lines);
            foreach (var line in lines)
            {
                var signed = SignedCheckpoint.Parse(Convert.FromBase64String(line));
                Assert.True(signed.Verify(key.Key).Verified);
                var tree = signed.Checkpoint.Tree;
                // Each is the next one, or the one that was remembered and not signed.
                Assert.InRange(tree.Size, last + 1, last + 2);
                Assert.Equal(SigningProcess.At(leaves, tree.Size), tree);
                last = tree.Size;
            }

            using var memory = FileSignerMemory.Open(Memory);
            var remembered = (await memory.ReadAsync()).Tree;
            Assert.InRange(remembered.Size, last, last + 1);
            Assert.Equal(SigningProcess.At(leaves, remembered.Size), remembered);
        }

        Assert.Equal(["other-history"], await SignUntilKilledAsync("theirs", int.MaxValue));
    }

    [Fact]
    public async Task SecondProcessThatSigns_IsRefusedAsLongAsTheFirstOneLives()
    {
        FileSignerMemory.Create(Memory, SigningProcess.Origin).Dispose();
        using (var memory = FileSignerMemory.Open(Memory))
            Assert.Equal(["memory-in-use"], await SignUntilKilledAsync("ours", int.MaxValue));
        Assert.NotEmpty(await SignUntilKilledAsync("ours", 3));
        // A lock ends with its process.
        FileSignerMemory.Open(Memory).Dispose();
    }

    // What the process said, with what it said between the last line that was waited for and its end.
    private async Task<List<string>> SignUntilKilledAsync(string history, int count)
    {
        using var process = SigningProcess.Start(Memory, history);
        List<string> lines = [];
        while (lines.Count < count && await process.StandardOutput.ReadLineAsync() is { } line) lines.Add(line);
        process.Kill();
        var rest = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        // The last line may be cut.
        lines.AddRange(rest.Split('\n')[..^1]);
        Assert.True(lines.Count < SigningProcess.Batches, lines.Count.ToString(CultureInfo.InvariantCulture));
        return lines;
    }
}
