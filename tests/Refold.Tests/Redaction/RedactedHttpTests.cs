// What is redacted of an exchange is not kept in another place of it: in headers, in addresses that they hold, in reasons and failures.
// Run by `dotnet test`.
using System.Net;
using System.Text;
using System.Text.Json;
using Refold.Tests.Operations;
using Xunit;
using static Refold.Tests.Redaction.Exchange;

namespace Refold.Tests.Redaction;

public class RedactedHttpTests
{
    // In no request before: only its name tells what it is.
    private const string Fresh = "fr3sh-0451";

    [Theory]
    [InlineData("HttpRequestException")]
    [InlineData("TaskCanceledException")]
    [InlineData("IOException")]
    public async Task WhatAnExchangeFailedWith_IsWrittenWithoutWhatIsRedacted(string type)
    {
        var message = $"no answer to http://shop.test/pay?token={Traces.Secret} nor to <http://shop.test/pay?token={Fresh}>";
        using var server = new Server(_ => throw type switch
        {
            "HttpRequestException" => new HttpRequestException(HttpRequestError.ConnectionError, message),
            "IOException" => new IOException(message),
            _ => new TaskCanceledException(message),
        });
        var recorded = await RecordedAsync(
            Of(server, ["?token"], client => SendAsync(client, "pay?token=" + Uri.EscapeDataString(Traces.Secret))));
        Assert.Contains("[redacted]", recorded, StringComparison.Ordinal);
        Assert.Empty(Traces.In(recorded));
        Assert.DoesNotContain(Fresh, recorded, StringComparison.Ordinal);
        if (type != "TaskCanceledException")
            Assert.Contains("no answer to http://shop.test/pay?token=[redacted] nor to", recorded, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Location", "/next?a=1&token=*&b=2", "/next?a=1&token=[redacted]&b=2")]
    [InlineData("Location", "next?token=* with a space&b=2", "next?token=[redacted]&b=2")]
    [InlineData("Location", "?token=*", "?token=[redacted]")]
    [InlineData("Location", "http://other.test/cb#a=1&token=*", "http://other.test/cb#a=1&token=[redacted]")]
    [InlineData("Location", "/cb#/route?token=*", "/cb#/route?token=[redacted]")]
    [InlineData("Location", "/cb?to%6Ben=*", "/cb?to%6Ben=[redacted]")]
    [InlineData("Location", "/cb?%74%6f%6B%65n=*", "/cb?%74%6f%6B%65n=[redacted]")]
    [InlineData("Location", "/cb;token=*?a=1", "/cb;token=[redacted]")]
    [InlineData("Content-Location", "/a;b=1;token=*", "/a;b=1;token=[redacted]")]
    [InlineData("Location", "/login?next=https%3A%2F%2Fshop.test%2Fcb%3Ftoken%3D*%26b%3D2&c=3",
        "/login?next=https%3A%2F%2Fshop.test%2Fcb%3Ftoken%3D[redacted]%26b%3D2&c=3")]
    [InlineData("Location", "/a?n=%2Fb%3Fn%3D%252Fc%253Fa%253D1%2526token%253D*%2526d%26e&f",
        "/a?n=%2Fb%3Fn%3D%252Fc%253Fa%253D1%2526token%253D[redacted]%2526d%26e&f")]
    [InlineData("Referer", "http://shop.test/?token=*", "http://shop.test/?token=[redacted]")]
    [InlineData("Link", "<http://shop.test/?token=*>; rel=\"next\", </x?b=1&token=*>; rel=prev",
        "<http://shop.test/?token=[redacted]>; rel=\"next\", </x?b=1&token=[redacted]>; rel=prev")]
    [InlineData("Refresh", "5; url=/next?token=*", "5; url=/next?token=[redacted]")]
    [InlineData("Refresh", "5;url=\"/next?token=*\"", "5;url=\"/next?token=[redacted]\"")]
    [InlineData("X-Urls", "/a?token=*, /b?token=*&c=1 /d", "/a?token=[redacted] /b?token=[redacted]&c=1 /d")]
    [InlineData("X-Json", "{\"url\":\"/a?token=a\\\"*\"}", "{\"url\":\"/a?token=[redacted]\"}")]
    [InlineData("Set-Cookie", "next=/a?token=*; Path=/", "next=/a?token=[redacted]; Path=/")]
    [InlineData("X-Other", "/a?tokens=1&atoken=2&token", "/a?tokens=1&atoken=2&token")]
    public async Task AnAddressInAHeader_IsWrittenWithoutNamedMembers_InRequestsAndAnswers(string header, string value, string written)
    {
        var sent = value.Replace("*", Fresh, StringComparison.Ordinal);
        using var answering = new Server(_ => Answer("{}", (header, sent)));
        using var plain = new Server(_ => Answer());
        var answered = await RecordedAsync(Of(answering, ["?token"], client => SendAsync(client, "x")));
        var asked = await RecordedAsync(Of(plain, ["?token"], client => SendAsync(client, "x", "{}", (header, sent))));
        foreach (var recorded in new[] { answered, asked })
        {
            Assert.DoesNotContain(Fresh, recorded, StringComparison.Ordinal);
            Assert.Contains($"{{\"Name\":\"{header}\"", recorded, StringComparison.Ordinal);
            Assert.Contains(
                written,
                recorded.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal),
                StringComparison.Ordinal);
        }

        // It would be found there.
        if (sent != value)
            Assert.Contains(Fresh, await RecordedAsync(Of(answering, [], client => SendAsync(client, "x"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheAddressOfARequest_IsWrittenWithoutNamedMembers_HoweverTheyAreEscaped()
    {
        using var server = new Server(_ => Answer());
        var recorded = await RecordedAsync(Of(server, ["?token"], client => SendAsync(
            client, $"a?x=1;token={Fresh}&to%6Ben={Fresh}&next=%2Fb%3Ftoken%3D{Fresh}&token=")));
        Assert.DoesNotContain(Fresh, recorded, StringComparison.Ordinal);
        Assert.Contains(
            "http://shop.test/a?x=1;token=[redacted]&token=[redacted]&next=%2Fb%3Ftoken%3D[redacted]&token=[redacted]", recorded,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsRedactedInOnePlace_IsHiddenInHeadersReasonsAndAddresses_OfTheExchangeAndLaterOnes()
    {
        using var server = new Server(request => request.RequestUri!.AbsolutePath == "/login"
            ? new HttpResponseMessage(HttpStatusCode.OK)
            {
                ReasonPhrase = "Welcome " + Fresh,
                Content = new StringContent("{\"token\":\"" + Fresh + "\"}"),
                Headers = { { "X-Session", "session " + Fresh } },
            }
            : Answer("{}", ("X-Echo", Fresh + " again")));
        var recorded = await RecordedAsync(Of(server, ["$.token"], async client =>
        {
            // The function goes on with what it was answered; in replay that is the mark.
            var answer = await SendAsync(client, "login");
            var token = answer.Split('"')[3];
            await SendAsync(client, "users/" + token + "/orders", null, ("X-Token", "is " + token));
            return "";
        }));
        Assert.DoesNotContain(Fresh, recorded, StringComparison.Ordinal);
        Assert.Contains("\"Reason\":\"Welcome [redacted]\"", recorded, StringComparison.Ordinal);
        Assert.Contains("session [redacted]", recorded, StringComparison.Ordinal);
        Assert.Contains("http://shop.test/users/[redacted]/orders", recorded, StringComparison.Ordinal);
        Assert.Contains("is [redacted]", recorded, StringComparison.Ordinal);
        Assert.Contains("[redacted] again", recorded, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARedirectThatIsFollowed_AsksTheSameInReplay()
    {
        using var server = new Server(request => request.RequestUri!.AbsolutePath == "/login"
            ? Answer("{}", ("Location", "http://shop.test/cb?code=" + Fresh + "&state=1"))
            : Answer("{\"in\":true}"));
        var recorded = await RecordedAsync(Of(server, ["?code"], async client =>
        {
            using var first = await client.GetAsync("login");
            return await SendAsync(client, first.Headers.Location!.ToString());
        }));
        Assert.DoesNotContain(Fresh, recorded, StringComparison.Ordinal);
        Assert.Contains("\"Uri\":\"http://shop.test/cb?code=[redacted]&state=1\"", recorded, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authorization", "Bearer *", "Authorization")]
    [InlineData("Authorization", "Token token=\"*\", nonce=\"1\"", "Authorization")]
    [InlineData("Cookie", "theme=dark; sid=*", "Cookie")]
    public async Task ThePartsOfANamedHeader_AreHiddenWhereTheyTurnUpAlone(string header, string value, string name)
    {
        using var server = new Server(_ => Answer("{}", ("X-Echo", "you are " + Fresh)));
        var recorded = await RecordedAsync(Of(server, [name], async client =>
        {
            await SendAsync(client, "x", null, (header, value.Replace("*", Fresh, StringComparison.Ordinal)));
            throw new InvalidOperationException("refused: " + Fresh);
        }));
        Assert.DoesNotContain(Fresh, recorded, StringComparison.Ordinal);
        Assert.Contains("refused: [redacted]", recorded, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheCredentialsOfBasic_AreHidden_AndAPasswordInsideBase64()
    {
        static string Basic(string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ada:" + password));
        using var server = new Server(_ => Answer());
        var named = await RecordedAsync(Of(server, ["Authorization"], async client =>
        {
            await SendAsync(client, "x", null, ("Authorization", Basic(Fresh)));
            throw new InvalidOperationException("refused: " + Fresh);
        }));
        Assert.Contains("refused: [redacted]", named, StringComparison.Ordinal);
        // Not named; but the password is known from another place.
        foreach (var user in new[] { "a", "ad", "ada" })
        {
            var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":" + Fresh + "!"));
            var met = await RecordedAsync(Of(server, ["?password"], client => SendAsync(
                client, "x?password=" + Fresh, null, ("X-Credentials", "Basic " + text))));
            Assert.Contains("Basic [redacted]\"", met, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("ab", "ba")]
    [InlineData("ba", "ab")]
    public async Task WhichBranchWasAhead_MakesNoDifference_InAnotherAttemptOrInReplay(string first, string then)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var sent = new List<string>();
        using var server = new Server(request =>
        {
            sent.Add(request.RequestUri!.PathAndQuery);
            return Answer();
        });
        Operation<string, string> Program(string order, string other = Fresh) => TextOperation.Of(async (fx, end) =>
        {
            foreach (var branch in order)
            {
                using var client = new HttpClient(fx.Branch(branch.ToString()).HttpHandler(server, "?token"), disposeHandler: false)
                {
                    BaseAddress = new Uri("http://shop.test/"),
                };
                await (branch == 'a'
                    ? SendAsync(client, "a?token=" + Fresh)
                    : SendAsync(client, $"b/{other}/c", "{}", ("X-B", other + " and " + other)));
            }

            return end == "fails" ? throw new InvalidOperationException(end) : end;
        });
        foreach (var order in new[] { first, then })
        {
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => run.RunAsync(Program(order), "k", "fails", CancellationToken.None));
        }

        Assert.Equal(2, sent.Count);
        await run.FinishAsync();
        await TextOperation.MatchesAsync(journal, Program(first));
        await TextOperation.MatchesAsync(journal, Program(then));
        // Another request is another one all the same.
        var report = await journal.ReplayAsync("run", Program(first, Fresh + "/more"));
        Assert.Contains("call 'http' 1", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverANetwork_ItIsInNoFile()
    {
        using var server = new Telling();
        using var directory = new TemporaryDirectory();
        foreach (var redacts in new[] { true, false })
        {
            await using var journal = Journal.Open("segments:" + directory.File(redacts ? "redacted" : "open"));
            await using (var run = await Shop.StartAsync(journal))
            {
                string[] redact = redacts ? ["?token", "$.token"] : [];
                var operation = TextOperation.Of(async (fx, _) =>
                {
                    using var client = new HttpClient(fx.HttpHandler(redact: redact)) { BaseAddress = server.Address };
                    await SendAsync(client, "x?token=" + Uri.EscapeDataString(Traces.Secret));
                    return "";
                });
                await run.RunAsync(operation, "k", "in", CancellationToken.None);
                await run.FinishAsync();
                await TextOperation.MatchesAsync(journal, operation);
            }

            Assert.Equal(redacts, !Traces.InOpenFiles(directory.File(redacts ? "redacted" : "open")).Any());
        }
    }

    // Says again what it was asked, wherever an answer has room for it.
    private sealed class Telling : LoopbackServer
    {
        protected override async Task ConverseAsync(Stream stream, StreamReader reader)
        {
            while (await reader.ReadLineAsync(End) is { Length: > 0 } asked)
            {
                while (await reader.ReadLineAsync(End) is { Length: > 0 })
                {
                    // Nothing of the other lines matters, and there is no body.
                }

                var escaped = asked.Split(' ')[1].Split('=')[1];
                var secret = Uri.UnescapeDataString(escaped);
                var body = JsonSerializer.Serialize(new Dictionary<string, string> { ["token"] = secret });
                await stream.WriteAsync(
                    Encoding.Latin1.GetBytes(
                        $"HTTP/1.1 200 Hello {secret}\r\nLocation: /next?token={escaped}\r\nX-Echo: {secret}\r\nX-Basic: "
                        + Convert.ToBase64String(Encoding.UTF8.GetBytes("a:" + secret))
                        + $"\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"),
                    End);
            }
        }
    }
}
