// Reports that are signed, from outside: what was changed, signed by another, or not signed is found and named; openssl agrees.
// Run by `dotnet test`; needs openssl, python3, sh.
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Tool;

public sealed partial class SignedReportToolTests : IDisposable
{
    private const string Name = "example.com/orders";

    private readonly TemporaryDirectory directory = new();
    private readonly string key, report;

    public SignedReportToolTests()
    {
        (key, report) = (directory.File("orders"), directory.File("report.json"));
        var lines = string.Concat(Enumerable.Range(0, 5).Select(number => $"{{\"stream\":\"s\",\"type\":\"T\",\"data\":{number}}}\n"));
        RefoldTool.Run("import", directory.Write("lines", lines), "--batch", "1", "--journal", directory.Journal()).Expect(0);
        RefoldTool.Run("keygen", Name, "--out", key).Expect(0);
        File.WriteAllText(report, Make("--json", "--sign", key).Expect(0).Output);
    }

    public void Dispose() => directory.Dispose();

    private ToolResult Make(params string[] arguments) =>
        RefoldTool.Run(["evidence", "make", "--journal", directory.Journal(), .. arguments]);

    private ToolResult Verify(string file, params string[] arguments) =>
        RefoldTool.Run(["evidence", "verify", file, "--journal", directory.Journal(), .. arguments]);

