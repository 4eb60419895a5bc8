// A device that fails while a journal is made, compacted, copied or backed up: one clear exception,
// nothing half done under the journal's name.
// Run by `dotnet test` in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class MaintenanceFaultTests(ITestOutputHelper output)
{
    public static TheoryData<Maintenance> Kinds => [.. MaintenanceFaults.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Line4_WhenAnOperationFails_NothingIsHalfDone_AndTheNextOneIsDone(Maintenance kind) =>
        LiteDbSuites.MaintenanceFaults.HoldsAsync(output, MaintenanceFaults.Kinds, kind);
}
