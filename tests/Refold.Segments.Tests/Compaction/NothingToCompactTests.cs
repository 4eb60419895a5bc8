// A compaction that has nothing to do reads no frame and writes nothing, and says so only where reading everything says it too.
// Run by `dotnet test`.
using System.Security.Cryptography;
using Xunit;

namespace Refold.Segments.Tests;

public class NothingToCompactTests
{
    private static readonly CompactionRequest[] Requests =
    [
        new CompactionRequest.DropDeleted(), new CompactionRequest.Merge(), new CompactionRequest.RetainFrom(1),
        new CompactionRequest.RetainFrom(2), new CompactionRequest.DeleteStream("unknown"), new CompactionRequest.DeleteStream("gone"),
        new CompactionRequest.ForgetKeysBefore(3),
    ];

    /// <summary>Counts the bytes that are read of segments.</summary>
    private sealed class Counted
    {
        public Counted(MemoryDevice device) => Device = new WatchedDevice(device, (name, _, length) =>
        {
            if (name.EndsWith(".seg", StringComparison.Ordinal)) Bytes += length;
        });

        public WatchedDevice Device { get; }

        public long Bytes { get; set; }
    }

    private static List<string> Files(MemoryDevice device) =>
        [
            .. device.List().Where(name => name != FileNames.Spare).Order()
                .Select(name => $"{name} {Convert.ToHexString(SHA256.HashData(device.Content(name)))}")];

    // A first batch of two entries of one stream, one of which is deleted: its leaf stays.
    private static async Task FillAsync(SegmentJournal journal, int segments)
    {
        await journal.AppendAsync(new AppendRequest(Samples.Entry("half"), Samples.Entry("half")) { IdempotencyKey = "first" });
        await journal.DeleteToAsync("half", 1);
        for (var number = 0; journal.Segments.Count < segments; number++)
            await journal.AppendAsync(new AppendRequest(Samples.Entry("s" + number, new string('x', 300), "a"))
            {
                IdempotencyKey = "key " + number
            });
    }

