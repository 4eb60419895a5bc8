// SIGKILL at random moments of a process that appends, deletes and takes snapshots: everything it said is so, and the next one goes on.
// Run by `dotnet test` in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class KilledProcessTests(ITestOutputHelper output)
{
    [Fact]
    public Task Line1_Kills_LoseNothingThatWasAnswered() => LiteDbSuites.Kills.HoldsAsync(output);
}
