// Edited exports of recorded runs never match in silence. The short form of the suite; the long one is a soak.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Runs;

public sealed class EditedRunTests(ITestOutputHelper output)
{
    [Fact]
    public Task AnEditedRun_NeverMatchesWithoutAFindingThatNamesTheEntry_AndAnHonestOneIsNeverAccused() =>
        RunSuites.Edits.HoldsAsync(output);

    [Fact]
    public Task AnEditedRunWithOperations_NeverMatchesInItsReplay_AndAnHonestOneIsNeverAccused() =>
        RunSuites.EditedOperations.HoldsAsync(output);
}
