// A till that sells, a table in SQLite and a state in memory that follow it, and both made anew beside themselves: killed anywhere, it
// goes on. `dotnet run -- sell 1000 DIR`, `dotnet run -- rebuild DIR`, `dotnet run -- show DIR`.
using System.Globalization;
using Refold;

namespace ReadModel;

public static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        try
        {
            return arguments switch
            {
                ["sell", var count, var directory] when int.TryParse(count, CultureInfo.InvariantCulture, out var sales) && sales >= 0 =>
                    await SellAsync(directory, sales, isRebuilding: false),
                // Sells and makes anew until it is killed: for the tests.
                ["sell", "forever", var directory] => await SellAsync(directory, int.MaxValue, isRebuilding: true),
                ["rebuild" or "show", var directory] when !File.Exists(FileOf(directory)) => throw new InvalidOperationException(
                    $"There is no table in '{directory}'; sell something first."),
                ["rebuild", var directory] => await SellAsync(directory, 0, isRebuilding: true),
                ["show", var directory] => Show(directory),
                _ => Usage(),
            };
        }
        catch (Exception exception) when (
            exception is JournalException or InvalidOperationException or Microsoft.Data.Sqlite.SqliteException)
        {
            Console.Error.WriteLine(exception.Message);
            return 1;
        }
    }

    private static async Task<int> SellAsync(string directory, int sales, bool isRebuilding)
    {
        await using var journal = Journal.Open("segments:" + Path.Combine(directory, "journal"));
        await using var snapshots = DirectorySnapshotStore.Open(Path.Combine(directory, "states"));
        using var table = StockTable.Open(FileOf(directory));
        var runner = new ReadModelRunner(journal, "stock", table, new ReadModelRunnerOptions { Query = Sales.Query, BatchSize = 50 });
        var live = new LiveProjection<Stock>(
            journal, Sales.BySku, new LiveProjectionOptions { Cache = new ProjectionCache(snapshots), KeepEvery = 20 });
        using var stop = new CancellationTokenSource();
        Task[] running = [runner.RunAsync(stop.Token), live.RunAsync(stop.Token)];
        // What is refused, such as a place of another history, is told before anything is sold.
        await UntilAsync(runner, live, journal.Head, running);
        var making = isRebuilding && sales > 0 ? MakeAnewAsync(directory, runner, live, table, stop.Token) : Task.CompletedTask;
        for (var number = 0; number < sales; number++)
        {
            if (running.Concat([making]).FirstOrDefault(task => task.IsFaulted) is { } failed) await failed;
            var first = (int)(journal.Head.Position % 1_000_000);
            var receipt = await journal.AppendAsync(
                new AppendRequest([.. Enumerable.Range(first, 1 + (first % 3)).Select(Sales.Entry)]));
            if (sales == int.MaxValue) Console.WriteLine(receipt.Head.Position.ToString(CultureInfo.InvariantCulture));
        }

        await UntilAsync(runner, live, journal.Head, running);
        if (isRebuilding) await OnceAnewAsync(directory, runner, live, table, stop.Token);
        await stop.CancelAsync();
        await Task.WhenAll(running);
        var place = runner.Status.Place.Position;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{place} entries; {Told(live.Current.State)}"));
        return 0;
    }

    // Both as of a head, or what one of them failed with.
    private static async Task UntilAsync(ReadModelRunner runner, LiveProjection<Stock> live, Head head, Task[] running)
    {
        var there = Task.WhenAll(runner.WaitForAsync(head.Position), live.WaitForAsync(head.Position));
        var first = await Task.WhenAny([there, .. running]);
        await (running.FirstOrDefault(task => task.IsFaulted) ?? first);
        await there;
    }

    private static async Task MakeAnewAsync(
        string directory, ReadModelRunner runner, LiveProjection<Stock> live, StockTable table,
        CancellationToken stopping)
    {
        await runner.WaitForAsync(1, stopping);
        await live.WaitForAsync(1, stopping);
        while (!stopping.IsCancellationRequested)
        {
            Console.WriteLine("anew");
            table = await OnceAnewAsync(directory, runner, live, table, stopping);
            Console.WriteLine("made");
        }
    }

    private static async Task<StockTable> OnceAnewAsync(
        string directory, ReadModelRunner runner, LiveProjection<Stock> live, StockTable table,
        CancellationToken stopping)
    {
        var beside = StockTable.Beside(FileOf(directory));
        await runner.RebuildAsync(
            beside,
            (_, _) =>
            {
                beside.BecomeLive(table);
                return ValueTask.CompletedTask;
            },
            stopping);
        table.Dispose();
        await live.RebuildAsync(stopping);
        return beside;
    }

    private static int Show(string directory)
    {
        using var table = StockTable.Open(FileOf(directory));
        foreach (var row in table.Rows())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Sku} {row.Quantity} {row.Sales}"));
        return 0;
    }

    private static int Usage()
    {
        Console.Error.WriteLine("sell COUNT DIR | rebuild DIR | show DIR");
        return 2;
    }

    private static string FileOf(string directory) => Path.Combine(directory, "stock.db");

    private static string Told(Stock? stock) => string.Join(", ", (stock ?? Stock.Empty).Rows.Select(row =>
        string.Create(CultureInfo.InvariantCulture, $"{row.Sku} {row.Quantity}")));
}
