// The segment journal against the journal in memory: the same calls, the same answers, also after opening again.
// Run by `dotnet test`; the seed stands in the message.
using Xunit;
namespace Refold.Segments.Tests;

public class SegmentModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task EveryCall_IsAnsweredAsInMemory(ulong seed)
    {
        var device = new MemoryDevice();
        await RandomCalls.RunAsync(() => SegmentJournal.Open(device, Samples.Small), seed, steps: 80);
        Assert.True(SegmentVerification.Of(device).Ok);
    }
}
