// Of a body in which something is redacted no length and no hash is kept, in no header of either message.
// Run by `dotnet test`.
using System.Security.Cryptography;
using System.Text;
using Xunit;
using static Refold.Tests.Redaction.Exchange;

namespace Refold.Tests.Redaction;

public class RedactedBodyTests
{
    private static IEnumerable<(string Name, string Value)> Told(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
#pragma warning disable CA5350, CA5351
        var (md5, sha1) = (MD5.HashData(bytes), SHA1.HashData(bytes));
#pragma warning restore CA5350, CA5351
        var (sha256, sha512) = (SHA256.HashData(bytes), SHA512.HashData(bytes));
        var length = bytes.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return
        [
            ("Content-Length", length), ("X-Uncompressed-Length", length), ("X-Count", length), ("X-Object-Size", length),
            ("Content-Range", "bytes 0-" + (bytes.Length - 1) + "/" + length),
            ("Content-MD5", Convert.ToBase64String(md5)), ("ETag", "\"" + Convert.ToHexStringLower(md5) + "\""),
            ("Digest", "SHA-256=" + Convert.ToBase64String(sha256)),
            ("Content-Digest", "sha-512=:" + Convert.ToBase64String(sha512) + ":"),
            ("Repr-Digest", "sha-256=:" + Convert.ToBase64String(sha256) + ":"),
            ("x-goog-hash", "md5=" + Convert.ToBase64String(md5)), ("x-amz-content-sha256", Convert.ToHexStringLower(sha256)),
            ("x-amz-checksum-sha1", Convert.ToBase64String(sha1)), ("X-Hub-Signature-256", "sha256=" + Convert.ToHexString(sha256)),
            ("X-Of", "it is " + Convert.ToHexString(sha1)), ("X-Is", Convert.ToBase64String(sha512).Replace('+', '-').Replace('/', '_')),
            ("X-At", "/blobs/" + Convert.ToBase64String(md5).TrimEnd('=')),
        ];
    }

    private static List<string> Kept(string recorded, string body) =>
    [
        .. Told(body).SelectMany(told => told.Value.Split(' ', '"', ':', '=', '/')).Where(part => part.Length > 20).Append(body)
            .Where(part => recorded.Contains(part, StringComparison.Ordinal)),
        .. Told(body).Take(5).Where(told => recorded.Contains($"\"{told.Value}\"", StringComparison.Ordinal)).Select(told => told.Name),
    ];

    [Theory]
    [InlineData("{\"card\":{\"number\":\"4929 0451 1234\"},\"for\":\"a book\"}")]
    [InlineData("no JSON at all: 4929 0451 1234")]
    public async Task LengthsAndHashesOfABodyInWhichSomethingIsRedacted_AreNotKept_InRequestsAndAnswers(string body)
    {
        using var answering = new Server(_ => Answer(body, [.. Told(body).Append(("X-Kept", "kept"))]));
        using var plain = new Server(_ => Answer());
        Func<HttpClient, Task<string>> ask = client => Quietly(SendAsync(client, "x"));
        Func<HttpClient, Task<string>> give = client => SendAsync(client, "x", body, [.. Told(body).Append(("X-Kept", "kept"))]);
        foreach (var (server, use) in new[] { (answering, ask), (plain, give) })
        {
            var recorded = await RecordedAsync(Of(server, ["$.card.number"], use), verdict: null);
            Assert.Empty(Kept(recorded, body));
            foreach (var (name, _) in Told(body))
                Assert.Contains($"{{\"Name\":\"{name}\",\"Values\":[\"", recorded, StringComparison.Ordinal);
            Assert.Contains("[\"kept\"]", recorded, StringComparison.Ordinal);
            Assert.Contains("/blobs/[redacted]", recorded, StringComparison.Ordinal);
            // They are where nothing of the body is redacted.
            var whole = await RecordedAsync(Of(server, ["$.nothing", "X-Nothing"], use));
            if (body[0] == '{') Assert.True(Kept(whole, body).Count > 10, whole);
        }
    }

    [Fact]
    public async Task AHashOfWhatARequestHeld_IsNotKeptOfItsAnswer_NorSentBack()
    {
        const string body = "{\"card\":{\"number\":\"4929 0451 1234\"}}";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        using var server = new Server(request => request.Method == HttpMethod.Get
            ? Answer(body, ("ETag", "\"kept-by-the-server-7\""))
            : Answer("{}", ("ETag", $"\"{hash}\""), ("Content-Length", "2")));
        var recorded = await RecordedAsync(
            Of(server, ["$.card.number"], async client =>
            {
                await SendAsync(client, "x", body);
                using var got = await client.GetAsync("x");
                await SendAsync(client, "x", null, ("If-None-Match", "\"kept-by-the-server-7\""));
                return "";
            }),
            verdict: null);
        Assert.DoesNotContain(hash, recorded, StringComparison.Ordinal);
        Assert.DoesNotContain("kept-by-the-server-7", recorded, StringComparison.Ordinal);
        // Of a body that stands there as it was.
        Assert.Contains("{\"Name\":\"Content-Length\",\"Values\":[\"2\"]}", recorded, StringComparison.Ordinal);
    }
}
