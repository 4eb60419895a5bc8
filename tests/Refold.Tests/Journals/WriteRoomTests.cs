// The way into a store's queue of writes, where more wait than it has places: nobody needs a thread of the pool to come in.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Journals;

public class WriteRoomTests
{
    private const int Outside = 300;

    private readonly WriteRoom room = new();
    private readonly List<Write> queue = [];

    [Fact]
    public void WhoWaitsOutside_ComesInInOrder_OnTheThreadThatGivesAPlaceBack()
    {
        var writes = Enter(WriteRoom.Places + Outside);
        Assert.Equal(writes[..WriteRoom.Places], queue);
        room.Leave(2);
        Assert.Equal(writes[..(WriteRoom.Places + 2)], queue);
        // A newcomer comes behind them, though they hold no place yet.
        var last = Enter(1)[0];
        room.Leave(WriteRoom.Places);
        Assert.Equal([.. writes, last], queue);
    }

    [Fact]
    public void WhoeverIsCancelledOutside_NeverComesIn_AndTakesNobodysPlace()
    {
        using var cancellation = new CancellationTokenSource();
        Enter(WriteRoom.Places);
        var cancelled = Enter(Outside, cancellation.Token);
        var waiting = Enter(1)[0];
        cancellation.Cancel();
        Assert.All(cancelled, write => Assert.True(write.Answered.IsCanceled));
        room.Leave(1);
        Assert.Same(waiting, Assert.Single(queue[WriteRoom.Places..]));
        room.Leave(WriteRoom.Places);
        Assert.Equal(WriteRoom.Places + 1, queue.Count);
    }

    [Fact]
    public void AStoreThatIsClosed_AnswersAllWhoWait_HoweverMany()
    {
        Enter(WriteRoom.Places);
        // Each gives its place back at once, in the middle of coming in.
        var refused = Enter(200_000, isClosed: true);
        room.Leave(WriteRoom.Places);
        Assert.All(refused, write => Assert.True(write.Answered.IsCompletedSuccessfully));
        Assert.Equal(WriteRoom.Places, queue.Count);
        Enter(WriteRoom.Places + 1);
        Assert.Equal(2 * WriteRoom.Places, queue.Count);
    }

    [Fact]
    public async Task WhereThereIsRoom_AWriteIsQueuedWhenTheCallReturns_WhateverIsGivenBackMeanwhile()
    {
        const int Times = 200_000;
        Enter(1);
        var isOver = false;
        var others = Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver)) room.Leave(0);
        });
        for (var time = 0; time < Times; time++)
        {
            using var cancellation = new CancellationTokenSource();
            Enter(1, cancellation.Token);
            await cancellation.CancelAsync();
            room.Leave(1);
        }

        Volatile.Write(ref isOver, true);
        await others;
        Assert.Equal(Times + 1, queue.Count);
    }

    private List<Write> Enter(int count, CancellationToken cancellationToken = default, bool isClosed = false)
    {
        var writes = new List<Write>();
        for (var number = 0; number < count; number++)
        {
            var write = new Write();
            writes.Add(write);
            _ = room.EnterAsync(this, write, isClosed ? Refuse : Queue, cancellationToken);
        }

        return writes;
    }

    private static void Queue(WriteRoomTests store, Write write) => store.queue.Add(write);

    private static void Refuse(WriteRoomTests store, Write write)
    {
        store.room.Leave(1);
        write.Answer(null);
    }

    private sealed class Write : PendingAnswer;
}
