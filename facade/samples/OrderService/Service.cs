// The service: opens the journal, goes on with what was cut off, and answers POST /orders until it is told to stop.
// Called by Program.cs. Options: --journal, --version, --outside, --token, --timeout SECONDS, --urls.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refold;

namespace OrderService;

internal static class Service
{
    public static async Task<int> RunAsync(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var options = builder.Configuration;
        var version = options["version"] ?? "1.0.0";
        var timeout = TimeSpan.FromSeconds(options.GetValue("timeout", 5.0));
        using var outside = Outside.At(new Uri(options["outside"] ?? "http://localhost:5100"), options["token"] ?? "none", timeout);
        var place = PlaceOrder.Operation(outside);

        await using var journal = await Journal.OpenAsync(options["journal"] ?? "segments:orders");
        await using var run = await journal.StartOrResumeRunAsync(
            RunId.Create("orders-" + version), new RunPin("orders", "acme", version, seed: 42));
        foreach (var resumed in await run.ResumeOperationsAsync([place]))
            Console.WriteLine($"resumed {resumed.Operation} {resumed.Key}: {resumed.Error?.Message ?? "ended"}");

        await using var app = builder.Build();
        app.MapPost("/orders", (OrderRequest request) => AnswerAsync(run, place, request));
        await app.StartAsync();
        Console.WriteLine("listening on " + app.Urls.First());
        await app.WaitForShutdownAsync();
        return 0;
    }

    // An order goes on when the caller hangs up, who will ask for it again; so no token of the request's is handed on.
    private static async Task<IResult> AnswerAsync(Run run, Operation<OrderRequest, OrderAnswer> place, OrderRequest request)
    {
        if (!IsName(request.Id) || !IsName(request.Sku)) return Told(400, "An id and a sku have 1 to 64 letters, digits and hyphens.");
        try
        {
            var answer = await run.RunAsync(place, request.Id, request);
            return answer.Placed is { } placed ? Results.Ok(placed) : Told(422, answer.Refused);
        }
        catch (NotAppendedException exception) when (exception.Failure is AppendFailure.KeyReused)
        {
            return Told(409, "This id is that of another order.");
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return Told(503, "No answer from prices or payments: " + exception.Message + " Ask again with the same id.");
        }
    }

    private static IResult Told(int status, string? detail) => Results.Problem(detail, statusCode: status);

    private static bool IsName(string? text) =>
        text is { Length: >= 1 and <= 64 } && text.All(character => char.IsAsciiLetterOrDigit(character) || character == '-');
}
