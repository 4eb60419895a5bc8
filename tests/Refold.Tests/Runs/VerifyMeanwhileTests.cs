// Verifying a run that goes on while it is read.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class VerifyMeanwhileTests
{
    /// <summary>Calls back before a stream is read.</summary>
    private sealed class WatchedJournal(IJournal inner) : ForwardingJournal(inner), IJournal
    {
        public Action<StreamId> Reading { get; set; } = _ => { };

        public override ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(request, cancellationToken);

        IEnumerable<JournalEntry> IJournal.ReadStream(StreamId stream, long fromVersion, long toVersion, long maxCount)
        {
            Reading(stream);
            return Inner.ReadStream(stream, fromVersion, toVersion, maxCount);
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
        watched.Reading = stream =>
        {
            // The run's stream is read first, so these commands are not in what was read of it.
            if (stream.IsSystem) return;
            more++;
            Assert.True(run.Orders().ExecuteAsync(stream, new Draw()).Wait(TimeSpan.FromMinutes(1)));
        };
        var meanwhile = await watched.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(meanwhile.Matched, meanwhile.ToString());
        Assert.Equal((before.Entries, before.StateHash), (meanwhile.Entries, meanwhile.StateHash));
        Assert.Equal(5, more);
        Assert.NotEqual(before.StateHash, (await inner.VerifyAsync(run.Id, Order.Aggregate)).StateHash);
    }
}
