// HTTP of operations: recorded, replayed without a network, tried again after failures, redacted before anything is written.
// Run by `dotnet test`.
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Operations;

public class OperationHttpTests
{
    private const string Secret = "s3cr3t-token-0451";
    private static readonly CancellationToken ct = CancellationToken.None;

    private sealed class Server(Func<HttpRequestMessage, int, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(request, ++Requests, cancellationToken);
    }

    private static Server Answering(params (HttpStatusCode Status, string Body)[] answers) => new((_, number, _) =>
    {
        var (status, body) = answers[Math.Min(number, answers.Length) - 1];
        return Task.FromResult(new HttpResponseMessage(status)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
            Headers = { ETag = new EntityTagHeaderValue("\"1\"") },
        });
    });

    private static Operation<string, string> Of(
        Func<HttpClient, string, Task<string>> use, HttpMessageHandler outside, params string[] redact) =>
        Operation.Create("op", ShopJson.Default.String, ShopJson.Default.String, async (fx, input) =>
        {
            using var client = new HttpClient(fx.HttpHandler(outside, redact), disposeHandler: false)
            {
                BaseAddress = new Uri("http://shop.test/"),
                // Nobody waits so long: only one test lets it pass.
                Timeout = TimeSpan.FromMinutes(1),
            };
            return await use(client, input);
        });

    private static async Task<string> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return (int)response.StatusCode + " " + response.Headers.ETag + " " + response.Content.Headers.ContentType + " "
            + await response.Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task AnExchange_IsRecorded_AndReplayedWithoutANetwork()
    {
        await using var journal = new InMemoryJournal();
        using var server = Answering((HttpStatusCode.OK, "{\"price\":10}"));
        await using var run = await Shop.StartAsync(journal);
        var answer = await run.RunAsync(Of(GetAsync, server), "k", "price?sku=1", ct);
        Assert.Equal("200 \"1\" application/json; charset=utf-8 {\"price\":10}", answer);
        await run.FinishAsync();

        using var none = new Server((_, _, _) => throw new InvalidOperationException("network"));
        var report = await journal.ReplayAsync("run", Of(GetAsync, none));
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(0, none.Requests);

        var changed = await journal.ReplayAsync("run", Of((client, path) => GetAsync(client, path + "&more=1"), none));
        Assert.Equal((DivergenceCause.UnrecordedInput, "/data/input/data/Uri"), (changed.Divergence!.Cause, changed.Divergence.Path));
        Assert.Contains("call 'http' 1", changed.Divergence.Actual, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status", "503")]
    [InlineData("refused", "HttpRequestException: ConnectionError refused")]
    [InlineData("time-out", "TaskCanceledException: TimeoutException")]
    public async Task AFailure_IsTheSameLiveAndReplayed_AndARetrySendsAgain(string kind, string said)
    {
        await using var journal = new InMemoryJournal();
        using var server = new Server(async (_, number, token) =>
        {
            if (number > 1) return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("fine") };
            if (kind == "refused") throw new HttpRequestException(HttpRequestError.ConnectionError, "refused");
            if (kind == "time-out") await Task.Delay(Timeout.Infinite, token);
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("busy") };
        });
        var told = new List<string>();
        var operation = Of(
            async (client, path) =>
            {
                if (kind == "time-out") client.Timeout = TimeSpan.FromSeconds(2);
                try
                {
                    using var response = await client.GetAsync(path);
                    if (response.IsSuccessStatusCode) return await response.Content.ReadAsStringAsync();
                    told.Add(((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture));
                }
                catch (HttpRequestException exception)
                {
                    told.Add($"HttpRequestException: {exception.HttpRequestError} {exception.Message}");
                }
                catch (TaskCanceledException exception)
                {
                    told.Add($"TaskCanceledException: {exception.InnerException?.GetType().Name}");
                }

                throw new InvalidOperationException("not answered");
            },
            server);
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(operation, "k", "x", ct));
        Assert.Equal([said], told);
        Assert.Equal("fine", await run.RunAsync(operation, "k", "x", ct));
        Assert.Equal(2, server.Requests);
        await run.FinishAsync();
        var report = await journal.ReplayAsync("run", operation);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal([said, said], told);
        Assert.Equal(2, server.Requests);
    }

    [Fact]
    public async Task AnAnswerThatIsRecorded_IsReturned_AlsoWhereTheTimeOfTheClientIsOverByThen()
    {
        await using var memory = new InMemoryJournal();
        using var late = new CancellationTokenSource();
        // The run's start, the operation's, and the answer.
        var journal = new StagedJournal(memory)
        {
            Before = number =>
            {
                if (number == 3) late.Cancel();
                return null;
            },
        };
        using var server = Answering((HttpStatusCode.OK, "fine"));
        var operation = Of((client, path) => client.GetStringAsync(path, late.Token), server);
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal("fine", await run.RunAsync(operation, "k", "x", ct));
        Assert.True(late.IsCancellationRequested);
        await run.FinishAsync();
        var report = await memory.ReplayAsync("run", operation);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task ASharedClient_TakesTheOperationFromTheRequest_AndRefusesOneWithout()
    {
        await using var journal = new InMemoryJournal();
        using var server = Answering((HttpStatusCode.OK, "1"));
        using var client = new HttpClient(new OperationHttpHandler { InnerHandler = server })
        {
            BaseAddress = new Uri("http://shop.test/"),
        };
        var operation = Operation.Create("op", ShopJson.Default.String, ShopJson.Default.String, async (fx, input) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, input) { Content = new StringContent("body") };
            request.Options.Set(OperationContext.HttpOption, fx);
            using var response = await client.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        });
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal("1", await run.RunAsync(operation, "k", "x", ct));
        await run.FinishAsync();
        Assert.True((await journal.ReplayAsync("run", operation)).Matched);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetAsync("x"));
        Assert.Contains("OperationContext.HttpOption", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsRedactedInRequests_IsInNoFile_AndReplayMatches()
    {
        using var directory = new TemporaryDirectory();
        using var server = Answering((HttpStatusCode.OK, "{}"));
        var operation = Of(
            async (client, path) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, path + "?token=" + Secret)
                {
                    Content = new StringContent("{\"card\":{\"number\":\"" + Secret + "\"},\"items\":[{\"pin\":\"" + Secret + "\"}]}"),
                };
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Secret);
                using var response = await client.SendAsync(request);
                throw new InvalidOperationException($"{request.RequestUri} {request.Headers.Authorization}");
            },
            server, "Authorization", "?token", "$.card.number", "$.items[*].pin");
        await using (var journal = Journal.Open(directory.Journal()))
        {
            await using var run = await Shop.StartAsync(journal);
            await Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(operation, "k", "pay", ct));
            await run.FinishAsync();
            Assert.True((await journal.ReplayAsync("run", operation)).Matched);
            var changed = await journal.ReplayAsync("run", Of(
                (_, _) => throw new InvalidOperationException("another"), server));
            Assert.DoesNotContain(Secret, changed.ToString() + string.Join('\n', changed.Findings), StringComparison.Ordinal);
        }

        AssertNowhere(directory);
    }

    [Fact]
    public async Task WhatIsRedactedInAnswers_IsInNoFile_AndTheOperationIsNotTriedAgain_NorCalledADifference()
    {
        using var directory = new TemporaryDirectory();
        using var server = Answering((HttpStatusCode.OK, "{\"token\":\"" + Secret + "\"}"), (HttpStatusCode.OK, "{}"));
        var seen = new List<string>();
        var operation = Of(
            async (client, path) =>
            {
                var answer = await client.GetStringAsync(path);
                seen.Add(answer);
                if (answer.Contains(Secret, StringComparison.Ordinal)) throw new InvalidOperationException("live: " + answer);
                return "other";
            },
            server, "$.token");
        await using (var journal = Journal.Open(directory.Journal()))
        {
            await using var run = await Shop.StartAsync(journal);
            await Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(operation, "k", "login", ct));
            Assert.Contains(Secret, seen[0], StringComparison.Ordinal);
            await Assert.ThrowsAsync<OperationRedactedException>(() => run.RunAsync(operation, "k", "login", ct));
            await run.FinishAsync();
            var report = await journal.ReplayAsync("run", operation);
            Assert.Equal(ReplayVerdict.Incomplete, report.Verdict);
            Assert.Contains(
                report.Findings, finding => finding.Contains("without it, first at position ", StringComparison.Ordinal));
            Assert.DoesNotContain(Secret, report.ToString() + string.Join('\n', report.Findings), StringComparison.Ordinal);
        }

        AssertNowhere(directory);
    }

    [Theory]
    [InlineData("{\"token\":1,\"token\":\"" + Secret + "\"}")]
    [InlineData("token=" + Secret)]
    [InlineData("{\"a\":[{\"token\":\"" + Secret + "\"}]} ")]
    public async Task ABodyInWhichAPathMayHide_IsNotWritten(string body)
    {
        using var directory = new TemporaryDirectory();
        using var server = Answering((HttpStatusCode.OK, body));
        var operation = Of(
            async (client, path) =>
            {
                using var content = new StringContent(body);
                using var response = await client.PostAsync(path, content);
                return (await response.Content.ReadAsStringAsync()).Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
            },
            server, "$.token", "$.a[*].token");
        await using (var journal = Journal.Open(directory.Journal()))
        {
            await using var run = await Shop.StartAsync(journal);
            await run.RunAsync(operation, "k", "x", ct);
            await run.FinishAsync();
        }

        AssertNowhere(directory);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("$.a..b")]
    [InlineData("$.a[0]")]
    [InlineData("?")]
    public void WhatNamesNothing_IsRefused(string item) => Assert.ThrowsAny<ArgumentException>(() => new OperationHttpHandler(item));

    // Byte by byte, as it is and in the forms that payloads have.
    private static void AssertNowhere(TemporaryDirectory directory)
    {
        var files = Directory.GetFiles(directory.Root, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        byte[][] forms =
        [
            Encoding.UTF8.GetBytes(Secret), Encoding.Unicode.GetBytes(Secret),
            .. Enumerable.Range(0, 3).Select(shift =>
            {
                // Base64 of it at each of the three places in a group of three bytes, without what its neighbours have a part in.
                var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string(' ', shift) + Secret));
                return Encoding.UTF8.GetBytes(text[(shift == 0 ? 0 : 4)..^4]);
            }),
        ];
        foreach (var file in files)
        {
            var bytes = File.ReadAllBytes(file);
            Assert.All(forms, form => Assert.Equal(-1, bytes.AsSpan().IndexOf(form)));
        }
    }
}
