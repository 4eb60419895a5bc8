// Proofs over random histories: appends, restores, deletions, compactions, crashes, copies.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class RandomProofTests(ITestOutputHelper output)
{
    [Fact]
    public Task WhateverHappensToAJournal_ItsProofsHold_AndItsRefusalsAreDue() => ProofSuites.RandomProofs.HoldsAsync(output);

    [Fact]
    public Task ADamagedJournal_ProvesNothingThatNeverWas() => ProofSuites.DamagedProofs.HoldsAsync(output);
}
