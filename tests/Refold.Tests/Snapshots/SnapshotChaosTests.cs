// The whole library works the same whatever becomes of its snapshots, as long as the history is whole.
// Run by `dotnet test` in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Snapshots;

public class SnapshotChaosTests(ITestOutputHelper output)
{
    [Fact]
    public Task WhateverBecomesOfTheSnapshots_EveryAnswerAndEveryEntryIsTheSame() => RunSuites.Snapshots.HoldsAsync(output);
}
