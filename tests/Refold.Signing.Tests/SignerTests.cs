// The signer never signs two histories: what is signed goes on from what was signed last, whatever fails in between.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Signing.Tests;

public class SignerTests
{
    private const string Origin = "refold.example/orders";

    [Fact]
    public async Task Signer_GoesOnFromEachSizeToEachLargerOne()
    {
        for (var from = 0; from <= BatchTreeVectors.Size; from += 7)
        {
            for (var size = from; size <= BatchTreeVectors.Size; size += 5)
            {
                var memory = new InMemorySignerMemory(Origin, BatchTreeVectors.At(from));
                var signed = await new CheckpointSigner(BatchTreeVectors.Signer(), memory)
                    .SignAsync(BatchTreeVectors.At(size), BatchTreeVectors.ProveAsync);
                Assert.True(signed.Verify(BatchTreeVectors.Key).Verified);
                Assert.Equal(new RememberedTree(Origin, BatchTreeVectors.At(size)), await memory.ReadAsync());
            }
        }
    }

    [Fact]
    public async Task SmallerJournal_IsRefusedWithTheRemedy()
    {
        var (signer, memory) = Begun(BatchTreeVectors.At(50));
        var exception = await RefusedAsync(signer, BatchTreeVectors.At(49));
        Assert.Equal("behind-checkpoint", exception.Code);
        Assert.Equal((BatchTreeVectors.At(50), BatchTreeVectors.At(49)), (exception.Remembered, exception.Asked));
        Assert.Equal(
            "The journal has 49 batches, and 50 batches were signed for refold.example/orders: it is behind its own checkpoint, as one "
            + "that was put back from an older backup. Nothing is signed. Put back the journal that was signed; if that one is lost for "
            + "good, sign under a new origin, with a memory of its own, so that nobody takes two histories for one.",
            exception.Message);
        Assert.Equal("behind-checkpoint", (await RefusedAsync(signer, TreeHead.Empty)).Code);
        Assert.Equal(BatchTreeVectors.At(50), (await memory.ReadAsync()).Tree);
    }

    [Fact]
    public async Task SameSize_IsSignedAgainWithTheSameBytes_AndWithAnotherRootNever()
    {
        var (signer, _) = Begun(TreeHead.Empty);
        var first = await signer.SignAsync(BatchTreeVectors.At(50), BatchTreeVectors.ProveAsync);
        var second = await signer.SignAsync(BatchTreeVectors.At(50), NoProofAsync);
        Assert.Equal(first.ToArray(), second.ToArray());
        var exception = await RefusedAsync(signer, BatchTreeVectors.At(50) with { Root = Hash.Compute("other"u8) });
        Assert.Equal("other-history", exception.Code);
        Assert.Contains("new origin", exception.Message, StringComparison.Ordinal);
    }

    // Two journals that have the first batches in common, and no others.
    [Fact]
    public async Task LargerJournalOfAnotherHistory_IsRefused_WhateverProofItBrings()
    {
        Hash[] ours = TreeOfLeaves.Leaves(40, "ours"), theirs = [.. ours[..20], .. TreeOfLeaves.Leaves(40, "theirs")[20..]];
        for (var from = 1; from < 40; from++)
        {
            for (var size = from + 1; size <= 40; size++)
            {
                var (signer, memory) = Begun(TreeOfLeaves.Head(ours.AsSpan(0, from)));
                var tree = TreeOfLeaves.Head(theirs.AsSpan(0, size));
                ValueTask<ConsistencyProof> ProveAsync(long earlier, long later, CancellationToken cancellationToken) =>
                    ValueTask.FromResult(TreeOfLeaves.Consistency(theirs.AsSpan(0, (int)later), (int)earlier));
                if (from <= 20)
                {
                    Assert.Equal(tree, (await signer.SignAsync(tree, ProveAsync)).Checkpoint.Tree);
                    continue;
                }

                ConsistencyProof?[] proofs =
                [
                    await ProveAsync(from, size, default), TreeOfLeaves.Consistency(ours.AsSpan(0, size), from), new(from, tree, []), null,
                    // By way of a base that each side would like.
                    new(from, tree, []) { Via = TreeOfLeaves.Head(ours.AsSpan(0, from)) }, new(from, tree, []) { Via = tree },
                ];
                foreach (var proof in proofs)
                {
                    var exception = await Assert.ThrowsAsync<SigningRefusedException>(
                        async () => await signer.SignAsync(tree, (_, _, _) => ValueTask.FromResult(proof!)));
                    Assert.Equal("other-history", exception.Code);
                }

                Assert.Equal(from, (await memory.ReadAsync()).Tree.Size);
            }
        }
    }

    [Fact]
    public async Task ProofOfOtherSizes_IsNoProof()
    {
        foreach (var (from, size) in ((int, int)[])[(19, 50), (20, 51), (50, 50), (20, 20), (0, 50)])
        {
            var proof = BatchTreeVectors.Consistency(from, size);
            var (signer, _) = Begun(BatchTreeVectors.At(20));
            var exception = await Assert.ThrowsAsync<SigningRefusedException>(
                async () => await signer.SignAsync(BatchTreeVectors.At(50), (_, _, _) => ValueTask.FromResult(proof)));
            Assert.Equal("other-history", exception.Code);
        }
    }

