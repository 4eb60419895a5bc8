// A server on loopback that speaks a few lines of HTTP: a listener of the platform answers politely where it is told to break off.
// Derived from by FlakyOutside, and by the model of AgentLoopTests.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Refold.Suites;

internal abstract class LoopbackServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly Task listening;

    protected LoopbackServer()
    {
        listener.Start();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{listener.LocalEndpoint}/"));
        listening = Task.Run(ListenAsync);
    }

    /// <summary>Where it is.</summary>
    public Uri Address { get; }

    /// <summary>Cancelled when the case is over.</summary>
    protected CancellationToken End => end.Token;

    public void Dispose()
    {
        end.Cancel();
        listening.Wait();
        listener.Stop();
        end.Dispose();
    }

    /// <summary>Answers requests over one connection; it is dropped when this returns. Called after the constructor of what is derived may
    /// still be running: nothing asks before it is told <see cref="Address"/>.</summary>
    /// <param name="stream">Where answers go.</param>
    /// <param name="reader">Where requests come from.</param>
    protected abstract Task ConverseAsync(Stream stream, StreamReader reader);

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                var connection = await listener.AcceptTcpClientAsync(end.Token);
                _ = Task.Run(() => ServeAsync(connection));
            }
        }
        catch (OperationCanceledException)
        {
            // The case is over.
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        try
        {
            using var _ = connection;
            connection.NoDelay = true;
            var stream = connection.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1);
            await ConverseAsync(stream, reader);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // Whoever asked is gone, or the case is over.
        }
    }
}
