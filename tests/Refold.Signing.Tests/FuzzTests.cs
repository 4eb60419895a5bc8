// Bytes of all kinds at every parser: each gives a value that is written as it was read, or the one typed error, never anything else.
// Run by `dotnet test`. The seeds are fixed, and a failure names its bytes.
using System.Text;
using Xunit;

namespace Refold.Signing.Tests;

public class FuzzTests
{
    private const int Rounds = 4000;

    /// <summary>Each parser with texts that it reads. It answers what is written again; null where that may differ.</summary>
    public static TheoryData<string> Parsers => [.. All.Keys];

    private static Dictionary<string, (Func<byte[], byte[]?> Parse, string[] Samples)> All { get; } = new()
    {
        ["note"] = (bytes => SignedNote.Parse(bytes).ToArray(), [BatchTreeVectors.Cosigned, "a\n\nb\n\n— n AAAAAAE=\n"]),
        ["note text"] = (bytes => Chars(SignedNote.Parse(Wide(bytes)).ToString()), [BatchTreeVectors.Cosigned]),
        ["checkpoint"] = (bytes => SignedCheckpoint.Parse(bytes).ToArray(), [BatchTreeVectors.Cosigned]),
        ["checkpoint text"] = (bytes => Chars(Checkpoint.Parse(Wide(bytes)).ToString()), ["o\n7\n" + new string('A', 43) + "=\nx\n"]),
        ["report"] = (
            bytes => SignedReport.Parse(bytes).ToArray(),
            [$"refold.report/v1\nn\nk\n{Hash.Compute("x"u8)}\n\n— n AAAAAAE=\n", BatchTreeVectors.Checkpoint]),
        ["proof"] = (
            bytes => TlogProof.Parse(bytes).ToArray(),
            [BatchTreeVectors.Proof, BatchTreeVectors.Proof.Replace("index", "extra YQ==\nindex", StringComparison.Ordinal)]),
        ["verifier key"] = (bytes => Chars(VerifierKey.Parse(Wide(bytes)).ToString()), [BatchTreeVectors.TextOf("vkey")]),
        ["public key"] = (bytes => Ignore(VerifierKey.FromPem("n", Wide(bytes))), [BatchTreeVectors.Key.ToPem()]),
        ["private key"] = (bytes => Ignore(Ed25519SigningKey.FromPem("n", Wide(bytes))), [BatchTreeVectors.Signer().ToPem()]),
    };

    [Theory]
    [MemberData(nameof(Parsers))]
    public void AnyBytes_AreReadAsTheyAreWritten_OrRefusedByTheTypedError(string parser)
    {
        var (parse, samples) = All[parser];
        var random = new Random(20261130);
        var read = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Make(random, samples);
            try
            {
                var written = parse(bytes);
                read++;
                Assert.True(written is null || written.AsSpan().SequenceEqual(bytes), $"written otherwise: {Convert.ToHexString(bytes)}");
            }
            catch (SigningFormatException exception)
            {
                Assert.StartsWith("malformed-", exception.Code, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', exception.Message);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{exception.GetType()} for {Convert.ToHexString(bytes)}");
            }
        }

        Assert.True(read > 0, "none of them was read: the samples are not what the parser reads");
    }

    // DER of every shape inside the frame of PEM: what the frame refuses is not tried alone.
    [Fact]
    public void AnyDerInPem_IsRefusedByTheTypedError()
    {
        var random = new Random(1);
        var der = Convert.FromBase64String(BatchTreeVectors.Signer().ToPem().Split('\n')[1]);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Mutate(random, der);
            foreach (var label in (string[])["PRIVATE KEY", "PUBLIC KEY"])
            {
                var pem = $"-----BEGIN {label}-----\n{Convert.ToBase64String(bytes)}\n-----END {label}-----\n";
                try
                {
                    _ = label == "PUBLIC KEY" ? Ignore(VerifierKey.FromPem("n", pem)) : Ignore(Ed25519SigningKey.FromPem("n", pem));
                }
                catch (SigningFormatException exception)
                {
                    Assert.Equal("malformed-key", exception.Code);
                }
            }
        }
    }

    private static byte[] Make(Random random, string[] samples)
    {
        var sample = Encoding.UTF8.GetBytes(samples[random.Next(samples.Length)]);
        switch (random.Next(8))
        {
            case 0:
                var any = new byte[random.Next(300)];
                random.NextBytes(any);
                return any;
            case 1:
                return sample;
            case 2:
                // Lines of the sample in another order, some twice, some not.
                var lines = Encoding.UTF8.GetString(sample).Split('\n');
                var drawn = Enumerable.Range(0, random.Next(12)).Select(_ => lines[random.Next(lines.Length)]);
                return Encoding.UTF8.GetBytes(string.Join('\n', drawn));
            default:
                return Mutate(random, sample);
        }
    }

    private static byte[] Mutate(Random random, byte[] sample)
    {
        List<byte> bytes = [.. sample];
        for (var change = random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(0, random.Next(bytes.Count))); break;
                default: bytes.Insert(at, " \n+=\r\0\u007f/"u8.ToArray()[random.Next(8)]); break;
            }
        }

        return [.. bytes];
    }

    // Strings of any characters, halves of surrogate pairs among them.
    private static string Wide(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return bytes.Length % 11 == 3 ? text.Insert(text.Length / 2, "\ud800") : text;
    }

    private static byte[]? Chars(string text) => text.Contains('\ufffd') ? null : Encoding.UTF8.GetBytes(text);

    private static byte[]? Ignore(object value)
    {
        Assert.NotNull(value);
        return null;
    }
}
