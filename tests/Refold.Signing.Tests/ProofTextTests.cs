// Proofs as text, for every batch of the vectors and of trees of all small sizes; what is malformed and what it says.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Signing.Tests;

public class ProofTextTests
{
    [Fact]
    public async Task EveryBatchOfEveryTree_HasAProof_AndNoProofIsThatOfAnother()
    {
        Hash[] leaves = TreeOfLeaves.Leaves(20, "ours");
        for (var size = 1; size <= leaves.Length; size++)
        {
            var tree = leaves.AsMemory(0, size);
            var memory = new InMemorySignerMemory(BatchTreeVectors.Origin);
            var checkpoint = await new CheckpointSigner(BatchTreeVectors.Signer(), memory)
                .SignAsync(TreeOfLeaves.Head(tree.Span), (_, _, _) => throw new InvalidOperationException());
            for (var ordinal = 0; ordinal < size; ordinal++)
            {
                var proof = new TlogProof(ordinal, TreeOfLeaves.Inclusion(tree.Span, ordinal), checkpoint);
                var read = TlogProof.Parse(proof.ToArray());
                Assert.Equal(proof.ToString(), read.ToString());
                for (var other = 0; other < size; other++)
                {
                    Assert.Equal(other == ordinal, read.Verify(leaves[other], BatchTreeVectors.Key).Verified);
                    var moved = new TlogProof(other, proof.Path, checkpoint);
                    Assert.Equal(other == ordinal, moved.Verify(leaves[ordinal], BatchTreeVectors.Key).Verified);
                }
            }
        }
    }

    [Fact]
    public void ExtraData_IsKept_AndVouchesForNothing()
    {
        var plain = TlogProof.Parse(BatchTreeVectors.Proof);
        Assert.True(plain.ExtraData.IsEmpty);
        var proof = new TlogProof(plain.Ordinal, plain.Path, plain.Checkpoint, "anything"u8.ToArray());
        Assert.StartsWith("c2sp.org/tlog-proof@v1\nextra YW55dGhpbmc=\nindex 17\n", proof.ToString(), StringComparison.Ordinal);
        var read = TlogProof.Parse(proof.ToArray());
        Assert.Equal(proof.ToString(), read.ToString());
        Assert.Equal("anything"u8.ToArray(), read.ExtraData.ToArray());
        Assert.True(read.Verify(BatchTree.LeafOf(BatchTreeVectors.Record(17)), BatchTreeVectors.Key).Verified);
    }

    [Fact]
    public void MalformedProof_IsRefusedAndSaysWhy()
    {
        var text = BatchTreeVectors.Proof;
        var hash = text.Split('\n')[2];
        (string Text, string Why)[] rows =
        [
            ("", "empty line"), (text.Replace("@v1", "@v2", StringComparison.Ordinal), "does not begin"),
            (text.Replace("index 17\n", "", StringComparison.Ordinal), "no index in line 2"),
            (text.Replace("index 17", "index 017", StringComparison.Ordinal), "index"),
            (text.Replace("index 17", "index -1", StringComparison.Ordinal), "index"),
            (text.Replace("index 17", "index 70", StringComparison.Ordinal), "below the size"),
            (text.Replace("index 17", "extra \nindex 17", StringComparison.Ordinal), "extra data"),
            (text.Replace("index 17", "extra ?\nindex 17", StringComparison.Ordinal), "extra data"),
            (text.Replace("index 17", "extra YQ==\nextra YQ==\nindex 17", StringComparison.Ordinal), "no index in line 3"),
            (text.Replace(hash, "AAAA", StringComparison.Ordinal), "line 3"),
            (text.Replace(hash, string.Join('\n', Enumerable.Repeat(hash, 58)), StringComparison.Ordinal), "more than 63"),
            (text.Replace("\n", "\r\n", StringComparison.Ordinal), "LF alone"),
            ("c2sp.org/tlog-proof@v1\n\n", "no index"),
            (text[..text.IndexOf("\n\n", StringComparison.Ordinal)], "empty line"),
        ];
        Assert.All(rows, row =>
        {
            var exception = Assert.Throws<SigningFormatException>(() => TlogProof.Parse(row.Text));
            Assert.Equal("malformed-proof", exception.Code);
            Assert.Contains(row.Why, exception.Message, StringComparison.Ordinal);
        });
        Assert.Equal(
            "malformed-note", Assert.Throws<SigningFormatException>(() => TlogProof.Parse("c2sp.org/tlog-proof@v1\nindex 0\n\n")).Code);
    }

    [Fact]
    public void ProofOfNoBatch_IsAMistakeOfTheCaller()
    {
        var checkpoint = SignedCheckpoint.Parse(BatchTreeVectors.Checkpoint);
        Assert.Throws<ArgumentException>(() => new TlogProof(70, [], checkpoint));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TlogProof(-1, [], checkpoint));
        Assert.Throws<ArgumentException>(() => new TlogProof(1, new Hash[64], checkpoint));
    }
}
