// Keys: names, verifier keys, files that only their owner reads and nothing writes over.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Signing.Tests;

public sealed class KeyTests : IDisposable
{
    private const string Vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("", "NAME+ID+KEY")]
    [InlineData("example.com/foo", "NAME+ID+KEY")]
    [InlineData("example.com/foo+530d903a", "NAME+ID+KEY")]
    [InlineData("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "empty")]
    [InlineData("example com+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "white space")]
    [InlineData("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "lower-case")]
    [InlineData("example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "8 lower-case")]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "530d903a: a part of it was changed")]
    [InlineData("example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a part of it was changed")]
    [InlineData("example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a part of it was changed")]
    [InlineData("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "type 0x02")]
    [InlineData("example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "type 0x06")]
    [InlineData("example.com/foo+530d903a+AA==", "type 0x00")]
    [InlineData("example.com/foo+530d903a+", "no key")]
    [InlineData("example.com/foo+530d903a+AQ==", "no public key")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==", "no public key")]
    // Points of the small subgroup, for which signatures of anybody can be made.
    [InlineData("example.com/foo+530d903a+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "no public key")]
    [InlineData("example.com/foo+530d903a+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "no public key")]
    public void TextThatIsNoVerifierKey_IsRefusedAndSaysWhy(string text, string why)
    {
        var exception = Assert.Throws<SigningFormatException>(() => VerifierKey.Parse(text));
        Assert.Equal("malformed-key", exception.Code);
        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifierKey_IsReadAndWrittenAgain()
    {
        var key = VerifierKey.Parse(Vkey);
        Assert.Equal((Vkey, "example.com/foo", 0x530d903au, SignatureType.Ed25519), (key.ToString(), key.Name, key.KeyId, key.Type));
        Assert.Equal(key, new VerifierKey(key.Name, key.PublicKey.Span));
        Assert.Equal(key.GetHashCode(), VerifierKey.Parse(Vkey).GetHashCode());
        Assert.NotEqual(key, new VerifierKey(key.Name, key.PublicKey.Span, SignatureType.Cosignature));
        Assert.NotEqual(key, new VerifierKey("example.com/bar", key.PublicKey.Span));
        Assert.Throws<SigningFormatException>(() => VerifierKey.Parse(new string('x', 5000)));
    }

    // Encodings of y from 2^255 - 19 on are not those of RFC 8032, and the same point would have two keys.
    [Fact]
    public void PublicKeyThatIsNotReduced_IsRefused()
    {
        for (var above = 0; above < 19; above++)
        {
            byte[] key = [(byte)(0xed + above), .. Enumerable.Repeat((byte)0xff, 30), 0x7f];
            Assert.Throws<ArgumentException>(() => new VerifierKey("name", key));
            key[31] = 0xff;
            Assert.Throws<ArgumentException>(() => new VerifierKey("name", key));
        }
    }

    // RFC 8032, 5.1.7: S is below the order of the group, so that nobody makes a second signature of a first one.
    [Fact]
    public void SignatureThatIsNotReduced_IsRefused()
    {
        var order = System.Numerics.BigInteger.Pow(2, 252)
            + System.Numerics.BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
        var note = SignedNote.Parse(BatchTreeVectors.Checkpoint);
        var signature = note.Signatures[0].Signature.ToArray();
        var larger = (new System.Numerics.BigInteger(signature.AsSpan(32), isUnsigned: true) + order).ToByteArray(isUnsigned: true);
        byte[] other = [.. signature[..32], .. larger];
        Assert.Equal(64, other.Length);
        var changed = new SignedNote(note.Text, [new(BatchTreeVectors.Origin, BatchTreeVectors.Key.KeyId, other)]);
        Assert.False(changed.Verify(BatchTreeVectors.Key).Verified);
    }

    // Base64 has pluses, and so the key may have some too.
    [Fact]
    public void VerifierKeyWithPlusesInItsBase64_IsRead()
    {
        for (var round = 0; ; round++)
        {
            using var key = Ed25519SigningKey.FromSeed("name", Hash.Compute([(byte)round]).ToArray());
            Assert.Equal(key.Key, VerifierKey.Parse(key.Key.ToString()));
            if (key.Key.ToString().Count(character => character == '+') > 3) return;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("with\u00a0space")]
    [InlineData("with\u3000space")]
    [InlineData("with\nline")]
    [InlineData("with\u0085line")]
    [InlineData("with+plus")]
    [InlineData("with\u0001control")]
    public void NameThatNoNoteCanHold_IsRefusedEverywhere(string name)
    {
        using var key = Ed25519SigningKey.Generate("name");
        Action[] calls =
        [
            () => Ed25519SigningKey.Generate(name), () => Ed25519SigningKey.FromSeed(name, new byte[32]),
            () => Ed25519SigningKey.FromPem(name, key.ToPem()), () => Ed25519SigningKey.Load(name, "nowhere"),
            () => new VerifierKey(name, key.Key.PublicKey.Span), () => VerifierKey.FromPem(name, key.Key.ToPem()),
            () => new NoteSignature(name, 1, [1]), () => new InMemorySignerMemory(name), () => FileSignerMemory.Create("nowhere", name),
        ];
        Assert.All(calls, call => Assert.Throws<ArgumentException>(call));
    }

    [Fact]
    public void GeneratedKeys_AreAllDifferent()
    {
        string[] keys = [.. Enumerable.Range(0, 50).Select(_ => Ed25519SigningKey.Generate("name").Key.ToString())];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void SavedKey_IsOfItsOwnerAlone_AndIsTheSameWhenItIsLoaded()
    {
        using var key = Ed25519SigningKey.Generate("name");
        var file = directory.File("key.pem");
        key.Save(file);
        Assert.True(FileModes.IsOfItsOwnerAlone(file));
        using var loaded = Ed25519SigningKey.Load("name", file);
        Assert.Equal((key.Key, key.ToPem()), (loaded.Key, loaded.ToPem()));
        Assert.Equal(key.Key.ToString(), key.ToString());
    }

    [Fact]
    public void FileThatIsThere_IsNeverWrittenOver()
    {
        using var key = Ed25519SigningKey.Generate("name");
        var file = directory.Write("key.pem", "something");
        Assert.Throws<IOException>(() => key.Save(file));
        Assert.Equal("something", File.ReadAllText(file));
        File.CreateSymbolicLink(directory.File("dangling"), directory.File("target"));
        Assert.Throws<IOException>(() => key.Save(directory.File("dangling")));
        Assert.False(File.Exists(directory.File("target")));
    }

    [Fact]
    public void PublicKeyInAPrivateOne_IsCompared()
    {
        using var key = Ed25519SigningKey.FromSeed("name", new byte[32]);
        // RFC 5958, version 2: the public key stands behind the private one (RFC 8410, 10.3).
        byte[] Der(byte[] publicKey) =>
        [
            0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, .. new byte[32], 0x81, 0x21, 0, .. publicKey,
        ];
        string Pem(byte[] der) => $"-----BEGIN PRIVATE KEY-----\n{Convert.ToBase64String(der)}\n-----END PRIVATE KEY-----\n";
        Assert.Equal(key.Key, Ed25519SigningKey.FromPem("name", Pem(Der(key.Key.PublicKey.ToArray()))).Key);
        var exception = Assert.Throws<SigningFormatException>(() => Ed25519SigningKey.FromPem("name", Pem(Der(new byte[32]))));
        Assert.Contains("not that of its private key", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisposedKey_SignsNothing()
    {
        var key = Ed25519SigningKey.Generate("name");
        key.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await key.SignAsync("message"u8.ToArray()));
        Assert.Throws<ObjectDisposedException>(() => key.ToPem());
        Assert.Throws<ObjectDisposedException>(() => key.Save(directory.File("key.pem")));
        Assert.Empty(Directory.GetFiles(directory.Root));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(64)]
    public void SeedOfAnotherLength_IsRefused(int length) =>
        Assert.Throws<ArgumentException>(() => Ed25519SigningKey.FromSeed("name", new byte[length]));
}
