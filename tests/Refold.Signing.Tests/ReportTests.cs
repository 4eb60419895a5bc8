// Signed reports: the text, the body's hash, the name in it.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Signing.Tests;

public class ReportTests
{
    private static readonly Hash Body = Hash.Compute("{\"matched\":true}"u8);

    [Fact]
    public async Task Report_SaysWhoVouchesForWhichBody()
    {
        using var key = BatchTreeVectors.Signer();
        var report = await SignedReport.SignAsync("replay/v1", Body, key);
        Assert.Equal($"refold.report/v1\nrefold.example/orders\nreplay/v1\n{Body}\n", report.Note.Text);
        var read = SignedReport.Parse(report.ToArray());
        Assert.Equal((report.ToString(), key.Key.Name, "replay/v1", Body), (read.ToString(), read.Name, read.Kind, read.BodyHash));
        Assert.Equal("verified: signed by refold.example/orders", read.Verify(key.Key, Body).ToString());
        Assert.False(read.Verify(key.Key, Hash.Compute("{\"matched\":false}"u8)).Verified);
    }

    // The same private key under another name: the line in the text tells them apart.
    [Fact]
    public async Task SignatureUnderAnotherName_IsNotMovedToThisOne()
    {
        using var test = Ed25519SigningKey.FromSeed("refold.example/test", BatchTreeVectors.Seed);
        using var real = Ed25519SigningKey.FromSeed("refold.example/real", BatchTreeVectors.Seed);
        var report = await SignedReport.SignAsync("replay/v1", Body, test);
        var moved = SignedReport.Parse(new SignedNote(
            report.Note.Text, [new NoteSignature(real.Key.Name, real.Key.KeyId, report.Note.Signatures[0].Signature.Span)]).ToArray());
        Assert.True(moved.Note.Verify(real.Key).Verified);
        Assert.Equal(
            "not verified: the report is by refold.example/test, and refold.example/real is trusted",
            moved.Verify(real.Key, Body).ToString());
    }

    [Fact]
    public async Task CheckpointOrOtherNote_IsNoReport()
    {
        using var key = BatchTreeVectors.Signer();
        Assert.Equal("malformed-report", Assert.Throws<SigningFormatException>(() => SignedReport.Parse(BatchTreeVectors.Checkpoint)).Code);
        var report = await SignedReport.SignAsync("replay/v1", Body, key);
        Assert.Equal("malformed-checkpoint", Assert.Throws<SigningFormatException>(() => SignedCheckpoint.Parse(report.ToString())).Code);
        var signature = report.ToString().Split('\n')[^2];
        string[] texts =
        [
            $"refold.report/v2\nname\nkind\n{Body}\n", $"refold.report/v1\nna me\nkind\n{Body}\n",
            $"refold.report/v1\nname\nKind\n{Body}\n",
            $"refold.report/v1\nname\n\n{Body}\n", $"refold.report/v1\nname\nkind\n{Body.ToString().ToUpperInvariant()}\n",
            $"refold.report/v1\nname\nkind\n{Body}\nmore\n", "refold.report/v1\nname\nkind\n00\n", $"refold.report/v1\nkind\n{Body}\n",
        ];
        Assert.All(texts, text => Assert.Throws<SigningFormatException>(() => SignedReport.Parse($"{text}\n{signature}\n")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("with space")]
    [InlineData("line\n")]
    [InlineData("base64=")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task KindOfOtherCharacters_IsRefused(string kind)
    {
        using var key = BatchTreeVectors.Signer();
        await Assert.ThrowsAsync<ArgumentException>(async () => await SignedReport.SignAsync(kind, Body, key));
    }

    // Whatever name and kind it has, its text is never one that a checkpoint's signature is for.
    [Theory]
    [InlineData("70", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("0", "47deqpj8hbsa/0tim/w0005jceuqerkm5nmpjwzg3hs")]
    public async Task Report_IsNeverACheckpoint(string name, string kind)
    {
        using var key = Ed25519SigningKey.Generate(name);
        var report = await SignedReport.SignAsync(kind, Body, key);
        Assert.Throws<SigningFormatException>(() => SignedCheckpoint.Parse(report.ToArray()));
    }
}
