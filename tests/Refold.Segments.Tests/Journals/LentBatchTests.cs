// Batches that are made of rented memory, as the library makes them of requests, against batches that a caller holds: the same journal.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public sealed class LentBatchTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RequestsAndTheirBatches_LeadToTheSameHead_TheSameEntriesAndTheSameReceipts(int seed)
    {
        await using var lent = SegmentJournal.Open(directory.File("lent"), Samples.Small);
        await using var held = SegmentJournal.Open(directory.File("held"), Samples.Small);
        await using var memory = new InMemoryJournal();
        var random = new Random(seed);
        var receipts = new List<(Receipt Lent, Receipt Held)>();
        for (var number = 0; number < 60; number++)
        {
            var request = Request(random, number);
            var first = await lent.TryAppendAsync(request);
            var second = request.TryEncode(out var batch, out var failure)
                ? await held.TryAppendAsync(batch)
                : new AppendResult.NotAppended(failure);
            Assert.Equal(second.ToString(), first.ToString());
            Assert.Equal(second.ToString(), (await memory.TryAppendAsync(request)).ToString());
            if (first is AppendResult.Appended { Receipt: var one } && second is AppendResult.Appended { Receipt: var other })
                receipts.Add((one, other));
        }

        // What a receipt says is asked for only now: later batches have used the same memory.
        Assert.All(receipts, pair => Assert.Equal(pair.Held, pair.Lent));
        Assert.Equal(held.Head, lent.Head);
        Assert.Equal(memory.Head, lent.Head);
        Assert.Equal(held.Everything(), lent.Everything());
        Assert.Equal(memory.Everything(), lent.Everything());
    }

    [Fact]
    public async Task AppendersAtOnce_LoseNothing_AndTheFilesAreWhole()
    {
        var place = directory.File("many");
        await using (var journal = SegmentJournal.Open(place, Samples.Small))
        {
            var receipts = await Task.WhenAll(Enumerable.Range(0, 8).Select(appender => Task.Run(async () =>
            {
                var random = new Random(appender);
                var made = new List<(Receipt Receipt, AppendRequest Request)>();
                for (var number = 0; number < 40; number++)
                {
                    var request = new AppendRequest(Entries(random, 1 + random.Next(30))) { Pipelined = number % 3 == 0 };
                    using var cancelled = new CancellationTokenSource();
                    var append = journal.AppendAsync(request, number % 5 == 4 ? cancelled.Token : default).AsTask();
                    if (number % 5 == 4) await cancelled.CancelAsync();
                    try
                    {
                        made.Add((await append, request));
                    }
                    catch (OperationCanceledException)
                    {
                        // It goes on alone, or never came in.
                    }
                }

                return made;
            })));
            foreach (var (receipt, request) in receipts.SelectMany(made => made))
            {
                var read = journal.ReadAll(receipt.FirstPosition, receipt.Count).ToList();
                Assert.Equal(
                    request.Entries.Select(data => Bytes(new JournalEntry(1, 1, 1, data))), read.Select(Bytes));
                Assert.Equal(receipt.Versions.Sum(item => item.Last - item.First + 1), receipt.Count);
            }
        }

        Assert.True(SegmentJournal.Verify(place).Ok);
    }

    [Fact]
    public void AnEncodedBatch_HasTheCanonicalBytesOfItsEntries_WhateverTheyHave()
    {
        var random = new Random(5);
        for (var number = 0; number < 200; number++)
        {
            var entries = Entries(random, 1 + random.Next(20));
            var batch = new AppendRequest(entries).Encode();
            for (var index = 0; index < entries.Length; index++)
            {
                Assert.Equal(
                    Bytes(new JournalEntry(1, 1, 1, entries[index])), Convert.ToHexString(batch.CanonicalBytes(index).Span));
                Assert.Equal(
                    (entries[index].Stream, entries[index].Role, entries[index].Type),
                    (batch.Stream(index), batch.Role(index), batch.Type(index)));
                Assert.True(entries[index].Payload.Span.SequenceEqual(batch.Payload(index).Span));
            }
        }
    }

    [Fact]
    public async Task WhatACallerDoesToItsListsAfterwards_ReachesNoJournal()
    {
        var tags = new List<string>();
        var entries = new List<EntryData> { new("a", "T", new byte[] { 1 }) { Tags = tags }, new("b", "T", new byte[] { 2 }) };
        await using var memory = new InMemoryJournal();
        var batch = new AppendRequest(entries).Encode();
        tags.Add("late");
        entries.Clear();
        await memory.TryAppendAsync(batch);
        Assert.Equal(["a", "b"], memory.ReadAll().Select(entry => entry.Stream.Value));
        Assert.All(memory.ReadAll(), entry => Assert.Empty(entry.Tags));
    }

    private static string Bytes(JournalEntry entry) => Convert.ToHexString(entry.ToCanonicalBytes());

    private static AppendRequest Request(Random random, int number)
    {
        var request = new AppendRequest(Entries(random, random.Next(5) == 0 ? 300 : 1 + random.Next(12)));
        if (random.Next(4) == 0) request = request with { IdempotencyKey = "key " + random.Next(6) };
        if (random.Next(4) == 0)
        {
            request = request with
            {
                Expected = new Dictionary<StreamId, ExpectedVersion> { ["s0"] = ExpectedVersion.Exactly(random.Next(1, 20)) },
            };
        }

        if (random.Next(15) == 0) request = request with { Entries = [.. request.Entries, new EntryData("s1", "", default)] };
        if (random.Next(15) == 0) request = request with { Entries = [new EntryData("s1", "T", default) { SchemaVersion = 0 }] };
        if (random.Next(15) == 0) request = request with { IdempotencyKey = "\u0001" };
        return number % 20 == 19 ? request with { Entries = [new EntryData("s2", "T", new byte[1_200_000])] } : request;
    }

    private static EntryData[] Entries(Random random, int count)
    {
        var streams = random.Next(2) == 0 ? 1 : 40;
        var entries = new EntryData[count];
        for (var index = 0; index < count; index++)
        {
            var payload = new byte[random.Next(8) == 0 ? random.Next(3000) : random.Next(300)];
            random.NextBytes(payload);
            var data = new EntryData("s" + random.Next(streams), random.Next(3) == 0 ? "Ünïcode" : "Moved", payload)
            {
                Role = random.Next(2) == 0 ? EntryRole.Fact : EntryRole.Event,
                SchemaVersion = 1 + random.Next(3),
            };
            entries[index] = random.Next(6) switch
            {
                0 => data with { Tags = ["b", "a"], Time = DateTimeOffset.UnixEpoch.AddTicks(random.Next()) },
                1 => data with { CorrelationId = new Guid(random.Next(), 1, 2, new byte[8]), Run = "run" },
                _ => data,
            };
        }

        return entries;
    }
}
