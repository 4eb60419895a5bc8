// A model to try the sample with: it looks up one word, notes it, and answers. `dotnet run -- stub --model http://localhost:5100/`.
// Called by Program.cs; ends with Ctrl+C.
using System.Net;
using System.Text.Json;

namespace AgentLoop;

internal static class Stub
{
    /// <summary>Answers turns at an address, until the process is ended.</summary>
    public static async Task<int> RunAsync(Uri address)
    {
        using var listener = new HttpListener { Prefixes = { address.ToString() } };
        listener.Start();
        Console.WriteLine($"a model answers at {address}");
        while (true)
        {
            var exchange = await listener.GetContextAsync();
            var turn = await JsonSerializer.DeserializeAsync(exchange.Request.InputStream, AgentJson.Default.Turn);
            var said = turn is { Messages.Count: >= 2 } ? Next(turn.Messages) : new Said("Ask something.", null);
            var body = JsonSerializer.SerializeToUtf8Bytes(said, AgentJson.Default.Said);
            exchange.Response.ContentType = "application/json";
            await exchange.Response.OutputStream.WriteAsync(body);
            exchange.Response.Close();
        }
    }

    // The system, the question; then what it said and what came of it, turn by turn.
    private static Said Next(List<Message> messages) => messages.Count switch
    {
        2 => new Said(messages[1].Text.TrimEnd('?').Split(' ')[^1], "look_up"),
        4 => new Said(messages[3].Text, "note"),
        _ => new Said("As I noted: " + messages[3].Text, null),
    };
}
