// The service: its host opens the journal, goes on with what was cut off, and answers POST /orders until it is told to stop.
// Called by Program.cs. Options: --journal, --version, --outside, --token, --timeout SECONDS, --stop-within SECONDS, --worker,
// --telemetry true (to the console), --urls.
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
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
        var outside = new Uri(options["outside"] ?? "http://localhost:5100");
        builder.Services.Configure<HostOptions>(
            host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.GetValue("stop-within", 30.0)));
        builder.Services.AddSingleton(Outside.At(outside, options["token"] ?? "none", timeout));
        var refold = builder.Services.AddRefold()
            .UseJournal(options["journal"] ?? "segments:orders")
            .AddAggregate(Order.Aggregate)
            .AddOperation(services => PlaceOrder.Operation(services.GetRequiredService<HttpClient>()))
            .AddRun(new RunPin("orders", "acme", version, seed: 42))
            .AddHealthCheck();
        // Without a worker, shipments wait in the journal for one.
        if (options["worker"] is { } address)
        {
            var worker = new HttpClient { BaseAddress = new Uri(address) };
            refold.AddDispatcher(Order.Shipments, (_, message, token) => ShipAsync(worker, message, token));
        }

        if (options.GetValue("telemetry", false))
        {
            builder.Services.AddOpenTelemetry()
                // With those of requests, which come first: where they are not kept, nothing within them is.
                .WithTracing(tracing => tracing
                    .AddSource("Microsoft.AspNetCore", RefoldTelemetry.ActivitySourceName)
                    .AddConsoleExporter())
                .WithMetrics(metrics => metrics.AddMeter(RefoldTelemetry.MeterName).AddConsoleExporter());
        }

        await using var app = builder.Build();
        app.MapPost("/orders", AnswerAsync);
        app.MapHealthChecks("/health");
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop before it answers: what it went on with waits for the next start.
            return 0;
        }

        foreach (var resumed in app.Services.GetRequiredService<HostedRun>().Resumed)
            Console.WriteLine($"resumed {resumed.Operation} {resumed.Key}: {resumed.Error?.Message ?? "ended"}");
        Console.WriteLine("listening on " + app.Urls.First());
        await app.WaitForShutdownAsync();
        return 0;
    }

    // An order goes on when the caller hangs up, who will ask for it again; so no token of the request's is handed on.
    private static async Task<IResult> AnswerAsync(OrderRequest request, Run run, Operation<OrderRequest, OrderAnswer> place)
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
        catch (OperationCutOffException)
        {
            return Told(503, "The service stops. Ask again with the same id.");
        }
    }

    private static async Task ShipAsync(HttpClient worker, OutboxMessage<Shipment> message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "shipments")
        {
            Content = JsonContent.Create(message.Message, OrderJson.Default.Shipment),
            Headers = { { Worker.IdHeader, message.Id.ToString("D") } },
        };
        using var response = await worker.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static IResult Told(int status, string? detail) => Results.Problem(detail, statusCode: status);

    private static bool IsName(string? text) =>
        text is { Length: >= 1 and <= 64 } && text.All(character => char.IsAsciiLetterOrDigit(character) || character == '-');
}
