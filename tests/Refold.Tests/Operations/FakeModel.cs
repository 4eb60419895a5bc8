// A model over HTTP on loopback that says what it is told to, one thing after the other, and counts.
// Asked by the processes of AgentLoopTests.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AgentLoop;

namespace Refold.Tests.Operations;

internal sealed class FakeModel : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly Said[] script;
    private readonly Task listening;
    private readonly TaskCompletionSource heldOne = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A model that says the next thing to each longer conversation.</summary>
    public FakeModel(params Said[] script)
    {
        this.script = script;
        listener.Start();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{listener.LocalEndpoint}/"));
        listening = Task.Run(ListenAsync);
    }

    public Uri Address { get; }

    /// <summary>The number of the turn that is not answered; 0 for none.</summary>
    public int Holds { get; set; }

    /// <summary>Done when a turn is asked that is not answered.</summary>
    public Task HeldOne => heldOne.Task;

    /// <summary>The turns that were asked, by their numbers.</summary>
    public List<int> Asked { get; } = [];

    public void Dispose()
    {
        end.Cancel();
        listening.Wait();
        listener.Stop();
        end.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                var connection = await listener.AcceptTcpClientAsync(end.Token);
                _ = Task.Run(() => ConverseAsync(connection));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ConverseAsync(TcpClient connection)
    {
        try
        {
            using var _ = connection;
            var stream = connection.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1);
            while (await ReadAsync(reader) is { } body)
            {
                // Each turn adds what the model said, and what came of it.
                var turn = (JsonSerializer.Deserialize(body, AgentJson.Default.Turn)!.Messages.Count / 2) - 1;
                lock (Asked) Asked.Add(turn + 1);
                if (turn + 1 == Holds)
                {
                    heldOne.TrySetResult();
                    await Task.Delay(Timeout.Infinite, end.Token);
                }

                var said = JsonSerializer.Serialize(script[turn], AgentJson.Default.Said);
                await stream.WriteAsync(
                    Encoding.Latin1.GetBytes(string.Create(
                        CultureInfo.InvariantCulture,
                        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {said.Length}\r\n\r\n{said}")),
                    end.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // Whoever asked is gone, or the test is over.
        }
    }

    // The body of a request, of a known length or in chunks; null where nobody asks any more.
    private async Task<string?> ReadAsync(StreamReader reader)
    {
        if (await reader.ReadLineAsync(end.Token) is not { Length: > 0 }) return null;
        var length = -1;
        while (await reader.ReadLineAsync(end.Token) is { Length: > 0 } line)
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(line[15..], CultureInfo.InvariantCulture);
        }

        if (length >= 0) return await ReadAsync(reader, length);
        var body = new StringBuilder();
        while (int.Parse((await reader.ReadLineAsync(end.Token))!, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            is > 0 and var part)
        {
            body.Append(await ReadAsync(reader, part));
            await reader.ReadLineAsync(end.Token);
        }

        await reader.ReadLineAsync(end.Token);
        return body.ToString();
    }

    private async Task<string> ReadAsync(StreamReader reader, int length)
    {
        var read = new char[length];
        await reader.ReadBlockAsync(read, end.Token);
        return new string(read);
    }
}
