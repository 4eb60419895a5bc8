// The page facade/docs/signing.md as it stands: its code is the code below and does what the page says; its shell commands are run.
// Run by `dotnet test`.
using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Signing.Tests.Documentation;

public sealed partial class SigningPageTests : IDisposable
{
    private const string Page = "facade/docs/signing.md";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void ItsCode_IsTheCodeOfTheTests()
    {
        var blocks = Blocks("csharp").ToList();
        Assert.Equal(6, blocks.Count);
        string file = Flat(SourceTree.Read("tests/Refold.Signing.Tests/Documentation/SigningPageTests.cs"));
        Assert.All(blocks, block => Assert.Contains(Flat(block), file, StringComparison.Ordinal));
    }

    [Fact]
    public void ItsCodesOfRefusals_AreThoseOfTheExceptionsDocumentation()
    {
        var rows = SourceTree.Read(Page).Split('\n').SkipWhile(line => !line.StartsWith("| code |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'));
        var onPage = rows.SelectMany(row => Quoted().Matches(row.Split('|')[1])).Select(code => code.Groups[1].Value);
        var terms = Term().Matches(SourceTree.Read("facade/Refold.Signing/Errors/SigningExceptions.cs"));
        var documented = terms.SelectMany(term => Code().Matches(term.Groups[1].Value)).Select(code => code.Groups[1].Value);
        var thrown = Directory.EnumerateFiles(SourceTree.PathOf("facade/Refold.Signing"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Thrown().Matches(File.ReadAllText(file))).Select(code => code.Groups[1].Value).Distinct()
            .Order(StringComparer.Ordinal).ToList();
        Assert.Equal(thrown, onPage.Order(StringComparer.Ordinal));
        Assert.Equal(thrown, documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ItsExamples_DoWhatThePageSays()
    {
        var (keyFile, memoryFile) = (directory.File("orders.pem"), directory.File("orders.memory"));
        var (checkpointFile, proofFile) = (directory.File("checkpoint"), directory.File("proof.tlog-proof"));
        using (var key = Ed25519SigningKey.Generate("example.com/orders"))
        {
            key.Save(keyFile);
            FileSignerMemory.Create(memoryFile, key.Key.Name).Dispose();
            Console.WriteLine(key.Key);
        }

        string verifierKey;
        foreach (var size in (int[])[20, BatchTreeVectors.Size])
        {
            var (tree, prove) = (BatchTreeVectors.At(size), Prover);
            using var key = Ed25519SigningKey.Load("example.com/orders", keyFile);
            using var memory = FileSignerMemory.Open(memoryFile);
            var signer = new CheckpointSigner(key, memory);
            SignedCheckpoint signed = await signer.SignAsync(tree, prove);
            await File.WriteAllBytesAsync(checkpointFile, signed.ToArray());
            var vectors = TlogProof.Parse(BatchTreeVectors.Proof);
            File.WriteAllBytes(proofFile, new TlogProof(17, vectors.Path, signed).ToArray());
        }

        using (var key = Ed25519SigningKey.Load("example.com/orders", keyFile))
        {
            verifierKey = key.Key.ToString();
            directory.Write("public.pem", key.Key.ToPem());
            var service = new ServiceSigner(key.Key, (message, cancellationToken) => key.SignAsync(message, cancellationToken).AsTask());
            using var memory = FileSignerMemory.Open(memoryFile);
            var again = await new CheckpointSigner(service, memory).SignAsync(BatchTreeVectors.Tree, Prover);
            Assert.Equal(File.ReadAllBytes(checkpointFile), again.ToArray());
        }

        await CheckAsync(verifierKey, keyFile, checkpointFile, proofFile);
        Shell(Assert.Single(Blocks("sh")));
    }

    private static async Task CheckAsync(string verifierKey, string keyFile, string checkpointFile, string proofFile)
    {
        var record = BatchTreeVectors.Record(17);
        var origin = VerifierKey.Parse(verifierKey);
        var checkpoint = SignedCheckpoint.Parse(await File.ReadAllBytesAsync(checkpointFile));
        SignatureVerdict verdict = checkpoint.Verify(origin);
        Console.WriteLine(verdict);
        Assert.Equal("verified: signed by example.com/orders", verdict.ToString());
        Assert.Equal(BatchTreeVectors.Tree, checkpoint.Checkpoint.Tree);

        var proof = TlogProof.Parse(await File.ReadAllBytesAsync(proofFile));
        var isThere = proof.Verify(BatchTree.LeafOf(record), origin).Verified;
        Assert.True(isThere);

        using var key = Ed25519SigningKey.Load("example.com/orders", keyFile);
        var body = "{\"matched\":true}"u8.ToArray();
        SignedReport report = await SignedReport.SignAsync("replay/v1", Hash.Compute(body), key);
        var isOurs = SignedReport.Parse(report.ToArray()).Verify(origin, Hash.Compute(body)).Verified;
        Assert.True(isOurs);
    }

    private static Func<long, long, CancellationToken, ValueTask<ConsistencyProof>> Prover => BatchTreeVectors.ProveAsync;

    private void Shell(string commands)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-e", "-c", commands])
        {
            WorkingDirectory = directory.Root,
            RedirectStandardOutput = true,
        })!;
        Assert.Contains("Verified Successfully", process.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static IEnumerable<string> Blocks(string language) =>
        Fence().Matches(SourceTree.Read(Page)).Where(block => block.Groups[1].Value == language).Select(block => block.Groups[2].Value);

    // Without spaces at the beginning of lines.
    private static string Flat(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    [GeneratedRegex("^```([a-z]+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("<term>(.*?)</term>")]
    private static partial Regex Term();

    [GeneratedRegex("<c>([a-z-]+)</c>")]
    private static partial Regex Code();

    [GeneratedRegex("""(?:SigningRefusedException|Refused)\(\s*"([a-z-]+)",""")]
    private static partial Regex Thrown();

    sealed class ServiceSigner(VerifierKey key, Func<ReadOnlyMemory<byte>, CancellationToken, Task<byte[]>> sign) : INoteSigner
    {
        public VerifierKey Key { get; } = key;

        public async ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
            await sign(message, cancellationToken);
    }
}
