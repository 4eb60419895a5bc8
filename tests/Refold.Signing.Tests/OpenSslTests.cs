// OpenSSL, which shares no code with BouncyCastle, verifies our signatures, makes the same ones, and reads our keys; we read its keys.
// Run by `dotnet test`.
using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace Refold.Signing.Tests;

public sealed class OpenSslTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Checkpoint_IsVerifiedByOpenSsl_AndNoOtherOne()
    {
        using var key = Ed25519SigningKey.Generate("refold.example/orders");
        var signer = new CheckpointSigner(key, new InMemorySignerMemory(key.Key.Name));
        var signed = await signer.SignAsync(BatchTreeVectors.Tree, BatchTreeVectors.ProveAsync);
        var signature = signed.Note.Signatures[0].Signature;
        Assert.True(Verifies(key.Key, signed.Checkpoint.ToString(), signature));
        Assert.False(Verifies(key.Key, new Checkpoint(key.Key.Name, BatchTreeVectors.At(69)).ToString(), signature));
    }

    [Fact]
    public async Task Report_IsVerifiedByOpenSsl()
    {
        using var key = Ed25519SigningKey.Generate("refold.example/reports");
        var signed = await SignedReport.SignAsync("replay/v1", Hash.Compute("body"u8), key);
        Assert.True(Verifies(key.Key, signed.Note.Text, signed.Note.Signatures[0].Signature));
    }

    [Fact]
    public void Cosignature_IsOverWhatOpenSslVerifies()
    {
        var line = SignedNote.Parse(BatchTreeVectors.Cosigned).Signatures[1];
        var time = BinaryPrimitives.ReadInt64BigEndian(line.Signature.Span);
        var text = $"cosignature/v1\ntime {time}\n{SignedNote.Parse(BatchTreeVectors.Cosigned).Text}";
        Assert.True(Verifies(BatchTreeVectors.Witness, text, line.Signature[8..]));
    }

    [Fact]
    public async Task OpenSsl_ReadsOurPrivateKey_AndMakesTheSameSignature()
    {
        using var key = Ed25519SigningKey.Generate("refold.example/orders");
        var file = directory.File("ours.pem");
        key.Save(file);
        var message = directory.Write("message", BatchTreeVectors.Checkpoint);
        OpenSsl.Run("pkeyutl", "-sign", "-inkey", file, "-rawin", "-in", message, "-out", directory.File("signature"));
        Assert.Equal(
            File.ReadAllBytes(directory.File("signature")), await key.SignAsync(Encoding.UTF8.GetBytes(BatchTreeVectors.Checkpoint)));
        Assert.Equal(OpenSsl.Run("pkey", "-in", file, "-pubout"), key.Key.ToPem());
        Assert.Equal(OpenSsl.Run("pkey", "-in", file), key.ToPem());
    }

    [Fact]
    public async Task OurPem_IsByteForByteThatOfOpenSsl_ForKeysThatItMade()
    {
        for (var round = 0; round < 5; round++)
        {
            var pem = OpenSsl.Run("genpkey", "-algorithm", "ed25519");
            var file = directory.Write($"theirs{round}.pem", pem);
            using var key = Ed25519SigningKey.Load("refold.example/orders", file);
            Assert.Equal(pem, key.ToPem());
            var publicPem = OpenSsl.Run("pkey", "-in", file, "-pubout");
            Assert.Equal(publicPem, key.Key.ToPem());
            Assert.Equal(key.Key, VerifierKey.FromPem("refold.example/orders", publicPem));
            Assert.True(Verifies(key.Key, "message", await key.SignAsync("message"u8.ToArray())));
        }
    }

    [Theory]
    [InlineData("X25519", "1.3.101.110")]
    [InlineData("ed448", "1.3.101.113")]
    public void KeyOfAnotherAlgorithm_IsRefusedByName(string algorithm, string id)
    {
        var pem = OpenSsl.Run("genpkey", "-algorithm", algorithm);
        var exception = Assert.Throws<SigningFormatException>(() => Ed25519SigningKey.FromPem("name", pem));
        Assert.Equal("malformed-key", exception.Code);
        Assert.Contains(id, exception.Message, StringComparison.Ordinal);
        var publicPem = OpenSsl.Run("pkey", "-in", directory.Write("other.pem", pem), "-pubout");
        var ofPublic = Assert.Throws<SigningFormatException>(() => VerifierKey.FromPem("name", publicPem));
        Assert.Contains(id, ofPublic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EncryptedKey_IsRefusedWithTheRemedy()
    {
        var pem = OpenSsl.Run("genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:word");
        var exception = Assert.Throws<SigningFormatException>(() => Ed25519SigningKey.FromPem("name", pem));
        Assert.Contains("openssl pkey -in FILE", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KeysInEachOthersPlace_AreRefused()
    {
        using var key = Ed25519SigningKey.Generate("name");
        Assert.Throws<SigningFormatException>(() => Ed25519SigningKey.FromPem("name", key.Key.ToPem()));
        Assert.Throws<SigningFormatException>(() => VerifierKey.FromPem("name", key.ToPem()));
    }

    private bool Verifies(VerifierKey key, string text, ReadOnlyMemory<byte> signature)
    {
        var (inkey, message, sigfile) = (directory.Write("public.pem", key.ToPem()), directory.File("text"), directory.File("signature"));
        File.WriteAllBytes(message, Encoding.UTF8.GetBytes(text));
        File.WriteAllBytes(sigfile, signature.ToArray());
        var (exitCode, output) = OpenSsl.Try(
            "pkeyutl", "-verify", "-pubin", "-inkey", inkey, "-rawin", "-in", message, "-sigfile", sigfile);
        Assert.Contains(exitCode == 0 ? "Verified Successfully" : "Verification Failure", output, StringComparison.Ordinal);
        return exitCode == 0;
    }
}