    [Fact]
    public async Task BrokenService_CostsASignature_NeverAHistory()
    {
        var memory = new InMemorySignerMemory(Origin, BatchTreeVectors.At(10));
        var broken = new CheckpointSigner(new Signer(BatchTreeVectors.Key, _ => throw new TimeoutException("no answer")), memory);
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await broken.SignAsync(BatchTreeVectors.At(20), BatchTreeVectors.ProveAsync));
        // It is remembered, though no signature left: whatever does not go on from there is refused.
        var signer = new CheckpointSigner(BatchTreeVectors.Signer(), memory);
        Assert.Equal("behind-checkpoint", (await RefusedAsync(signer, BatchTreeVectors.At(15))).Code);
        Assert.Equal("other-history", (await RefusedAsync(signer, BatchTreeVectors.At(20) with { Root = Hash.Compute("other"u8) })).Code);
        Assert.True((await signer.SignAsync(BatchTreeVectors.At(20), NoProofAsync)).Verify(BatchTreeVectors.Key).Verified);
    }

    [Fact]
    public async Task FailingProof_LeavesTheMemoryAsItWas()
    {
        var (signer, memory) = Begun(BatchTreeVectors.At(10));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await signer.SignAsync(BatchTreeVectors.At(20), (_, _, _) => throw new InvalidOperationException()));
        Assert.Equal(10, (await memory.ReadAsync()).Tree.Size);
        Assert.Equal(20, (await signer.SignAsync(BatchTreeVectors.At(20), BatchTreeVectors.ProveAsync)).Checkpoint.Tree.Size);
    }

    [Fact]
    public async Task MemoryOfAnotherOrigin_IsRefused()
    {
        var signer = new CheckpointSigner(BatchTreeVectors.Signer(), new InMemorySignerMemory("refold.example/others"));
        Assert.Equal("other-origin", (await RefusedAsync(signer, BatchTreeVectors.Tree)).Code);
    }

    // Two signers share a memory that lets both in: whoever comes second is told, and signs nothing.
    [Fact]
    public async Task TwoSigners_WhoseHistoriesDiffer_AreNeverBothServed()
    {
        Hash[] ours = TreeOfLeaves.Leaves(8, "ours"), theirs = TreeOfLeaves.Leaves(8, "theirs");
        for (var round = 0; round < 20; round++)
        {
            var memory = new InMemorySignerMemory(Origin);
            using var both = new Barrier(2);
            var answers = await Task.WhenAll(new[] { ours, theirs }.Select(leaves => Task.Run(async () =>
            {
                both.SignalAndWait();
                try
                {
                    return await new CheckpointSigner(BatchTreeVectors.Signer(), memory).SignAsync(TreeOfLeaves.Head(leaves), NoProofAsync);
                }
                catch (SigningRefusedException)
                {
                    return null;
                }
            })));
            var signed = Assert.Single(answers, answer => answer is not null);
            Assert.Equal(signed!.Checkpoint.Tree, (await memory.ReadAsync()).Tree);
        }
    }

    // The other one comes while this one waits for its proof.
    [Fact]
    public async Task SignerThatWasOvertaken_SignsNothing()
    {
        var (signer, memory) = Begun(BatchTreeVectors.At(10));
        var (other, asked) = (new CheckpointSigner(BatchTreeVectors.Signer(), memory), 0);
        var exception = await Assert.ThrowsAsync<SigningRefusedException>(async () => await signer.SignAsync(
            BatchTreeVectors.At(20),
            async (from, size, cancellationToken) =>
            {
                if (asked++ == 0) await other.SignAsync(BatchTreeVectors.At(15), BatchTreeVectors.ProveAsync, cancellationToken);
                return BatchTreeVectors.Consistency(from, size);
            }));
        Assert.Equal("memory-in-use", exception.Code);
        Assert.Equal(15, (await memory.ReadAsync()).Tree.Size);
    }

    [Fact]
    public async Task ManyCallers_AreServedInTurn_AndNoneGoesBack()
    {
        var (signer, memory) = Begun(TreeHead.Empty);
        var answers = await Task.WhenAll(Enumerable.Range(1, BatchTreeVectors.Size).Select(size => Task.Run(async () =>
        {
            try
            {
                return (await signer.SignAsync(BatchTreeVectors.At(size), BatchTreeVectors.ProveAsync)).Checkpoint.Tree.Size;
            }
            catch (SigningRefusedException exception) when (exception.Code == "behind-checkpoint")
            {
                return -1;
            }
        })));
        Assert.Contains(BatchTreeVectors.Size, answers);
        Assert.Equal(BatchTreeVectors.Tree, (await memory.ReadAsync()).Tree);
    }

    [Fact]
    public async Task CancelledCaller_SignsNothing()
    {
        var (signer, memory) = Begun(BatchTreeVectors.At(10));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await signer.SignAsync(BatchTreeVectors.At(20), BatchTreeVectors.ProveAsync, new CancellationToken(true)));
        Assert.Equal(10, (await memory.ReadAsync()).Tree.Size);
    }

    private static (CheckpointSigner Signer, InMemorySignerMemory Memory) Begun(TreeHead tree)
    {
        var memory = new InMemorySignerMemory(Origin, tree);
        return (new CheckpointSigner(BatchTreeVectors.Signer(), memory), memory);
    }

    private static Task<SigningRefusedException> RefusedAsync(CheckpointSigner signer, TreeHead tree) =>
        Assert.ThrowsAsync<SigningRefusedException>(async () => await signer.SignAsync(tree, NoProofAsync));

    private static ValueTask<ConsistencyProof> NoProofAsync(long from, long size, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("No proof is needed.");
}
