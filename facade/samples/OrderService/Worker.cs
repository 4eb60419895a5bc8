// The worker: a service with a journal of its own, that packs what is sent to it. A shipment comes at least once, and is packed once.
// Called by Program.cs. Options: --journal, --urls.
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refold;

namespace OrderService;

public sealed record Packed(string Sku, int Quantity, Guid Payment);

/// <summary>A parcel, whose name is the id of the message that asked for it: a message that comes again finds it packed.</summary>
public static class Parcel
{
    public static Aggregate<bool, Shipment, Packed, string> Aggregate { get; } = Refold.Aggregate.Create(
        "parcel",
        false,
        Decide,
        (_, _) => true,
        Codec.Json(ParcelJson.Default.Shipment, "pack"),
        Codec.Json(ParcelJson.Default.Packed, "packed"),
        Codec.Text("not-packed"),
        Codec.Json(ParcelJson.Default.Boolean, "parcel-state"));

    private static Decision<Packed, string> Decide(Step step, bool isPacked, Shipment shipment) =>
        isPacked ? "packed before" : new Packed(shipment.Sku, shipment.Quantity, shipment.Payment);
}

internal static class Worker
{
    /// <summary>The header with the message's id.</summary>
    public const string IdHeader = "Idempotency-Key";

    public static async Task<int> RunAsync(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ParcelJson.Default));
        builder.Services.AddRefold()
            .UseJournal(builder.Configuration["journal"] ?? "segments:parcels")
            .AddAggregate(Parcel.Aggregate)
            .AddRun(new RunPin("parcels", "acme", "1.0.0", seed: 42));
        await using var app = builder.Build();
        app.MapPost("/shipments", PackAsync);
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop before it answers: what it went on with waits for the next start.
            return 0;
        }

        Console.WriteLine("listening on " + app.Urls.First());
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static async Task<IResult> PackAsync(
        HttpRequest request, Shipment shipment, AggregateStreams<bool, Shipment, Packed, string> parcels)
    {
        if (!Guid.TryParse(request.Headers[IdHeader], out var id)) return Results.BadRequest();
        var result = await parcels.ExecuteAsync($"parcel/{id:D}", shipment);
        // Both are a yes: the sender may forget the message.
        return Results.Ok(result.IsAccepted ? "packed" : "packed before");
    }
}

[JsonSerializable(typeof(Shipment))]
[JsonSerializable(typeof(Packed))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(string))]
public sealed partial class ParcelJson : JsonSerializerContext;
