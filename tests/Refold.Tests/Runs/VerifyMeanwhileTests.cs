// Verifying a run that goes on while it is read.
// Run by `dotnet test`.
using System.Runtime.CompilerServices;
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class VerifyMeanwhileTests
{
    /// <summary>Calls back before a stream is read.</summary>
    private sealed class WatchedJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        public Func<StreamId, Task> Reading { get; set; } = _ => Task.CompletedTask;

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
            StreamId stream,
            long fromVersion = 1,
            long toVersion = long.MaxValue,
            long maxCount = long.MaxValue,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Reading(stream);
            await foreach (var entry in Inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken))
                yield return entry;
        }
    }

    [Fact]
    public async Task ARunThatGoesOnMeanwhile_IsVerifiedAsItStoodAtTheBeginning()
    {
        await using var inner = new InMemoryJournal();
        await using var run = await inner.StartAsync();
        foreach (var (stream, command) in RunFixture.Commands(20))
            await run.Orders().ExecuteAsync(stream, command);
        var before = await inner.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(before.Matched, before.ToString());

        var watched = new WatchedJournal(inner);
        var more = 0;
        watched.Reading = async stream =>
        {
            // The run's stream is read first, so these commands are not in what was read of it.
            if (stream.IsSystem) return;
            Interlocked.Increment(ref more);
            await run.Orders().ExecuteAsync(stream, new Draw());
        };
        var meanwhile = await watched.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(meanwhile.Matched, meanwhile.ToString());
        Assert.Equal((before.Entries, before.StateHash), (meanwhile.Entries, meanwhile.StateHash));
        Assert.Equal(5, more);
        Assert.NotEqual(before.StateHash, (await inner.VerifyAsync(run.Id, Order.Aggregate)).StateHash);
    }
}