    [Theory]
    [InlineData(5)]
    [InlineData(50)]
    public async Task NothingToDo_CostsNoFrameAndNoWrite_HoweverLongTheJournalIs(int segments)
    {
        var device = new MemoryDevice();
        var counted = new Counted(device);
        await using var journal = SegmentJournal.Open(counted.Device, Samples.Small);
        await FillAsync(journal, segments);
        await journal.Append(Samples.Entry("gone"));
        await journal.CompactAsync(new CompactionRequest.DeleteStream("gone"));
        await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(3));
        // The leaf of which a half is deleted is found to stay by reading, once.
        await journal.CompactAsync(new CompactionRequest.DropDeleted());
        foreach (var request in Requests)
        {
            // Pages of footers that are asked are kept from then on.
            var generation = (await journal.CompactAsync(request)).SetGeneration;
            var files = Files(device);
            counted.Bytes = 0;
            var report = await journal.CompactAsync(request);
            Assert.Equal(new CompactionReport(0, 0, 0, 0, generation), report);
            Assert.Equal((request, 0L), (request, counted.Bytes));
            Assert.Equal(files, Files(device));
        }
    }

    /// <summary>It comes between the look at the stream and the turn of the deletion: it is no part of that one, but of the next.</summary>
    [Fact]
    public async Task AStreamThatBeginsWhileItsDeletionWaits_IsDeletedByTheNext()
    {
        using var device = new HeldDevice(new MemoryDevice());
        await using var journal = SegmentJournal.Open(device, Samples.Small);
        await journal.Append(Samples.Entry("other"));
        device.Hold();
        var held = Task.Run(() => journal.Append(Samples.Entry("other")));
        device.WaitUntilHeld();
        var begun = journal.Append(Samples.Entry("begun"));
        var deletion = journal.CompactAsync(new CompactionRequest.DeleteStream("begun"));
        await Task.Delay(300);
        device.Release();
        await Task.WhenAll(held, begun, deletion);
        Assert.Single(journal.ReadStream("begun"));
        await journal.CompactAsync(new CompactionRequest.DeleteStream("begun"));
        Assert.Throws<EntriesDroppedException>(() => journal.ReadStream("begun"));
    }

    /// <summary>Zeros between frames go where segments are joined, so their bytes say nothing.</summary>
    [Fact]
    public async Task SegmentsWithGaps_AreJoined_WhereTheirFramesFit()
    {
        var device = new MemoryDevice();
        var options = Samples.Small.With(s => s with { Durability = Durability.Padded, SegmentBytes = 4 * 4096 });
        await using var journal = SegmentJournal.Open(device, options);
        for (var number = 0; journal.Segments.Count < 6; number++) await journal.Append(Samples.Entry("s" + number % 3));
        var expected = journal.ReadAll().ToList();
        Assert.True((await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 4 * 4096 })).Replaced > 1);
        Assert.Equal(expected, journal.ReadAll());
        Assert.Null(SegmentJournal.Verify(device).First);
    }

    [Fact]
    public async Task NothingToDo_IsToldRightAfterOpening_ByAFewPages()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            await FillAsync(journal, 60);
            await journal.CompactAsync(new CompactionRequest.Merge());
        }

        var counted = new Counted(device);
        await using var opened = SegmentJournal.Open(counted.Device, Samples.Small);
        foreach (var request in Requests.Where(request => request is not CompactionRequest.DropDeleted))
        {
            counted.Bytes = 0;
            Assert.Equal(0, (await opened.CompactAsync(request)).Replaced);
            // A page of the first footer, or of each footer's streams where a name is looked up.
            var pages = request switch
            {
                CompactionRequest.DeleteStream => 60 * 5,
                CompactionRequest.RetainFrom => 1,
                _ => 0,
            };
            Assert.InRange(counted.Bytes, 0, pages * Format.PageModule.bytes);
        }
    }

    [Fact]
    public async Task WhatReadingEverythingFinds_IsNeverToldToBeNothing()
    {
        var (nothing, something) = (0, 0);
        foreach (var seed in Enumerable.Range(0, 40))
        {
            var rng = SeededRng.FromSeed((ulong)seed);
            var (device, keys) = (new MemoryDevice(), new List<string>());
            for (var round = 0; round < 5; round++)
            {
                if (round == 0 || rng.Chance(0.3))
                {
                    await using var filled = SegmentJournal.Open(device, Samples.Small);
                    await RandomJournals.FillAsync(filled, rng, keys);
                }

                var asked = Asked(rng, device);
                var before = device.Copy();
                CompactionReport first, second;
                await using (var journal = SegmentJournal.Open(device, Samples.Small))
                {
                    first = await journal.CompactAsync(asked);
                    second = await journal.CompactAsync(asked);
                }

                if (first.Replaced == 0) Assert.Null(await SlowAsync(before, asked));
                if (second.Replaced == 0) Assert.Null(await SlowAsync(device.Copy(), asked));
                if (first.Replaced == 0) nothing++;
                else something++;
            }
        }

        Assert.InRange(nothing, 20, 180);
        Assert.InRange(something, 20, 180);
    }

    private static CompactionRequest Asked(SeededRng rng, MemoryDevice device)
    {
        using var journal = new Closing(SegmentJournal.Open(device, Samples.ReadOnly));
        var position = rng.Between(1, (int)journal.Journal.Head.Position + 1);
        return rng.Between(0, 4) switch
        {
            0 => new CompactionRequest.DropDeleted(),
            1 => new CompactionRequest.Merge { MaxBytes = rng.Pick([500L, 1000L, 2000L]) },
            2 => new CompactionRequest.RetainFrom(rng.NextBoolean() ? position : Math.Max(1, position / 4)),
            3 => new CompactionRequest.DeleteStream(rng.Pick(RandomJournals.Streams)),
            _ => new CompactionRequest.ForgetKeysBefore(Math.Max(1, position / 2)),
        };
    }

    /// <summary>What reading every frame finds, with what was written last sealed; null for nothing.</summary>
    private static async Task<IReadOnlyList<(StreamId, long)>?> SlowAsync(MemoryDevice device, CompactionRequest request)
    {
        if (request is CompactionRequest.Merge merge) return await device.CompactAsync([], merge.MaxBytes!.Value, seals: false);
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            // Too large for what is left of the segment that is written.
            await journal.Append(Samples.Entry("filler", new string('x', 1000)));
        }

        return await device.CompactAsync(
            [
                request switch
                {
                    CompactionRequest.DropDeleted => Format.CompactionDrop.Deleted,
                    CompactionRequest.RetainFrom retain => Format.CompactionDrop.NewBefore(retain.Position),
                    CompactionRequest.DeleteStream delete => Format.CompactionDrop.NewStream(delete.Stream),
                    CompactionRequest.ForgetKeysBefore forget => Format.CompactionDrop.NewKeysBefore(forget.Position),
                    _ => throw new ArgumentException("Another request.", nameof(request)),
                },
            ], 0, seals: false);
    }

    private sealed record Closing(SegmentJournal Journal) : IDisposable
    {
        public void Dispose() => Journal.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
