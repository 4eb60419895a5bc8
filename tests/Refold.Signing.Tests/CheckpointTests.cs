// Checkpoints and whom a checker trusts: the text, the policy, witnesses counted once.
// Run by `dotnet test`.
using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace Refold.Signing.Tests;

public class CheckpointTests
{
    private const string Root = "7oS+SWOP2ntTuFjuJrJEh4d5nwQHgzAdO4v4lf7Y7NQ=";

    [Theory]
    [InlineData("", "newline")]
    [InlineData("origin\n70\n", "three lines")]
    [InlineData("origin\n70\n" + Root, "newline")]
    [InlineData("\n70\n" + Root + "\n", "origin")]
    [InlineData("origin\n070\n" + Root + "\n", "size")]
    [InlineData("origin\n-1\n" + Root + "\n", "size")]
    [InlineData("origin\n+70\n" + Root + "\n", "size")]
    [InlineData("origin\n 70\n" + Root + "\n", "size")]
    [InlineData("origin\n7e1\n" + Root + "\n", "size")]
    [InlineData("origin\n٧\n" + Root + "\n", "size")]
    [InlineData("origin\n\n" + Root + "\n", "size")]
    [InlineData("origin\n9223372036854775808\n" + Root + "\n", "size")]
    [InlineData("origin\n70\n7oS+SWOP2ntTuFjuJrJEh4d5nwQHgzAdO4v4lf7Y7NR=\n", "root")]
    [InlineData("origin\n70\nAAAA\n", "root")]
    [InlineData("origin\n70\n\n", "root")]
    [InlineData("origin\n0\n" + Root + "\n", "root of none")]
    [InlineData("origin\n70\n" + Root + "\n\nextension\n", "empty line 4")]
    [InlineData("origin\n70\n" + Root + "\nextension\n\n", "empty line 5")]
    public void TextThatIsNoCheckpoint_IsRefusedAndSaysWhy(string text, string why)
    {
        var exception = Assert.Throws<SigningFormatException>(() => Checkpoint.Parse(text));
        Assert.Equal("malformed-checkpoint", exception.Code);
        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refold.example/orders", 70L)]
    [InlineData("an origin with spaces + plus", long.MaxValue)]
    public void Checkpoint_IsWrittenAndReadAgain_WithItsExtensions(string origin, long size)
    {
        string[][] extensions = [[], ["one"], ["one", " two ", "— three"]];
        foreach (var lines in extensions)
        {
            var written = new Checkpoint(origin, new TreeHead(size, Hash.Compute("root"u8)), lines);
            var read = Checkpoint.Parse(written.ToString());
            Assert.Equal((origin, written.Tree, written.ToString()), (read.Origin, read.Tree, read.ToString()));
            Assert.Equal(lines, read.Extensions);
        }
    }

    [Fact]
    public void EmptyJournal_HasACheckpoint()
    {
        var text = new Checkpoint("origin", TreeHead.Empty).ToString();
        Assert.Equal("origin\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", text);
        Assert.Equal(TreeHead.Empty, Checkpoint.Parse(text).Tree);
        Assert.Throws<ArgumentException>(() => new Checkpoint("origin", default));
        Assert.Throws<ArgumentException>(() => new Checkpoint("origin", new TreeHead(-1, Hash.Zero)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData("tab\t")]
    [InlineData("return\r")]
    public void OriginOrExtensionThatIsNoLine_IsRefused(string line)
    {
        Assert.Throws<ArgumentException>(() => new Checkpoint(line, BatchTreeVectors.Tree));
        Assert.Throws<ArgumentException>(() => new Checkpoint("origin", BatchTreeVectors.Tree, [line]));
        Assert.Throws<ArgumentException>(() => new Checkpoint("half a pair \ud800", BatchTreeVectors.Tree));
    }

    [Fact]
    public async Task KeyOfAnotherName_VouchesForNoOrigin()
    {
        // A note whose text is the checkpoint of somebody else, signed by a key that is trusted for something else.
        using var key = Ed25519SigningKey.Generate("refold.example/mine");
        var signature = await key.SignAsync(Encoding.UTF8.GetBytes(SignedNote.Parse(BatchTreeVectors.Checkpoint).Text));
        var moved = new SignedCheckpoint(new SignedNote(
            SignedNote.Parse(BatchTreeVectors.Checkpoint).Text, [new NoteSignature(key.Key.Name, key.Key.KeyId, signature)]));
        Assert.True(moved.Note.Verify(key.Key).Verified);
        var verdict = moved.Verify(key.Key);
        Assert.Equal(
            "not verified: the checkpoint is of the origin refold.example/orders, and refold.example/mine is trusted", verdict.ToString());
    }

    [Fact]
    public async Task Witnesses_AreCountedOnce_AndTheOriginMustHaveSignedToo()
    {
        var (first, second, third) = (Witness("w1"), Witness("w2"), Witness("w3"));
        var signed = SignedCheckpoint.Parse(BatchTreeVectors.Checkpoint);
        var one = signed.With(await CosignAsync(first, signed.Note.Text, 5));
        var two = one.With(await CosignAsync(second, signed.Note.Text, 6));
        var again = one.With(await CosignAsync(first, signed.Note.Text, 7));
        var policy = new CheckpointPolicy(BatchTreeVectors.Key, first.Cosigning, second.Cosigning, third.Cosigning) { Quorum = 2 };
        Assert.False(signed.Verify(policy).Verified);
        Assert.Equal("not verified: 1 of the witnesses cosigned, and 2 are demanded", one.Verify(policy).ToString());
        Assert.False(again.Verify(policy).Verified);
        Assert.Equal([null, 5L, 6L], two.Verify(policy).Signatures.Select(signature => signature.Time));
        Assert.False(two.Verify(BatchTreeVectors.Key, first.Cosigning, second.Cosigning, third.Cosigning).Verified);
        Assert.True(two.Verify(BatchTreeVectors.Key, first.Cosigning, second.Cosigning).Verified);
        Assert.True(signed.Verify(new CheckpointPolicy(BatchTreeVectors.Key, first.Cosigning) { Quorum = 0 }).Verified);
        var withoutOrigin = new SignedCheckpoint(new SignedNote(two.Note.Text, [.. two.Note.Signatures.Skip(1)]));
        Assert.Contains("did not sign", withoutOrigin.Verify(policy).Fault, StringComparison.Ordinal);
    }

    // The bytes of a cosignature are over its own header, so neither kind stands in for the other.
    [Fact]
    public async Task PlainSignature_IsNoCosignature_AndTheOtherWayRound()
    {
        var witness = Witness("w1");
        var signed = SignedCheckpoint.Parse(BatchTreeVectors.Checkpoint);
        var plain = await witness.Key.SignAsync(Encoding.UTF8.GetBytes(signed.Note.Text));
        var cosigned = await CosignAsync(witness, signed.Note.Text, 5);
        byte[][] wrong = [plain, [.. new byte[8], .. plain], cosigned.Signature[8..].ToArray(), [.. cosigned.Signature.Span, 0]];
        Assert.All(wrong, bytes =>
        {
            var moved = signed.With(new NoteSignature(witness.Cosigning.Name, witness.Cosigning.KeyId, bytes));
            Assert.False(moved.Verify(BatchTreeVectors.Key, witness.Cosigning).Verified);
        });
        // A time beyond 2^63 - 1.
        byte[] late = [.. cosigned.Signature.Span];
        late[0] = 0x80;
        Assert.False(signed.With(new NoteSignature(witness.Cosigning.Name, witness.Cosigning.KeyId, late))
            .Verify(BatchTreeVectors.Key, witness.Cosigning).Verified);
        var before = await CosignAsync(witness, signed.Note.Text, -1);
        Assert.False(signed.With(before).Verify(BatchTreeVectors.Key, witness.Cosigning).Verified);
        Assert.True(signed.With(cosigned).Verify(BatchTreeVectors.Key, witness.Cosigning).Verified);
    }

    [Fact]
    public void Policy_TakesEachPublicKeyOnce_AndEachTypeInItsPlace()
    {
        var witness = Witness("w1");
        var renamed = new VerifierKey("w2", witness.Cosigning.PublicKey.Span, SignatureType.Cosignature);
        Assert.Throws<ArgumentException>(() => new CheckpointPolicy(BatchTreeVectors.Key, witness.Cosigning, renamed));
        Assert.Throws<ArgumentException>(() => new CheckpointPolicy(witness.Cosigning));
        Assert.Throws<ArgumentException>(() => new CheckpointPolicy(BatchTreeVectors.Key, witness.Key.Key));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CheckpointPolicy(BatchTreeVectors.Key, witness.Cosigning) { Quorum = 2 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CheckpointPolicy(BatchTreeVectors.Key) { Quorum = -1 });
        Assert.Equal(1, new CheckpointPolicy(BatchTreeVectors.Key, witness.Cosigning).Quorum);
    }

    private static (Ed25519SigningKey Key, VerifierKey Cosigning) Witness(string name)
    {
        var key = Ed25519SigningKey.Generate(name);
        return (key, new VerifierKey(name, key.Key.PublicKey.Span, SignatureType.Cosignature));
    }

    private static async Task<NoteSignature> CosignAsync((Ed25519SigningKey Key, VerifierKey Cosigning) witness, string text, long time)
    {
        var signature = await witness.Key.SignAsync(Encoding.UTF8.GetBytes($"cosignature/v1\ntime {time}\n{text}"));
        var payload = new byte[8 + signature.Length];
        BinaryPrimitives.WriteInt64BigEndian(payload, time);
        signature.CopyTo(payload, 8);
        return new NoteSignature(witness.Cosigning.Name, witness.Cosigning.KeyId, payload);
    }
}
