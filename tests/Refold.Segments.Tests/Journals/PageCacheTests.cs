// The pages that stay in memory: no more than there is room for, those asked for lately, and the same to many threads.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class PageCacheTests
{
    private const int Room = 16;

    [Fact]
    public void PagesBeyondTheRoom_TakeThePlaceOfThoseThatNobodyAskedFor()
    {
        var cache = new PageCache(Room);
        Format.IPageCache first = cache.OfOne(), second = cache.OfOne();
        for (var number = 0; number < Room; number++) first.Keep(number, Page(number));
        for (var number = 0; number < Room; number += 2) Assert.Equal(number, first.Find(number).Value.FirstRow);
        // By another footer, whose numbers are its own.
        for (var number = 0; number < Room / 2; number++) second.Keep(1000 * number, Page(1000 * number));
        for (var number = 0; number < Room; number++) Assert.Equal(number % 2 == 0, first.Find(number).IsSome);
        for (var number = 0; number < Room / 2; number++) Assert.Equal(1000 * number, second.Find(1000 * number).Value.FirstRow);
        Assert.True(second.Find(1).IsNone);
        Assert.True(second.Find(int.MaxValue).IsNone);
    }

    [Fact]
    public void AnyNumberOfPages_LeavesNoMoreThanThereIsRoomFor()
    {
        var cache = new PageCache(Room);
        Format.IPageCache[] footers = [cache.OfOne(), cache.OfOne(), cache.OfOne()];
        var random = SeededRng.FromSeed(7);
        for (var step = 0; step < 20_000; step++)
        {
            var (footer, number) = (footers[random.Between(0, 2)], random.Between(0, 40));
            if (footer.Find(number) is { IsSome: true, Value: var page }) Assert.Equal(number, page.FirstRow);
            else footer.Keep(number, Page(number));
        }

        Assert.Equal(Room, footers.Sum(footer => Enumerable.Range(0, 41).Count(number => footer.Find(number).IsSome)));
    }

    [Fact]
    public void ManyThreads_FindThePageOfTheNumber_OrNone()
    {
        var cache = new PageCache(Room);
        Format.IPageCache[] footers = [cache.OfOne(), cache.OfOne()];
        Parallel.For(0, 4, thread =>
        {
            var random = SeededRng.FromSeed((ulong)thread);
            for (var step = 0; step < 50_000; step++)
            {
                var (footer, number) = (footers[random.Between(0, 1)], random.Between(0, 200));
                if (footer.Find(number) is { IsSome: true, Value: var page }) Assert.Equal(number, page.FirstRow);
                else footer.Keep(number, Page(number));
            }
        });
        Assert.Equal(Room, footers.Sum(footer => Enumerable.Range(0, 201).Count(number => footer.Find(number).IsSome)));
    }

    private static Format.Page Page(int number) => new(1, 1, number, new byte[1]);
}
