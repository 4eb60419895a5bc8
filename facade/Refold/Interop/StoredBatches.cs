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
        head,
        firstFrame);

    public static Core.BaseContent ToCore(this JournalBeginning beginning) => new(
        beginning.Streams.Select(stream => new Core.BaseStream(stream.Stream, stream.Highest, stream.Floor)).ToFSharpList(),
        beginning.Keys.Select(key => new Core.KnownKey(key.Key, key.Known.Content, key.Known.Receipt.Value)).ToFSharpList(),
        beginning.KeysBefore);
}
