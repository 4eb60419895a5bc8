// SIGKILL at random moments of an import: what was acknowledged is there, and the next import goes on.
// Run by `dotnet test` in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Acceptance;

public class KilledImportTests(ITestOutputHelper output)
{
    [Fact]
    public Task WhateverWasAcknowledged_IsThere_AndTheNextImportGoesOn() => ToolSuites.ImportKills.HoldsAsync(output);
}
