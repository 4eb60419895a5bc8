// Records a run, verifies it, and verifies it again under another rule. `dotnet run [JOURNAL]`, by default in memory.
// Exit code 0 if the first verification matches and the second names the difference.
using Orders;
using Refold;

await using var journal = await Journal.OpenAsync(args is [var uri] ? uri : "memory:");
await using var run = await journal.StartRunAsync(new RunPin("orders", "acme", "1.4.0", seed: 42));
var orders = run.Streams(Order.Aggregate);

Console.WriteLine(await orders.ExecuteAsync("order/42", new Place("sku", 1)));
Console.WriteLine(await orders.ExecuteAsync("order/42", new Place("sku", 1)));
Console.WriteLine(await orders.ExecuteAsync("order/42", new Draw()));
await run.FinishAsync();

ReplayReport same = await journal.VerifyAsync(run.Id, Order.Aggregate);
Console.WriteLine(same);

var generous = Order.Aggregate.WithDecide((step, state, command) => command is Draw
    ? [new Won(step.Random.Between(1, 1000))]
    : Order.Decide(step, state, command));
ReplayReport changed = await journal.VerifyAsync(run.Id, generous);
Console.WriteLine(changed);

return same.Matched && !changed.Matched ? 0 : 1;
