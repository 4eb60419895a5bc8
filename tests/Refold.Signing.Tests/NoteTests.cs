// Notes as C2SP writes them: what is accepted, what is refused and how that is said, limits, unknown signatures.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Signing.Tests;

public class NoteTests
{
    private const string Line = "— example.com/foo AAAAAAE=\n";

    [Theory]
    [InlineData("", "newline")]
    [InlineData("text\n", "empty line")]
    [InlineData("text\n\n", "no signature")]
    [InlineData("\n" + Line, "no text")]
    [InlineData("text\n\n" + "— example.com/foo AAAAAAE=", "newline")]
    [InlineData("text\n\n- example.com/foo AAAAAAE=\n", "em dash")]
    [InlineData("text\n\n–  example.com/foo AAAAAAE=\n", "em dash")]
    [InlineData("text\n\n—\u00a0example.com/foo AAAAAAE=\n", "em dash")]
    [InlineData("text\n\n—  AAAAAAE=\n", "empty")]
    [InlineData("text\n\n— a+b AAAAAAE=\n", "plus")]
    [InlineData("text\n\n— a\u00a0b AAAAAAE=\n", "white space")]
    [InlineData("text\n\n— a\u2003b AAAAAAE=\n", "white space")]
    [InlineData("text\n\n— example.com/foo\n", "no signature behind the name")]
    [InlineData("text\n\n— example.com/foo AAAAAAE=\nmore\n", "line 4")]
    [InlineData("text\n\n— example.com/foo AAAAAA==\n", "4 bytes")]
    [InlineData("text\n\n— example.com/foo \n", "0 bytes")]
    [InlineData("text\n\n— example.com/foo AAAAAAF=\n", "base64")]
    [InlineData("text\n\n— example.com/foo AAAAAAE\n", "base64")]
    [InlineData("text\n\n— example.com/foo AAAA AAE=\n", "base64")]
    [InlineData("text\n\n— example.com/foo AAAAAAE= \n", "base64")]
    [InlineData("text\n\n— example.com/foo AAAAAA_-\n", "base64")]
    [InlineData("text\r\n\r\n" + Line, "LF alone")]
    [InlineData("text\u0000\n\n" + Line, "U+0000 in line 1")]
    [InlineData("text\n\ttab\n\n" + Line, "U+0009 in line 2")]
    [InlineData("text\n\n— example.com/\u001bfoo AAAAAAE=\n", "U+001B in line 3")]
    public void MalformedNote_IsRefusedAndSaysWhy(string note, string why)
    {
        var exception = Assert.Throws<SigningFormatException>(() => SignedNote.Parse(note));
        Assert.Equal("malformed-note", exception.Code);
        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
        var ofBytes = Assert.Throws<SigningFormatException>(() => SignedNote.Parse(Encoding.UTF8.GetBytes(note)));
        Assert.Equal(exception.Message, ofBytes.Message);
    }

