// An order service over a price list and a payment service that may fail: every request is recorded, and can be replayed at the desk.
//   dotnet run -- --journal segments:orders --version 1.0.0 --outside http://localhost:5100 --token SECRET --urls http://localhost:5000
//   curl localhost:5000/orders -H 'Content-Type: application/json' -d '{"id":"o-1","sku":"tea","quantity":2}'
//   dotnet run -- replay --journal segments:orders      (no network; exit code 1 where a run does not come out the same)
//   dotnet run -- worker --journal segments:parcels --urls http://localhost:5200     (then the service with --worker http://localhost:5200)
// Files: Order.cs decides; PlaceOrder.cs is the operation; Outside.cs the HTTP client; Service.cs, Worker.cs and Replaying.cs the verbs.
using Refold;

namespace OrderService;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        try
        {
            return args switch
            {
                ["replay", .. var rest] => await Replaying.RunAsync(rest),
                ["worker", .. var rest] => await Worker.RunAsync(rest),
                _ => await Service.RunAsync(args),
            };
        }
        catch (Exception exception) when (exception is JournalException or FormatException or IOException)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }
    }
}
