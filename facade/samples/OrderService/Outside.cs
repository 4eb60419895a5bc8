// The client of everything outside: one for all operations, which records what it exchanges.
// Made by Service.cs over the network, by Replaying.cs over none.
using System.Net.Http.Headers;
using Refold;

namespace OrderService;

public static class Outside
{
    /// <summary>What requests are recorded with, wherever the services lie: another address makes no other request.</summary>
    private static readonly Uri Name = new("http://outside/");

    /// <summary>A client that sends to an address.</summary>
    public static HttpClient At(Uri address, string token, TimeSpan timeout)
    {
        var client = Over(new Addressed(address) { InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false } }, token);
        client.Timeout = timeout;
        return client;
    }

    /// <summary>A client for replay: everything is answered from the record, and what is not there is not sent.</summary>
    public static HttpClient Nowhere() => Over(new NoNetwork(), "none");

    // The token is needed to send, and in no file of the journal.
    private static HttpClient Over(HttpMessageHandler inner, string token) =>
        new(new OperationHttpHandler("Authorization") { InnerHandler = inner })
        {
            BaseAddress = Name,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };

    private sealed class Addressed(Uri address) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(address, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class NoNetwork : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"A replay sends nothing, and this would have been sent: {request.RequestUri}");
    }
}
