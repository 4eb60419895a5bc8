// What a proof reads of a journal of a thousand batches and of a hundred thousand: bytes of segments, counted; never time.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class ProofCostTests(ITestOutputHelper output)
{
    /// <summary>A hundred times as many batches have seven doublings more: of pages that are asked, and of segments to find.</summary>
    [Fact]
    public async Task AProof_ReadsWithTheLogarithm()
    {
        var costs = new List<(long Bytes, long Reads)>();
        foreach (var batches in new[] { 1000, 100_000 })
        {
            var device = new MemoryDevice();
            await using (var filling = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 65_536 } }))
            {
                for (var number = 0; number < batches; number++)
                    await filling.AppendAsync(new AppendRequest(Samples.Entry("s" + (number % 50))));
            }

            var (bytes, reads) = (0L, 0L);
            var options = Samples.ReadOnly.With(s => s with { IndexCacheBytes = SegmentJournal.MinIndexCacheBytes, Reads = Reads.Copied });
            await using var journal = SegmentJournal.Open(
                new WatchedDevice(device, (_, _, length) => (bytes, reads) = (bytes + length, reads + 1)), options);
            (bytes, reads) = (0, 0);
            const int Proofs = 40;
            for (var number = 0; number < Proofs; number++)
            {
                _ = journal.InclusionProof(1 + (number * 7919L % batches));
                _ = journal.ConsistencyProof(1 + (number * 104_729L % batches));
            }

            output.WriteLine($"{batches} batches: {bytes / (2 * Proofs)} bytes in {reads / (2 * Proofs)} reads a proof");
            costs.Add((bytes / (2 * Proofs), reads / (2 * Proofs)));
        }

        Assert.True(costs[1].Bytes <= 10 * costs[0].Bytes, $"{costs[0].Bytes} bytes, then {costs[1].Bytes}");
        Assert.True(costs[1].Reads <= 10 * costs[0].Reads, $"{costs[0].Reads} reads, then {costs[1].Reads}");
    }
}
