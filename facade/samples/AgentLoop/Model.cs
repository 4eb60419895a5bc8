// Where the model is: requests are recorded with a name that stays, and sent to an address that may change.
// Made by Program.cs.
namespace AgentLoop;

public static class Model
{
    /// <summary>What requests are recorded with.</summary>
    public static Uri Name { get; } = new("http://model/");

    /// <summary>Sends to an address.</summary>
    public static HttpMessageHandler At(Uri address, string key) => new Addressed(address, key) { InnerHandler = new SocketsHttpHandler() };

    /// <summary>For replay: nothing is sent.</summary>
    public static HttpMessageHandler Nowhere() => new NoNetwork();

    private sealed class Addressed(Uri address, string key) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // Below what records: the key is in no file of the journal.
            request.RequestUri = new Uri(address, request.RequestUri!.PathAndQuery);
            request.Headers.Authorization = new("Bearer", key);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class NoNetwork : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"A replay sends nothing, and this would have been sent: {request.RequestUri}");
    }
}
