// Proofs behind a beginning that was dropped: sizes that were named stay provable, through further compactions, copies and openings.
// Run by `dotnet test`.
using Refold.Transfers;
using Xunit;

namespace Refold.Segments.Tests;

public class ProvableSizeTests
{
    private static readonly JournalOptions Small = new() { Segments = new() { SegmentBytes = 512 } };

    private static AppendRequest Batch(int number) =>
        new([.. Enumerable.Range(0, 1 + (number % 2)).Select(item => Samples.Entry("s" + ((number + item) % 3)))]);

    [Fact]
    public async Task ARootThatWasKept_IsShownToGoOn_BehindEveryBeginning()
    {
        var (device, kept) = (new MemoryDevice(), new Dictionary<long, TreeHead>());
        var model = new InMemoryJournal();
        await using var journal = SegmentJournal.Open(device, Small);
        for (var number = 0; number < 60; number++)
        {
            await journal.AppendAsync(Batch(number));
            await model.AppendAsync(Batch(number));
            kept[number + 1] = journal.RootAt();
        }

        foreach (var (position, sizes) in new (long, long[])[] { (20, [1, 4, 7, 13]), (45, [16, 22, 29]), (70, [32, 40]) })
        {
            await journal.CompactAsync(new CompactionRequest.RetainFrom(position) { ProvableSizes = sizes });
            model.DropTo(journal.Begin.Position, sizes);
            Check(journal, model, kept);
            await journal.AppendAsync(Batch((int)position));
            await model.AppendAsync(Batch((int)position));
            kept[journal.RootAt().Size] = journal.RootAt();
            Check(journal, model, kept);
        }

        // 13 and 29 were the beginning itself, and not named again.
        Assert.Equal([1L, 4, 7, 16, 22, 32, 40], Provable(SegmentTransfer.Read(device)).Select(size => size.Size));
        await journal.DisposeAsync();
        Assert.Null(SegmentJournal.Verify(device).First);
        await using (var again = SegmentJournal.Open(device, Samples.ReadOnly)) Check(again, model, kept);
        var copy = new MemoryDevice();
        SegmentTransfer.Write(copy, SegmentTransfer.Read(device), indexIds: true);
        await using (var copied = SegmentJournal.Open(copy)) Check(copied, model, kept);
    }

    [Fact]
    public async Task ASizeThatCannotBeProvedNow_IsNotPromised_AndNothingIsCompacted()
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Small);
        for (var number = 0; number < 30; number++) await journal.AppendAsync(Batch(number));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => journal.CompactAsync(new CompactionRequest.RetainFrom(20) { ProvableSizes = [31] }));
        Assert.Equal(0, journal.Begin.Position);
        await journal.CompactAsync(new CompactionRequest.RetainFrom(20));
        Assert.NotEqual(0, journal.Begin.Position);
        var refused = await Assert.ThrowsAsync<ProofException>(
            () => journal.CompactAsync(new CompactionRequest.RetainFrom(40) { ProvableSizes = [2] }));
        Assert.Equal("proof-dropped", refused.Code);
    }

    /// <summary>It could be proved when it was asked for, and no more when its turn came.</summary>
    [Fact]
    public async Task ASizeThatAnotherCompactionDropsMeanwhile_IsNotPromised()
    {
        using var device = new HeldDevice(new MemoryDevice());
        await using var journal = SegmentJournal.Open(device, Small);
        for (var number = 0; number < 40; number++) await journal.AppendAsync(Batch(number));
        device.Hold();
        var first = journal.CompactAsync(new CompactionRequest.RetainFrom(30));
        device.WaitUntilHeld();
        var second = journal.CompactAsync(new CompactionRequest.RetainFrom(45) { ProvableSizes = [2] });
        device.Release();
        await first;
        Assert.Equal("proof-dropped", (await Assert.ThrowsAsync<ProofException>(() => second)).Code);
        await journal.CompactAsync(new CompactionRequest.RetainFrom(45));
    }

    /// <summary>An altered base proves nothing: what it says is not the root that somebody kept.</summary>
    [Fact]
    public async Task ProofsOfAnAlteredBeginning_DoNotShowTheRootThatWasKept()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Small);
        for (var number = 0; number < 40; number++) await journal.AppendAsync(Batch(number));
        var kept = journal.RootAt(9);
        await journal.CompactAsync(new CompactionRequest.RetainFrom(45) { ProvableSizes = [9] });
        var proof = journal.ConsistencyProof(9);
        Assert.True(proof.Shows(kept, journal.RootAt()));
        Assert.False(proof.Shows(kept with { Root = Hash.Zero }, journal.RootAt()));
        Assert.False((proof with { Via = proof.Via!.Value with { Root = Hash.Zero } }).Shows(kept, journal.RootAt()));
        Assert.False((proof with { Via = proof.Via!.Value with { Size = 8 } }).Shows(kept, journal.RootAt()));
        Assert.False((proof with { PathToVia = [.. proof.PathToVia.SkipLast(1)] }).Shows(kept, journal.RootAt()));
        Assert.False((proof with { Via = null }).Shows(kept, journal.RootAt()));
    }

    private static IReadOnlyList<ProvableSize> Provable(IEnumerable<TransferItem> items) =>
        ((TransferItem.Beginning)items.First()).Content.Provable;

    private static void Check(SegmentJournal journal, InMemoryJournal model, Dictionary<long, TreeHead> kept)
    {
        Assert.Equal(model.RootAt(), journal.RootAt());
        foreach (var (size, root) in kept)
        {
            var (found, expected) = (Outcome(journal, size), Outcome(model, size));
            Assert.Equal(expected is null, found is null);
            if (found is null) continue;
            Assert.True(found.Shows(root, journal.RootAt()), $"growth from {size}");
            Assert.Equal(expected!.Via, found.Via);
            Assert.Equal(expected.Path, found.Path);
            Assert.Equal(expected.PathToVia, found.PathToVia);
        }
    }

    private static ConsistencyProof? Outcome(ILocalJournal journal, long size)
    {
        try
        {
            return journal.ConsistencyProof(size);
        }
        catch (ProofException dropped) when (dropped.Code == "proof-dropped")
        {
            return null;
        }
    }
}
