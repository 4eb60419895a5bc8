// The negative control: a plain LiteDB with its own log over the same simulated files. The simulator must
// find that it loses what it committed.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class StockLogTests(ITestOutputHelper output)
{
    private const int Commits = 60;
    private const int Cuts = 40;

    [Theory]
    [MemberData(nameof(Losses.OfPower), MemberType = typeof(Losses))]
    internal void Line2_Control_TheStockLog_LosesWhatItCommitted(Loss loss)
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var files = new SimulatedFiles();
        var acknowledged = Commit(files);
        var lost = Enumerable.Range(0, Cuts).Count(_ =>
        {
            var operations = random.Next(files.Count / 4, files.Count + 1);
            return Count(files.Crash(operations, loss, random)) is not { } found || found < acknowledged.Count(item => item <= operations);
        });
        output.WriteLine($"seed {seed}: {lost} of {Cuts} cuts lost something");
        Assert.NotEqual(0, lost);
    }

    [Fact]
    public void Line2_Control_AKill_LosesNothingOfTheStockLog()
    {
        var files = new SimulatedFiles();
        var acknowledged = Commit(files);
        Assert.Equal(acknowledged.Count, Count(files.Crash(files.Count, Loss.Kill, new Random(0))));
    }

    /// <summary>Behind how many operations each commit was answered.</summary>
    private static List<int> Commit(SimulatedFiles files)
    {
        var acknowledged = new List<int>();
        using var engine = StockEngine.Open(files);
        for (var number = 0; number < Commits; number++)
        {
            engine.Insert("e", [new BsonDocument { ["_id"] = number, ["d"] = new byte[2000] }], BsonAutoId.Int32);
            acknowledged.Add(files.Count);
            if (number % 20 == 19) engine.Checkpoint();
        }

        return acknowledged;
    }

    /// <summary>How many documents can be read; null where the database cannot be.</summary>
    private static int? Count(SimulatedFiles files) => files.Exists(FileRole.Data) ? StockEngine.Read(files, "e").Numbers?.Count : null;
}
