// Exchanges of an operation over HTTP with a server that is made up, and what is recorded of them.
// Used by RedactedHttpTests and RedactedBodyTests.
using System.Net;
using System.Text;
using Refold.Tests.Operations;
using Xunit;

namespace Refold.Tests.Redaction;

internal static class Exchange
{
    public static Operation<string, string> Of(HttpMessageHandler outside, string[] redact, Func<HttpClient, Task<string>> use) =>
        TextOperation.Of(async (fx, _) =>
        {
            using var client = new HttpClient(fx.HttpHandler(outside, redact), disposeHandler: false)
            {
                BaseAddress = new Uri("http://shop.test/"),
            };
            return await use(client);
        });

    public static async Task<string> SendAsync(
        HttpClient client, string address, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        if (body is not null) request.Content = new StringContent(body);
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content!.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    public static async Task<string> Quietly(Task<string> sent)
    {
        await sent;
        return "";
    }

    public static HttpResponseMessage Answer(string body = "{}", params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body) };
        foreach (var (name, value) in headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value)) response.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }

    /// <summary>Everything that is recorded of an attempt, which may fail, and what its replay says.</summary>
    public static async Task<string> RecordedAsync(Operation<string, string> operation, ReplayVerdict? verdict = ReplayVerdict.Matched)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await Record.ExceptionAsync(() => run.RunAsync(operation, "k", "in", CancellationToken.None));
        await run.FinishAsync();
        var report = await journal.ReplayAsync("run", operation);
        if (verdict is not null) Assert.Equal((verdict, report.ToString()), (report.Verdict, report.ToString()));
        var entries = journal.ReadStream("$fx/run").Select(entry => Encoding.UTF8.GetString(entry.Payload.Span));
        return string.Join('\n', entries.Append(report.ToString()).Concat(report.Findings))
            .Replace("\\u0026", "&", StringComparison.Ordinal)
            .Replace("\\u003C", "<", StringComparison.Ordinal).Replace("\\u003E", ">", StringComparison.Ordinal)
            .Replace("\\u0022", "\"", StringComparison.Ordinal).Replace("\\u0027", "'", StringComparison.Ordinal)
            .Replace("\\u002B", "+", StringComparison.Ordinal);
    }

    public sealed class Server(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