    private string Changed(Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(report))!.AsObject();
        change(json);
        return directory.Write("changed.json", json.ToJsonString());
    }

    // The body changed and its hash made anew, as somebody does who has everything but the key.
    private static void Rehash(JsonObject json)
    {
        json["body"]!["entries_hash"] = new string('0', 64);
        json["bodyHash"] = Hash.Compute(System.Text.Encoding.UTF8.GetBytes(json["body"]!.ToJsonString())).ToString();
    }

    [Fact]
    public void ASignedReport_IsVerifiedWithTheKeyOfWhoSignedIt()
    {
        foreach (var given in new[] { key + ".vkey", File.ReadAllText(key + ".vkey").Trim() })
        {
            var json = Verify(report, "--key", given, "--json").Expect(0).Json;
            Assert.True(json.GetProperty("ok").GetBoolean());
            Assert.Equal(Name, json.GetProperty("signature").GetProperty("name").GetString());
            Assert.True(json.GetProperty("signature").GetProperty("verified").GetBoolean());
            Assert.Matches($"signature  of {Name}\n", Verify(report, "--key", given).Expect(0).Output);
        }

        // The hashed part is that of a report that nobody signed.
        var signed = JsonNode.Parse(File.ReadAllText(report))!;
        var unsigned = JsonNode.Parse(Make("--json").Expect(0).Output)!;
        Assert.Equal(unsigned["bodyHash"]!.GetValue<string>(), signed["bodyHash"]!.GetValue<string>());
        Assert.Null(unsigned["signature"]);
        Assert.Contains(
            $"signed by     {Name}; --json prints the signature", Make("--sign", key).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAKey_TheSignatureIsSaidNotToBeChecked()
    {
        var json = Verify(report, "--json").Expect(0).Json;
        Assert.Equal("null", json.GetProperty("signature").GetProperty("verified").GetRawText());
        Assert.Contains("not checked: --key does that", Verify(report).Expect(0).Output, StringComparison.Ordinal);
        var unsigned = directory.Write("unsigned.json", Make("--json").Expect(0).Output);
        Assert.Equal("null", Verify(unsigned, "--json").Expect(0).Json.GetProperty("signature").GetRawText());
        Assert.DoesNotContain("signature", Verify(unsigned).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AChangedReport_IsNamedByTheSignature()
    {
        var changed = Changed(Rehash);
        var json = Verify(changed, "--key", key + ".vkey", "--json").Expect(1).Json;
        Assert.Contains("the report is of a body with the hash", json.GetProperty("first").GetString(), StringComparison.Ordinal);
        Assert.False(json.GetProperty("signature").GetProperty("verified").GetBoolean());
        // Who does not ask about the signature still hears what the journal says.
        Assert.Contains("/entries_hash", Verify(changed).Expect(1).Output, StringComparison.Ordinal);
        var half = Changed(json => json["body"]!["entries_hash"] = new string('0', 64));
        Assert.Contains("contradict", Verify(half, "--key", key + ".vkey").ExpectError(1), StringComparison.Ordinal);
    }

    [Fact]
    public void AChangedSignature_IsNamed()
    {
        var note = JsonNode.Parse(File.ReadAllText(report))!["signature"]!.GetValue<string>();
        var end = note.Length - 10;
        var bent = note[..end] + (note[end] == 'A' ? 'B' : 'A') + note[(end + 1)..];
        Named("is wrong", json => json["signature"] = bent);
        // Another hash in its text: no longer what was signed.
        Named("is wrong", json =>
        {
            Rehash(json);
            json["signature"] = Hex().Replace(note, json["bodyHash"]!.GetValue<string>(), 1);
        });
        Named("is wrong", json => json["signature"] = note.Replace("projection/v2", "projection/v1", StringComparison.Ordinal));

        void Named(string what, Action<JsonObject> change) => Assert.Contains(
            what, Verify(Changed(change), "--key", key + ".vkey").Expect(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASignatureOfAnotherKindOfReport_IsNamed()
    {
        using var signer = Signing.Ed25519SigningKey.Load(Name, key);
        var hash = Hash.Parse(JsonNode.Parse(File.ReadAllText(report))!["bodyHash"]!.GetValue<string>());
        var other = await Signing.SignedReport.SignAsync("replay/v1", hash, signer);
        Assert.Contains(
            "of the kind replay/v1, and this one is of projection/v2",
            Verify(Changed(json => json["signature"] = other.ToString()), "--key", key + ".vkey").Expect(1).Output,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"no note\"", "Its signature: The note")]
    [InlineData("7", "Its signature is not the text of a note")]
    [InlineData("null", "Its signature is not the text of a note")]
    public void WhatIsNoSignature_IsNoReportThatHoldsTogether(string json, string says)
    {
        var error = Verify(Changed(report => report["signature"] = JsonNode.Parse(json))).ExpectError(1);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public void AKeyOfAnother_IsNamed_AndSoIsAMissingSignature()
    {
        RefoldTool.Run("keygen", "example.com/other", "--out", directory.File("other")).Expect(0);
        RefoldTool.Run("keygen", Name, "--out", directory.File("again")).Expect(0);
        Assert.Contains(
            $"the report is by {Name}, and example.com/other is trusted",
            Verify(report, "--key", directory.File("other.vkey")).Expect(1).Output, StringComparison.Ordinal);
        Assert.Contains(
            "none of the signatures is by a key that is trusted",
            Verify(report, "--key", directory.File("again.vkey")).Expect(1).Output, StringComparison.Ordinal);
        var unsigned = directory.Write("unsigned.json", Make("--json").Expect(0).Output);
        Assert.Contains(
            $"the report is not signed, and a signature of {Name} is asked for",
            Verify(unsigned, "--key", key + ".vkey").Expect(1).Output, StringComparison.Ordinal);
        var stripped = Changed(json => json.Remove("signature"));
        Assert.Contains("not signed", Verify(stripped, "--key", key + ".vkey").Expect(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoKey_IsAnErrorLine()
    {
        Assert.Contains("does not exist; make a key by", Make("--sign", directory.File("none")).ExpectError(3), StringComparison.Ordinal);
        Verify(report, "--key", "no key").ExpectError(3);
        var inside = Path.Combine(directory.File("journal"), "key");
        Assert.Contains("is in the journal's directory", Make("--sign", inside).ExpectError(2), StringComparison.Ordinal);
    }

    [Fact]
    public void TheCommandsOfThePage_VerifyACheckpointAndAReport_AndFindWhatWasChanged()
    {
        var blocks = Block().Matches(SourceTree.Read("facade/docs/verify.md")).Select(block => block.Groups[1].Value)
            .Where(block => block.Contains("openssl", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, blocks.Count);
        directory.Write(
            "checkpoint", RefoldTool.Run("checkpoint", "--sign", key, "--journal", directory.Journal()).Expect(0).Output);
        Assert.Contains("Signature Verified Successfully", Shell(blocks[0], 0), StringComparison.Ordinal);
        Assert.Contains("Signature Verified Successfully", Shell(blocks[1], 0), StringComparison.Ordinal);
        Assert.Equal(
            JsonNode.Parse(File.ReadAllText(report))!["bodyHash"]!.GetValue<string>(), File.ReadAllLines(directory.File("text"))[3]);

        File.WriteAllText(report, Hex().Replace(File.ReadAllText(report), new string('0', 64)));
        Assert.Contains("Signature Verification Failure", Shell(blocks[1], 1), StringComparison.Ordinal);
    }

    private string Shell(string commands, int exitCode)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-e", "-c", commands])
        {
            WorkingDirectory = directory.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var said = output + error.GetAwaiter().GetResult();
        Assert.True(process.ExitCode == exitCode, said);
        return said;
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Hex();
}
