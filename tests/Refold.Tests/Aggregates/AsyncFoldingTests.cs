// Folding entries as they arrive gives what folding them at once gives, wherever a chunk ends and wherever the fold has to end.
// Run by `dotnet test`.
using System.Text;
using Refold.Interop;
using Xunit;

namespace Refold.Tests.Aggregates;

public class AsyncFoldingTests
{
    private static readonly Aggregate<long, string, string, string> Sum = Aggregate.Create<long, string, string, string>(
        "sum",
        0,
        (_, _, _) => [],
        (state, happened) => state + long.Parse(happened, System.Globalization.CultureInfo.InvariantCulture),
        Codec.Text("command"),
        Codec.Text("number"),
        Codec.Text("refused"),
        Codec.Json(FoldingJson.Default.Int64, "sum"));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(2048)]
    [InlineData(3000)]
    public async Task ChunkByChunk_GivesTheSameReport(int count)
    {
        await using var journal = await FilledAsync(
            Enumerable.Range(1, count).Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var report = await AwaitedAsync(journal);
        Same(Sum.Value.Fold(journal.ReadStream("sum/a")), report);
        Assert.Equal((count, (long)count * (count + 1) / 2), (report.Entries, report.State));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(2047)]
    [InlineData(2048)]
    public async Task AnEntryThatCannotBeApplied_EndsTheFold_AndReadingStopsInItsChunk(int version)
    {
        await using var journal = await FilledAsync(Enumerable.Range(1, 5000).Select(number => number == version ? "no number" : "1"));
        var read = 0;
        var report = await Sum.Value.FoldAsync(Counted(journal, () => read++), null, CancellationToken.None);
        Same(Sum.Value.Fold(journal.ReadStream("sum/a")), report);
        Assert.Equal((version, DivergenceCause.Threw), (report.Divergence!.Version, report.Divergence.Cause));
        Assert.InRange(read, version, version + 1023);
    }

    [Fact]
    public async Task ACancelledToken_StopsReading()
    {
        await using var journal = await FilledAsync(Enumerable.Repeat("1", 3000));
        using var source = new CancellationTokenSource();
        var read = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Sum.Value.FoldAsync(
            journal.ReadStreamAsync("sum/a", cancellationToken: source.Token).Select(entry =>
            {
                if (++read == 10) source.Cancel();
                return entry;
            }),
            null,
            source.Token));
        Assert.Equal(10, read);
    }

    // A divergence has no equality: its three lines say all of it.
    private static void Same(FoldReport<long> expected, FoldReport<long> actual)
    {
        Assert.Equal(expected with { Divergence = null }, actual with { Divergence = null });
        Assert.Equal(expected.Divergence?.ToString(), actual.Divergence?.ToString());
    }

    private static async Task<InMemoryJournal> FilledAsync(IEnumerable<string> numbers)
    {
        var journal = new InMemoryJournal();
        foreach (var batch in numbers.Chunk(500))
            await journal.AppendAsync(new AppendRequest(
                [.. batch.Select(number => new EntryData("sum/a", "number", Encoding.UTF8.GetBytes("\"" + number + "\"")))]));
        return journal;
    }

    private static async Task<FoldReport<long>> AwaitedAsync(InMemoryJournal journal) =>
        await Sum.Value.FoldAsync(journal.ReadStreamAsync("sum/a"), null, CancellationToken.None);

    private static IAsyncEnumerable<JournalEntry> Counted(InMemoryJournal journal, Action count) =>
        journal.ReadStreamAsync("sum/a").Select(entry =>
    {
        count();
        return entry;
    });
}

[System.Text.Json.Serialization.JsonSerializable(typeof(long))]
internal sealed partial class FoldingJson : System.Text.Json.Serialization.JsonSerializerContext;
