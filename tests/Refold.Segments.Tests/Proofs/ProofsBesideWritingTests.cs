// Many threads ask for proofs while a writer appends, deletes, rotates segments and compacts: none is wrong, and each refusal is due.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class ProofsBesideWritingTests
{
    private const int Proofs = 1000;
    private const int Batches = 300;

    // A writer whose askers get no answer ends too.
    private const int MostBatches = 3000;

    public static TheoryData<string> All => ["memory", "segments", "reader", "litedb"];

    [Theory]
    [MemberData(nameof(All))]
    public async Task ProofsThatAreAskedForMeanwhile_Hold(string store)
    {
        var (oracle, gate, device) = (new ProofOracle(), new Lock(), new MemoryDevice());
        var small = Samples.Checkpointed.With(s => s with { SegmentBytes = 2048 });
        await using ILocalJournal writer = store switch
        {
            "memory" => new InMemoryJournal(),
            "litedb" => Stores.OpenWithFewPlaces(),
            _ => SegmentJournal.Open(device, small),
        };
        await using var asked = store == "reader" ? SegmentJournal.Open(device, small with { ReadOnly = true }) : writer;
        var done = new CancellationTokenSource();
        var proved = 0;
        Task[] asking = [.. Enumerable.Range(0, 4).Select(number => Task.Factory.StartNew(
            () => Ask(SeededRng.FromSeed((ulong)number)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        try
        {
            await WriteAsync();
        }
        finally
        {
            await done.CancelAsync();
        }

        await Task.WhenAll(asking);
        Assert.False(IsWanted(), $"{proved} proofs");

        bool IsWanted() => Volatile.Read(ref proved) < Proofs;

        async Task WriteAsync()
        {
            var (rng, compacting) = (SeededRng.FromSeed(99), Task.CompletedTask);
            for (var number = 0; number < Batches || (IsWanted() && number < MostBatches); number++)
            {
                var request = new AppendRequest([.. Enumerable.Range(0, rng.Between(1, 5)).Select(_ => Samples.Entry(
                    "s" + rng.Between(0, 5), new string('x', rng.Between(0, 200))))]);
                var next = oracle.Next(request);
                await writer.AppendAsync(request);
                lock (gate) oracle.Add(next);
                if (number % 40 != 39) continue;
                await writer.DeleteToAsync("s5", number / 4);
                // It goes on beside the appends that follow.
                await compacting;
                compacting = CompactAsync(rng);
            }

            await compacting;
        }

        Task CompactAsync(SeededRng rng)
        {
            var last = writer.Head.Position;
            if (writer is SegmentJournal segments)
            {
                return segments.CompactAsync(rng.Between(0, 3) switch
                {
                    0 => new CompactionRequest.Merge { MaxBytes = 4000 },
                    1 => new CompactionRequest.DropDeleted(),
                    2 => new CompactionRequest.DeleteStream("s4"),
                    _ => new CompactionRequest.RetainFrom(1 + last / 3)
                    {
                        ProvableSizes = [segments.TreeSize(segments.Begin.Position)!.Value],
                    },
                });
            }

            if (writer is InMemoryJournal memory) memory.DropTo(last / 3, [memory.TreeSize(memory.Begin.Position)!.Value]);
            return Task.CompletedTask;
        }

        void Ask(SeededRng rng)
        {
            while (!done.IsCancellationRequested)
            {
                int size;
                lock (gate) size = oracle.Batches.Count;
                if (size == 0)
                {
                    Thread.Yield();
                    continue;
                }

                var (ordinal, from) = (rng.Between(size / 2, size - 1), rng.Between(0, size));
                ProvedBatch batch;
                TreeHead tree, earlier, now;
                lock (gate)
                {
                    (batch, now) = (oracle.Batches[ordinal], oracle.RootAt(size));
                    (tree, earlier) = (oracle.RootAt(rng.Between(ordinal + 1, size)), oracle.RootAt(from));
                }

                var entry = rng.Pick([.. batch.Entries]);
                Try(() =>
                {
                    var proof = asked.InclusionProof(entry.Position, tree.Size);
                    Assert.Null(proof.FindFault(tree));
                    Assert.Equal(entry, proof.TryReadEntry());
                }, () => IsGone(batch));
                Try(() => Assert.True(asked.ConsistencyProof(from, size).Shows(earlier, now)), () => IsBefore(from));
                Try(() =>
                {
                    if (asked.BatchAt(entry.Position) is { } place)
                    {
                        Assert.Equal(
                            (ordinal, batch.First, batch.Head, null),
                            (place.Ordinal, place.FirstPosition, place.Head, place.Latest));
                    }
                    else Assert.True(entry.Position <= Begin());
                }, () => false);
                // The newest root is that of a size that the oracle has, or has soon.
                var newest = asked.RootAt();
                lock (gate)
                {
                    if (newest.Size <= oracle.Batches.Count) Assert.Equal(oracle.RootAt((int)newest.Size), newest);
                }
            }
        }

        void Try(Action ask, Func<bool> isGone)
        {
            try
            {
                ask();
                Interlocked.Increment(ref proved);
            }
            catch (ProofException refused)
            {
                Assert.True(isGone(), refused.Message);
            }
        }

        bool IsGone(ProvedBatch batch) => batch.First <= Begin()
            || batch.Entries.Any(entry => asked.Streams(entry.Stream.Value).First().Floor >= entry.Version);

        // The beginning may move on in between.
        bool IsBefore(long size)
        {
            while (true)
            {
                try
                {
                    return size < asked.TreeSize(Begin());
                }
                catch (ProofException)
                {
                }
            }
        }

        long Begin() => (asked as SegmentJournal)?.Begin.Position ?? (asked as InMemoryJournal)?.Begin.Position ?? 0;
    }
}
