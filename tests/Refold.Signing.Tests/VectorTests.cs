// The vectors that an independent program made: the same bytes come out here, and are accepted here.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Signing.Tests;

public class VectorTests
{
    [Fact]
    public async Task CheckpointOfTheVectors_IsMadeByteForByteFromTheSeed()
    {
        using var key = BatchTreeVectors.Signer();
        var signer = new CheckpointSigner(key, new InMemorySignerMemory(BatchTreeVectors.Origin));
        var made = await signer.SignAsync(BatchTreeVectors.Tree, BatchTreeVectors.ProveAsync);
        Assert.Equal(Encoding.UTF8.GetBytes(BatchTreeVectors.Checkpoint), made.ToArray());
        Assert.Equal(BatchTreeVectors.TextOf("root"), made.Checkpoint.Tree.Root.ToString());
        Assert.True(made.Verify(BatchTreeVectors.Key).Verified);
    }

    [Fact]
    public void KeysOfTheVectors_AreMadeFromTheirSeeds()
    {
        using var key = BatchTreeVectors.Signer();
        Assert.Equal(BatchTreeVectors.TextOf("vkey"), key.Key.ToString());
        Assert.Equal(BatchTreeVectors.TextOf("keyId"), key.Key.KeyId.ToString("x8"));
        Assert.Equal(BatchTreeVectors.TextOf("public"), Convert.ToHexStringLower(key.Key.PublicKey.Span));
        Assert.Equal(BatchTreeVectors.Key, key.Key);
        using var witness = Ed25519SigningKey.FromSeed(
            BatchTreeVectors.Witness.Name, Convert.FromHexString(BatchTreeVectors.TextOf("witnessSeed")));
        var cosigning = new VerifierKey(witness.Key.Name, witness.Key.PublicKey.Span, SignatureType.Cosignature);
        Assert.Equal(BatchTreeVectors.TextOf("witnessVkey"), cosigning.ToString());
        Assert.NotEqual(witness.Key, cosigning);
    }

    [Fact]
    public void CosignedCheckpoint_IsVerifiedWithItsWitness_AndSaysWhen()
    {
        var cosigned = SignedCheckpoint.Parse(Encoding.UTF8.GetBytes(BatchTreeVectors.Cosigned));
        var verdict = cosigned.Verify(BatchTreeVectors.Key, BatchTreeVectors.Witness);
        Assert.True(verdict.Verified, verdict.ToString());
        Assert.Equal(
            [(BatchTreeVectors.Key, null), (BatchTreeVectors.Witness, BatchTreeVectors.Note.GetProperty("witnessTime").GetInt64())],
            verdict.Signatures.Select(signature => (signature.Key, signature.Time)));
        Assert.Equal("verified: signed by refold.example/orders, witness.example/w1 at 1790000000 s", verdict.ToString());
        Assert.Equal(BatchTreeVectors.Cosigned, cosigned.ToString());
    }

    [Fact]
    public void Cosignature_IsPutUnderACheckpoint_AndIgnoredByWhoeverDoesNotKnowTheWitness()
    {
        var line = SignedNote.Parse(BatchTreeVectors.Cosigned).Signatures[1];
        var cosigned = SignedCheckpoint.Parse(BatchTreeVectors.Checkpoint).With(line);
        Assert.Equal(BatchTreeVectors.Cosigned, cosigned.ToString());
        Assert.Equal(BatchTreeVectors.Cosigned, cosigned.With(line).ToString());
        var verdict = cosigned.Verify(BatchTreeVectors.Key);
        Assert.Equal((BatchTreeVectors.Key, line), (Assert.Single(verdict.Signatures).Key, Assert.Single(verdict.Unknown)));
        Assert.False(SignedCheckpoint.Parse(BatchTreeVectors.Checkpoint).Verify(BatchTreeVectors.Key, BatchTreeVectors.Witness).Verified);
    }

    [Fact]
    public void ProofOfTheVectors_IsReadCheckedAndWrittenByteForByte()
    {
        var proof = TlogProof.Parse(Encoding.UTF8.GetBytes(BatchTreeVectors.Proof));
        Assert.Equal(Encoding.UTF8.GetBytes(BatchTreeVectors.Proof), proof.ToArray());
        Assert.Equal(BatchTreeVectors.Ordinal, proof.Ordinal);
        var leaf = BatchTree.LeafOf(BatchTreeVectors.Record(proof.Ordinal));
        Assert.True(proof.Verify(leaf, BatchTreeVectors.Key).Verified);
        var made = new TlogProof(proof.Ordinal, proof.Path, SignedCheckpoint.Parse(BatchTreeVectors.Checkpoint));
        Assert.Equal(BatchTreeVectors.Proof, made.ToString());
    }

    [Fact]
    public void ProofOfTheVectors_ProvesNoOtherRecord_AndNothingToWhoeverTrustsOthers()
    {
        var proof = TlogProof.Parse(BatchTreeVectors.Proof);
        for (var ordinal = 0; ordinal < BatchTreeVectors.Size; ordinal++)
        {
            var verdict = proof.Verify(BatchTree.LeafOf(BatchTreeVectors.Record(ordinal)), BatchTreeVectors.Key);
            Assert.Equal(ordinal == proof.Ordinal, verdict.Verified);
        }

        using var other = Ed25519SigningKey.Generate(BatchTreeVectors.Origin);
        var leaf = BatchTree.LeafOf(BatchTreeVectors.Record(proof.Ordinal));
        Assert.False(proof.Verify(leaf, other.Key).Verified);
        Assert.False(proof.Verify(leaf, BatchTreeVectors.Key, BatchTreeVectors.Witness).Verified);
    }

    // The example of c2sp.org/signed-note, made by its editors.
    [Fact]
    public void NoteOfTheSpecification_IsVerified()
    {
        const string Text = "This is an example message.\n";
        const string Line =
            "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        var key = VerifierKey.Parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
        var note = SignedNote.Parse(Text + "\n" + Line);
        Assert.True(note.Verify(key).Verified);
        Assert.Equal(Text, note.Text);
        Assert.Equal(Text + "\n" + Line, note.ToString());
    }

    [Fact]
    public async Task KeysOfRfc8032_GiveItsSignatures()
    {
        (string Seed, string Public, string Message, string Signature)[] rows =
        [
            ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
            ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ];
        foreach (var (seed, publicKey, message, signature) in rows)
        {
            using var key = Ed25519SigningKey.FromSeed("rfc8032", Convert.FromHexString(seed));
            Assert.Equal(publicKey, Convert.ToHexStringLower(key.Key.PublicKey.Span));
            Assert.Equal(signature, Convert.ToHexStringLower(await key.SignAsync(Convert.FromHexString(message))));
        }
    }
}
