// What is known of a dropped beginning, in both languages.
// Called by the segment journal.
using Refold.Transfers;

namespace Refold.Interop;

internal static class StoredBatches
{
    public static JournalBeginning ToFacade(this Core.BaseContent content, Head head, long firstFrame) => new(
        [.. content.Streams.Select(stream => new DroppedStream(stream.Stream, stream.Highest, stream.Floor))],
        [.. content.Keys.Select(key => new KeptKey(key.Key, new KnownKey(key.Content, new Receipt(key.Receipt))))],
        content.KeysBefore,
        new BatchSummary(content.Tree.Batches, [.. content.Tree.Peaks], TimeOf(content.Tree.Latest)),
        [.. content.Provable.Select(provable => new ProvableSize(provable.Size, [.. provable.Proof]))],
        head,
        firstFrame);

    public static Core.BaseContent ToCore(this JournalBeginning beginning) => new(
        beginning.Streams.Select(stream => new Core.BaseStream(stream.Stream, stream.Highest, stream.Floor)).ToFSharpList(),
        beginning.Keys.Select(key => new Core.KnownKey(key.Key, key.Known.Content, key.Known.Receipt.Value)).ToFSharpList(),
        beginning.KeysBefore,
        new Core.TreePlace(beginning.Summary.Batches, beginning.Summary.Peaks.ToFSharpList(), TicksOf(beginning.Summary.Latest)),
        beginning.Provable.Select(provable => new Core.ProvableSize(provable.Size, provable.Proof.ToFSharpList())).ToFSharpList());

    public static DroppedLeaf ToFacade(this Format.DroppedLeaf leaf) => new(leaf.Versions, TimeOf(leaf.Latest));

    public static Format.DroppedLeaf ToCore(this DroppedLeaf leaf) => new(leaf.Versions, TicksOf(leaf.Latest));

    /// <summary>A time in 100 ns steps; null for none.</summary>
    public static DateTimeOffset? TimeOf(long ticks) => ticks < 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);

    private static long TicksOf(DateTimeOffset? time) => time?.UtcTicks ?? Core.TreePlaceModule.noTime;
}
