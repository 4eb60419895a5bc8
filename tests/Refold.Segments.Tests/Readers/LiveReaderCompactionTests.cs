// Readers beside a writer that appends, deletes and compacts: at random, in the middle of a read, and at any moment.
// Run by `dotnet test`, what is random in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class LiveReaderCompactionTests(ITestOutputHelper output)
{
    [Fact]
    public Task ReadersAnswerAsTheWriterDoes_WhateverItDid() => SegmentSuites.ReadersBesideCompactions.HoldsAsync(output);

    [Fact]
    public async Task ReadsAndSubscriptionsInFlight_GoOnThroughCompactions()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, Samples.Small);
        for (var count = 0; count < 40; count++) await writer.Append(Samples.Entry("s", $"{count}"), Samples.Entry("gone", $"{count}"));
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        using var all = reader.ReadAll().GetEnumerator();
        using var stream = reader.ReadStream("gone").GetEnumerator();
        await using var subscription = reader.SubscribeAsync().GetAsyncEnumerator();
        Assert.True(all.MoveNext() && stream.MoveNext() && await subscription.MoveNextAsync());
        await writer.CompactAsync(new CompactionRequest.DeleteStream("gone"));
        await writer.CompactAsync(new CompactionRequest.Merge { MaxBytes = 16 * 1024 });
        Assert.Equal(80, reader.Head.Position);
        Assert.Throws<EntriesDroppedException>(() => reader.ReadStream("gone"));
        Assert.Equal(40, reader.ReadAll().Count());
        // What began before sees what was there then.
        Assert.Equal(79, Count(all));
        Assert.Equal(39, Count(stream));
        var positions = new List<long> { 1 };
        while (positions[^1] < 80 && await subscription.MoveNextAsync()) positions.Add(subscription.Current.Position);
        Assert.Equal(positions.Order().Distinct(), positions);
        // All of the stream that stayed, and of the other one as much as was there when it was read.
        Assert.Superset(Enumerable.Range(0, 40).Select(number => 2L * number + 1).ToHashSet(), positions.ToHashSet());
    }

    [Fact]
    public async Task ReadersThatOpenAndReadAtAnyMoment_BesideABusyWriter_FindAWholePrefix()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("journal");
        var options = new JournalOptions { Segments = new() { SegmentBytes = 2048 } };
        var acknowledged = 0L;
        await SegmentJournal.Open(path, options).DisposeAsync();
        using var ended = new CancellationTokenSource();
        await using var live = SegmentJournal.Open(path, Samples.ReadOnly);
        // Threads of their own: they never wait, and the pool's are the writer's.
        var readers = Enumerable.Range(0, 4)
            .Select(number =>
                Task.Factory.StartNew(() => Look(number), ended.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default))
            .ToList();
        int Look(int number)
        {
            var looks = 0;
            while (!ended.IsCancellationRequested)
            {
                looks++;
                var before = Interlocked.Read(ref acknowledged);
                using var fresh = number % 2 == 0 ? new Opened("segments:" + path) : null;
                var journal = fresh?.Value ?? live;
                Assert.InRange(journal.Head.Position, before, long.MaxValue);
                // Each batch has the same versions of both streams; one of them may be gone up to some version.
                var kept = journal.ReadStream("kept").Select(entry => entry.Version).ToList();
                Assert.Equal(Enumerable.Range(1, kept.Count).Select(version => (long)version), kept);
                Assert.InRange(kept.Count, before / 2, int.MaxValue);
                if (number == 0 && SegmentVerification.Of(new DirectoryDevice(path)) is { Ok: false, Torn: false } fault)
                    Assert.Fail(fault.ToString());
            }

            return looks;
        }

        try
        {
            for (var life = 0; life < 2; life++)
            {
                await using var writer = SegmentJournal.Open(path, options);
                for (var count = 1; count <= 120; count++)
                {
                    var receipt = await writer.Append(Samples.Entry("kept", new string('x', count)), Samples.Entry("gone"));
                    Interlocked.Exchange(ref acknowledged, receipt.Head.Position);
                    if (count % 20 == 0) await writer.DeleteToAsync("gone", writer.HighestVersion("gone") - 1);
                    if (count % 40 == 10) await writer.CompactAsync(new CompactionRequest.DropDeleted());
                    if (count % 40 == 30) await writer.CompactAsync(new CompactionRequest.Merge { MaxBytes = 16 * 1024 });
                }
            }
        }
        finally
        {
            await ended.CancelAsync();
        }

        var all = await Task.WhenAll(readers);
        output.WriteLine(string.Join(", ", all) + " looks");
        Assert.All(all, looks => Assert.InRange(looks, 1, int.MaxValue));
    }

    private static int Count(IEnumerator<JournalEntry> entries)
    {
        var count = 0;
        while (entries.MoveNext()) count++;
        return count;
    }
}
