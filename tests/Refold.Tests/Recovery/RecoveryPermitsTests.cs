// Recovery permits by themselves: how many there are, who gets the next one, and what cancelling and closing do.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Recovery;

public class RecoveryPermitsTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void ThereAreFiftyUnlessSaidOtherwise_AndNeverNone()
    {
        Assert.Equal((50, 50, 0, 0), Told(new RecoveryPermits()));
        Assert.Equal(1, new RecoveryPermits(1).Capacity);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RecoveryPermits(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RecoveryPermits(-1));
    }

    [Fact]
    public async Task WhatIsTaken_IsCounted_AndGivenBackOnce()
    {
        var permits = new RecoveryPermits(3);
        var first = await permits.AcquireAsync();
        Assert.True(permits.TryAcquire(out var second));
        Assert.Equal((3, 1, 2, 0), Told(permits));
        first.Dispose();
        first.Dispose();
        Assert.Equal((3, 2, 1, 0), Told(permits));
        second.Dispose();
        Assert.Equal((3, 3, 0, 0), Told(permits));
    }

    [Fact]
    public async Task WhoDoesNotWait_OvertakesNobodyWhoDoes()
    {
        var permits = new RecoveryPermits(1);
        var held = await permits.AcquireAsync();
        var waiting = permits.AcquireAsync().AsTask();
        Assert.False(permits.TryAcquire(out _));
        held.Dispose();
        // It went to the one that waited, whether or not that one knows yet.
        Assert.False(permits.TryAcquire(out _));
        (await waiting.WaitAsync(minute)).Dispose();
        Assert.True(permits.TryAcquire(out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public async Task FirstComeFirstServed_WhoeverIsCancelledBetween(ulong seed)
    {
        if (seed == 0) seed = (ulong)System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue);
        var random = SeededRng.FromSeed(seed);
        var permits = new RecoveryPermits(3);
        var held = new Queue<RecoveryPermit>();
        var waiting = new List<(Task<RecoveryPermit> Task, CancellationTokenSource Source)>();
        for (var step = 0; step < 2000; step++)
        {
            switch (random.Between(1, 4))
            {
                case 1 when held.Count > 0:
                    held.Dequeue().Dispose();
                    if (waiting.Count == 0) break;
                    held.Enqueue(await waiting[0].Task.WaitAsync(minute));
                    waiting.RemoveAt(0);
                    break;
                case 2 when waiting.Count > 0:
                    var (cancelled, by) = waiting[random.Between(0, waiting.Count - 1)];
                    waiting.RemoveAll(one => one.Task == cancelled);
                    await by.CancelAsync();
                    var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(minute));
                    Assert.Equal(by.Token, thrown.CancellationToken);
                    break;
                default:
                    var source = new CancellationTokenSource();
                    var task = permits.AcquireAsync(source.Token).AsTask();
                    if (held.Count < 3) held.Enqueue(await task);
                    else waiting.Add((task, source));
                    break;
            }

            var place = $"seed {seed}, step {step}";
            Assert.True(waiting.TrueForAll(one => !one.Task.IsCompleted), place);
            Assert.Equal((place, (3, 3 - held.Count, held.Count, waiting.Count)), (place, Told(permits)));
        }
    }

    [Fact]
    public async Task Closed_WhoWaitsAndWhoAsksLaterIsDenied_AndWhatIsHeldIsGivenBack()
    {
        var permits = new RecoveryPermits(1);
        var held = await permits.AcquireAsync();
        var waiting = Enumerable.Range(0, 5).Select(_ => permits.AcquireAsync().AsTask()).ToList();
        permits.Close();
        foreach (var one in waiting)
            Assert.Equal("permit-denied", (await Assert.ThrowsAsync<PermitDeniedException>(() => one.WaitAsync(minute))).Code);
        await Assert.ThrowsAsync<PermitDeniedException>(async () => await permits.AcquireAsync());
        Assert.False(permits.TryAcquire(out _));
        Assert.Equal((1, 0, 1, 0), Told(permits));
        held.Dispose();
        permits.Dispose();
        Assert.Equal((1, 0, 0, 0), Told(permits));
        Assert.Equal("0 of 1 recovery permits are held, 0 are waited for; closed", permits.ToString());
    }

    [Fact]
    public async Task ATokenThatIsCancelledBefore_TakesNothing()
    {
        var permits = new RecoveryPermits(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await permits.AcquireAsync(new CancellationToken(true)));
        Assert.Equal((1, 1, 0, 0), Told(permits));
    }

    [Fact]
    public async Task ManyThreads_LoseNoneAndNeverHoldMoreThanThereAre()
    {
        var permits = new RecoveryPermits(4);
        var (now, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(async () =>
        {
            var random = SeededRng.FromSeed((ulong)number);
            for (var turn = 0; turn < 200; turn++)
            {
                using var source = new CancellationTokenSource();
                var asked = permits.AcquireAsync(source.Token);
                if (random.Chance(0.3)) await source.CancelAsync();
                try
                {
                    using var permit = await asked;
                    var count = Interlocked.Increment(ref now);
                    for (var seen = Volatile.Read(ref most); count > seen; seen = Volatile.Read(ref most))
                        Interlocked.CompareExchange(ref most, count, seen);
                    if (random.Chance(0.5)) await Task.Yield();
                    Interlocked.Decrement(ref now);
                }
                catch (OperationCanceledException)
                {
                }
            }
        }))).WaitAsync(minute);
        Assert.InRange(most, 1, 4);
        Assert.Equal((4, 4, 0, 0), Told(permits));
    }

    private static (int, int, int, int) Told(RecoveryPermits permits) =>
        (permits.Capacity, permits.Available, permits.InFlight, permits.Waiting);
}