    [Theory]
    [InlineData(0xff)]
    [InlineData(0xc3)]
    [InlineData(0xed, 0xa0, 0x80)]
    [InlineData(0xc0, 0x8a)]
    public void InvalidUtf8_IsRefused(params int[] wrong)
    {
        byte[] note = [.. "te"u8, .. wrong.Select(value => (byte)value), .. Encoding.UTF8.GetBytes("xt\n\n" + Line)];
        Assert.Contains("UTF-8", Assert.Throws<SigningFormatException>(() => SignedNote.Parse(note)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HalfASurrogatePair_IsRefused()
    {
        Assert.Throws<SigningFormatException>(() => SignedNote.Parse("\ud800\n\n" + Line));
        Assert.Throws<ArgumentException>(() => new SignedNote("\ud800\n", [new NoteSignature("name", 1, [1])]));
        Assert.Throws<ArgumentException>(() => new NoteSignature("na\udc00me", 1, [1]));
    }

    [Theory]
    [InlineData("text\n")]
    [InlineData("\n")]
    [InlineData("\n\n\n")]
    [InlineData("one\n\ntwo\n\n\nthree\n")]
    [InlineData("— example.com/foo AAAAAAE=\n")]
    [InlineData("one\n\n— example.com/foo AAAAAAE=\n")]
    [InlineData("text \u007f\u0085\u2028 \ufeff ü 𝄞\n")]
    public void TextWithAnyLines_IsWrittenAndReadAgain(string text)
    {
        var note = new SignedNote(text, [new("example.com/foo", 0, [1]), new("ü.example/𝄞", uint.MaxValue, [2, 3])]);
        var read = SignedNote.Parse(note.ToArray());
        Assert.Equal((text, note.ToString()), (read.Text, read.ToString()));
        Assert.Equal(note.Signatures, read.Signatures);
    }

    [Fact]
    public async Task UnknownSignatures_AreKeptAndIgnored()
    {
        using var key = Ed25519SigningKey.Generate("example.com/ours");
        using var other = Ed25519SigningKey.Generate("example.com/ours");
        var signed = await SignedNote.SignAsync("text\n", key);
        // Of an unknown name, of a known name with another id, of a known id with another name, of a type with long signatures.
        NoteSignature[] unknown =
        [
            new("example.com/unknown", 7, new byte[64]), new(key.Key.Name, key.Key.KeyId + 1, new byte[64]),
            new("example.com/else", key.Key.KeyId, new byte[64]), new("example.com/quantum", 9, new byte[4900]),
        ];
        var note = SignedNote.Parse(new SignedNote("text\n", [unknown[0], .. signed.Signatures, .. unknown[1..]]).ToArray());
        var verdict = note.Verify(key.Key);
        Assert.True(verdict.Verified, verdict.ToString());
        Assert.Equal(unknown, verdict.Unknown);
        Assert.Equal(key.Key, Assert.Single(verdict.Signatures).Key);
        var refused = note.Verify(other.Key);
        Assert.False(refused.Verified);
        Assert.Empty(refused.Signatures);
        Assert.Contains("example.com/unknown+00000007", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongSignatureOfAKnownKey_RefusesTheWholeNote_AlsoBesideARightOne()
    {
        using var key = Ed25519SigningKey.Generate("example.com/one");
        using var second = Ed25519SigningKey.Generate("example.com/two");
        var right = (await SignedNote.SignAsync("text\n", key)).Signatures[0];
        var wrong = new NoteSignature(second.Key.Name, second.Key.KeyId, right.Signature.Span);
        Assert.False(new SignedNote("text\n", [right, wrong]).Verify(key.Key, second.Key).Verified);
        Assert.False(new SignedNote("text\n", [wrong, right]).Verify(key.Key, second.Key).Verified);
        Assert.True(new SignedNote("text\n", [wrong, right]).Verify(key.Key).Verified);
        var twice = new SignedNote("text\n", [right, new NoteSignature(key.Key.Name, key.Key.KeyId, new byte[64])]);
        Assert.False(twice.Verify(key.Key).Verified);
    }

    [Fact]
    public void Verifying_WithoutAKey_IsAMistakeOfTheCaller() =>
        Assert.Throws<ArgumentException>(() => SignedNote.Parse(BatchTreeVectors.Checkpoint).Verify());

    [Fact]
    public void NumberOfSignatures_IsLimited()
    {
        string note = "text\n\n" + string.Concat(Enumerable.Repeat(Line, SignedNote.MaxSignatures));
        Assert.Equal(SignedNote.MaxSignatures, SignedNote.Parse(note).Signatures.Count);
        var exception = Assert.Throws<SigningFormatException>(() => SignedNote.Parse(note + Line));
        Assert.Contains("more than 100 signatures", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new SignedNote("text\n", [.. SignedNote.Parse(note).Signatures, new("name", 1, [1])]));
        Assert.Throws<ArgumentException>(() => new SignedNote("text\n", []));
    }

    [Fact]
    public void Size_IsLimited()
    {
        var end = "\n\n" + Line;
        var longest = new string('x', SignedNote.MaxBytes - Encoding.UTF8.GetByteCount(end)) + end;
        Assert.Equal(longest, SignedNote.Parse(longest).ToString());
        var exception = Assert.Throws<SigningFormatException>(() => SignedNote.Parse("x" + longest));
        Assert.Contains("1048576", exception.Message, StringComparison.Ordinal);
        Assert.Throws<SigningFormatException>(() => SignedNote.Parse(new byte[SignedNote.MaxBytes + 1]));
        Assert.Throws<ArgumentException>(() => new SignedNote("x" + SignedNote.Parse(longest).Text, [new("example.com/foo", 0, [1])]));
    }

    [Theory]
    [InlineData("no newline")]
    [InlineData("")]
    [InlineData("carriage\r\n")]
    [InlineData("refold.report/v1\nname\nkind\n")]
    [InlineData("cosignature/v1\ntime 1\norigin\n0\nroot\n")]
    public async Task TextThatIsNotForNotes_IsNotSigned(string text)
    {
        using var key = Ed25519SigningKey.Generate("name");
        await Assert.ThrowsAsync<ArgumentException>(async () => await SignedNote.SignAsync(text, key));
    }

    [Fact]
    public async Task Checkpoint_IsNotSignedPastTheMemory()
    {
        using var key = Ed25519SigningKey.Generate("name");
        var text = new Checkpoint("name", BatchTreeVectors.Tree, ["extension"]).ToString();
        var exception = await Assert.ThrowsAsync<ArgumentException>(async () => await SignedNote.SignAsync(text, key));
        Assert.Contains("CheckpointSigner", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(65)]
    [InlineData(64)]
    public async Task SignerThatGivesSomethingElse_IsFoundBeforeAnythingLeaves(int length)
    {
        using var key = Ed25519SigningKey.Generate("name");
        var exception = await Assert.ThrowsAsync<SigningRefusedException>(
            async () => await SignedNote.SignAsync("text\n", new Signer(key.Key, _ => new byte[length])));
        Assert.Equal("wrong-signature", exception.Code);
        // Of a key that is not the one it says.
        using var other = Ed25519SigningKey.Generate("name");
        await Assert.ThrowsAsync<SigningRefusedException>(
            async () => await SignedNote.SignAsync("text\n", new Signer(key.Key, message => other.SignAsync(message).Result)));
    }
}
