// A model over HTTP on loopback that says what it is told to, one thing after the other, and counts.
// Asked by the processes of AgentLoopTests.
using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentLoop;

namespace Refold.Tests.Operations;

/// <param name="script">What it says, the next thing to each longer conversation.</param>
internal sealed class FakeModel(params Said[] script) : LoopbackServer
{
    private readonly TaskCompletionSource heldOne = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The number of the turn that is not answered; 0 for none.</summary>
    public int Holds { get; set; }

    /// <summary>Done when a turn is asked that is not answered.</summary>
    public Task HeldOne => heldOne.Task;

    /// <summary>The turns that were asked, by their numbers.</summary>
    public List<int> Asked { get; } = [];

    protected override async Task ConverseAsync(Stream stream, StreamReader reader)
    {
        while (await ReadAsync(reader) is { } body)
        {
            // Each turn adds what the model said, and what came of it.
            var turn = (JsonSerializer.Deserialize(body, AgentJson.Default.Turn)!.Messages.Count / 2) - 1;
            lock (Asked) Asked.Add(turn + 1);
            if (turn + 1 == Holds)
            {
                heldOne.TrySetResult();
                await Task.Delay(Timeout.Infinite, End);
            }

            var said = JsonSerializer.Serialize(script[turn], AgentJson.Default.Said);
            await stream.WriteAsync(
                Encoding.Latin1.GetBytes(string.Create(
                    CultureInfo.InvariantCulture,
                    $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {said.Length}\r\n\r\n{said}")),
                End);
        }
    }

    // The body of a request, of a known length or in chunks; null where nobody asks any more.
    private async Task<string?> ReadAsync(StreamReader reader)
    {
        if (await reader.ReadLineAsync(End) is not { Length: > 0 }) return null;
        var length = -1;
        while (await reader.ReadLineAsync(End) is { Length: > 0 } line)
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(line[15..], CultureInfo.InvariantCulture);
        }

        if (length >= 0) return await ReadAsync(reader, length);
        var body = new StringBuilder();
        while (int.Parse((await reader.ReadLineAsync(End))!, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            is > 0 and var part)
        {
            body.Append(await ReadAsync(reader, part));
            await reader.ReadLineAsync(End);
        }

        await reader.ReadLineAsync(End);
        return body.ToString();
    }

    private async Task<string> ReadAsync(StreamReader reader, int length)
    {
        var read = new char[length];
        await reader.ReadBlockAsync(read, End);
        return new string(read);
    }
}
