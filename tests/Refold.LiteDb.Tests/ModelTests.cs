// The LiteDB journal against the journal in memory: the same calls, the same answers, also after opening again.
// Run by `dotnet test`; the seed stands in the message.
using Xunit;

namespace Refold.LiteDb;

public class ModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task EveryCall_IsAnsweredAsInMemory(ulong seed)
    {
        var files = new SimulatedFiles();
        // Places in memory, in the documents of their names, and in pieces.
        var places = seed % 2 == 0 ? new PlaceLimits() : Workload.Places;
        await RandomCalls.RunAsync(() => LiteDbJournal.Open(files, places: places), seed, steps: 80);
        Assert.Null(LiteDbJournal.Verify(files).First);
    }
}
