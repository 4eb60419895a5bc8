// Whatever byte of a signed text is changed, taken out or put in, the change is found.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Signing.Tests;

public class ChangedByteTests
{
    // Every bit by itself, and changes that leave a letter, a digit or a space.
    private static readonly byte[] Flips = [1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 255];

    [Fact]
    public void EveryChangeOfACheckpoint_IsFound()
    {
        var policy = new CheckpointPolicy(BatchTreeVectors.Key);
        AllAreFound(BatchTreeVectors.Checkpoint, bytes => SignedCheckpoint.Parse(bytes).Verify(policy).Verified);
    }

    [Fact]
    public void EveryChangeOfACosignedCheckpoint_IsFoundByWhoeverDemandsItsWitness()
    {
        var policy = new CheckpointPolicy(BatchTreeVectors.Key, BatchTreeVectors.Witness);
        AllAreFound(BatchTreeVectors.Cosigned, bytes => SignedCheckpoint.Parse(bytes).Verify(policy).Verified);
    }

    [Fact]
    public void EveryChangeOfAProof_IsFound()
    {
        var policy = new CheckpointPolicy(BatchTreeVectors.Key);
        var leaf = BatchTree.LeafOf(BatchTreeVectors.Record(BatchTreeVectors.Ordinal));
        AllAreFound(BatchTreeVectors.Proof, bytes => TlogProof.Parse(bytes).Verify(leaf, policy).Verified);
    }

    [Fact]
    public void EveryChangeOfTheProvenRecord_IsFound()
    {
        var policy = new CheckpointPolicy(BatchTreeVectors.Key);
        var proof = TlogProof.Parse(BatchTreeVectors.Proof);
        AllAreFound(
            BatchTreeVectors.Record(proof.Ordinal), record => proof.Verify(BatchTree.LeafOf(record), policy).Verified);
    }

    [Fact]
    public async Task EveryChangeOfAReport_IsFound()
    {
        using var key = BatchTreeVectors.Signer();
        var body = Hash.Compute("body"u8);
        var report = await SignedReport.SignAsync("replay/v1", body, key);
        AllAreFound(report.ToString(), bytes => SignedReport.Parse(bytes).Verify(key.Key, body).Verified);
    }

    [Fact]
    public void EveryChangeOfTheReportsBody_IsFound()
    {
        var report = SignedReport.Parse(
            "refold.report/v1\nname\nreplay/v1\n" + Hash.Compute("body"u8) + "\n\n— name " + Convert.ToBase64String(new byte[68]) + "\n");
        using var key = Ed25519SigningKey.Generate("name");
        Assert.Contains("hash", report.Verify(key.Key, Hash.Compute("bodi"u8)).Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vkey")]
    [InlineData("witnessVkey")]
    public void EveryChangeOfAVerifierKey_IsRefused(string member) =>
        AllAreFound(BatchTreeVectors.TextOf(member), bytes => VerifierKey.Parse(Encoding.Latin1.GetString(bytes)) is not null);

    [Fact]
    public void EveryChangeOfASignature_IsFound()
    {
        var note = SignedNote.Parse(BatchTreeVectors.Cosigned);
        for (var index = 0; index < 2; index++)
        {
            var line = note.Signatures[index];
            AllAreFound(line.Signature.ToArray(), bytes =>
            {
                if (bytes.Length == 0) return false;
                NoteSignature[] lines = [.. note.Signatures];
                lines[index] = new NoteSignature(line.Name, line.KeyId, bytes);
                return new SignedNote(note.Text, lines).Verify(BatchTreeVectors.Key, BatchTreeVectors.Witness).Verified;
            });
        }
    }

    // A signature moved to another checkpoint of the same origin, or to another origin, is worth nothing.
    [Fact]
    public void OtherSizeRootOrOrigin_IsNotVerifiedUnderTheSameSignature()
    {
        var signatures = SignedNote.Parse(BatchTreeVectors.Checkpoint).Signatures;
        Checkpoint[] others =
        [
            new(BatchTreeVectors.Origin, BatchTreeVectors.At(69)),
            new(BatchTreeVectors.Origin, BatchTreeVectors.Tree with { Size = 71 }),
            new(BatchTreeVectors.Origin, BatchTreeVectors.Tree with { Root = Hash.Compute("other"u8) }),
            new(BatchTreeVectors.Origin, BatchTreeVectors.Tree, ["extension"]),
            new("refold.example/other", BatchTreeVectors.Tree),
        ];
        Assert.All(others, other =>
            Assert.False(new SignedCheckpoint(new SignedNote(other.ToString(), signatures)).Verify(BatchTreeVectors.Key).Verified));
    }

    private static void AllAreFound(string text, Func<byte[], bool> isAccepted) => AllAreFound(Encoding.UTF8.GetBytes(text), isAccepted);

    private static void AllAreFound(byte[] bytes, Func<byte[], bool> isAccepted)
    {
        Assert.True(isAccepted(bytes), "unchanged it is accepted");
        var missed = Changes(bytes).Where(change => IsAccepted(change.Bytes)).Select(change => change.What).ToList();
        Assert.True(missed.Count == 0, string.Join('\n', missed));

        bool IsAccepted(byte[] changed)
        {
            try
            {
                return isAccepted(changed);
            }
            catch (SigningFormatException)
            {
                return false;
            }
        }
    }

    private static IEnumerable<(string What, byte[] Bytes)> Changes(byte[] bytes)
    {
        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (var flip in Flips)
            {
                byte[] changed = [.. bytes];
                changed[at] ^= flip;
                yield return ($"byte {at} xor {flip}", changed);
            }

            yield return ($"byte {at} taken out", [.. bytes[..at], .. bytes[(at + 1)..]]);
            yield return ($"byte {at} twice, where the next one differs", [.. bytes[..at], bytes[at], .. bytes[at..]]);
            yield return ($"a newline before byte {at}", [.. bytes[..at], (byte)'\n', .. bytes[at..]]);
            yield return ($"a space before byte {at}", [.. bytes[..at], (byte)' ', .. bytes[at..]]);
            yield return ($"cut at byte {at}", bytes[..at]);
        }

        yield return ("a newline behind", [.. bytes, (byte)'\n']);
        yield return ("a byte behind", [.. bytes, 0]);
    }
}
