// The F# face reads a journal along: a fold begins with the first entry that is read, and has no more than that in hand.
// Run by `dotnet test`.
using System.Runtime.CompilerServices;
using Microsoft.FSharp.Core;
using Refold.Tests.Runs;
using Xunit;
using FSharpJournal = Refold.FSharp.Journal;

namespace Refold.Tests.Journals;

public class FoldAlongTests
{
    private const int Entries = 300;

    [Fact]
    public async Task AFold_TakesEachEntryAsItIsRead()
    {
        await using var journal = new WatchedJournal(new InMemoryJournal());
        await FillAsync(journal);
        var (ahead, folded) = (0, 0);
        var aggregate = Summing(() => ahead = Math.Max(ahead, journal.Handed - folded++));
        var report = await FSharpJournal.fold(aggregate, "sum/a", journal);
        Assert.Equal((Entries, 1), (folded, ahead));
        var expected = await journal.FoldAsync("sum/a", Sum());
        Assert.Equal(
            (expected.State, expected.Version, expected.StateHash),
            (report.State, report.Version, report.StateHash!.Value.ToString()));
    }

    [Fact]
    public async Task AFoldThatEnds_ReadsNoFurther()
    {
        await using var journal = new WatchedJournal(new InMemoryJournal());
        await FillAsync(journal);
        var folded = 0;
        var report = await FSharpJournal.fold(
            Summing(() => _ = ++folded < 10 ? 0 : throw new InvalidOperationException("unlucky")), "sum/a", journal);
        Assert.Equal((9, 10), (report.Version, journal.Handed));
        Assert.Equal(Core.DivergenceCause.Threw, report.Divergence!.Value.Cause);
    }

    [Fact]
    public async Task ADeletedBeginning_IsHistoryDropped()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal);
        await journal.DeleteToAsync("sum/a", 5);
        var dropped = await Assert.ThrowsAsync<HistoryDroppedException>(() => FSharpJournal.fold(Summing(() => { }), "sum/a", journal));
        Assert.Equal(5, dropped.UpTo);
        Assert.Equal(0, (await FSharpJournal.fold(Summing(() => { }), "sum/none", journal)).Version);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => FSharpJournal.fold(Summing(() => { }), "", journal));
    }

    [Fact]
    public async Task ACopyInMemory_HasEveryBatchOfTheJournal()
    {
        await using var journal = new InMemoryJournal();
        await FillAsync(journal);
        var copy = await FSharpJournal.toMemory(journal);
        Assert.Equal(journal.Head, Core.JournalModule.head(copy));
    }

    // Batches of one to four entries.
    private static async Task FillAsync(IJournal journal)
    {
        var events = Sum().Events;
        for (var number = 0; number < Entries;)
        {
            var count = Math.Min(1 + (number % 4), Entries - number);
            List<EntryData> batch = [];
            for (; count > 0; count--, number++)
                batch.Add(new EntryData("sum/a", "moved", events.Encode(number).Payload) { Role = EntryRole.Event });
            await journal.AppendAsync(new AppendRequest(batch));
        }
    }

    private static Aggregate<int, int, int, string> Sum() => Aggregate.Create<int, int, int, string>(
        "sum", 0, (_, _, _) => [], (state, moved) => state + moved, Number("move"), Number("moved"), Codec.Text("refused"), Number("sum"));

    private static Codec<int> Number(string name) =>
        Codec.Create<int>(name, value => BitConverter.GetBytes(value), payload => BitConverter.ToInt32(payload.Span));

    private static Core.Aggregate<int, int, int, string> Summing(Action evolving)
    {
        var sum = Sum().Value;
        return new(
            sum.Category,
            new(
                sum.Decider.Initial,
                sum.Decider.Decide,
                FuncConvert.FromFunc((int state, int moved) =>
                {
                    evolving();
                    return state + moved;
                })),
            sum.Commands, sum.Events, sum.Errors, sum.State, sum.Tags);
    }

    // Counts the entries that a read handed out.
    private sealed class WatchedJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        public int Handed { get; private set; }

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
            StreamId stream,
            long fromVersion = 1,
            long toVersion = long.MaxValue,
            long maxCount = long.MaxValue,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            var entries = base.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken);
            await foreach (var entry in entries.ConfigureAwait(false))
            {
                Handed++;
                yield return entry;
            }
        }
    }
}
