// What follows an answer inside the library needs no thread of the pool, whenever the answer comes.
// Run by `dotnet test`; callers that block every thread of the pool are in the tests of the stores.
using Xunit;

namespace Refold.Tests.Journals;

public class BoundaryTests
{
    // Between the look whether a task is done and the request to be told, it may be done: a plain await goes on on the pool then.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatFollowsATask_IsDoneByWhoeverCompletesIt_AlsoInTheMomentOfAwaiting(bool completesBetween)
    {
        var source = new TaskCompletionSource();
        var following = Boundary.Following(source.Task).GetAwaiter();
        Assert.False(following.IsCompleted);
        var thread = -1;
        if (completesBetween) source.SetResult();
        following.UnsafeOnCompleted(() => thread = Environment.CurrentManagedThreadId);
        if (!completesBetween) source.SetResult();
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public async Task AFailure_IsNotThrown_ButLeftToTheTask()
    {
        var failed = Task.FromException(new InvalidOperationException("late"));
        await Boundary.Following(failed);
        Assert.True(failed.IsFaulted);
    }
}
