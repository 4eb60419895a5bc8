// Checking every byte of checkpoints, against the frames they are over. FORMAT.md, "Checkpoint".
// Called by SegmentVerification while it scans.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>The checkpoints that were there when a verification began.</summary>
internal sealed class CheckpointVerification
{
    private readonly List<(string Name, byte[] Bytes, Format.CheckpointRoot Root)> whole = [];

    public CheckpointVerification(IStorageDevice device)
    {
        foreach (var name in device.List().Where(name => Format.FileName.tryCheckpoint(name) is not null))
        {
            if (Read(device, name) is not { } bytes) continue;
            var decoded = Format.Checkpoint.decode(bytes);
            // A newer version's is not ours to judge.
            if (decoded.IsError && decoded.ErrorValue.IsFutureVersion) continue;
            if (decoded.IsError) Add(SegmentFaults.Of(decoded.ErrorValue, name), isHealed: true);
            else if (Format.Checkpoint.fileBytes(decoded.ResultValue) is var length && length != bytes.Length)
                Add(
                    new JournalCorruptedException(
                        name, bytes.Length, "the length of the checkpoint", NumberText.Of(length), NumberText.Of(bytes.Length)),
                    isHealed: true);
            else whole.Add((name, bytes, decoded.ResultValue));
        }
    }

    /// <summary>The first fault that was found, and whether opening for writing heals it, by removing the file; null for none.</summary>
    public (JournalException Fault, bool IsHealed)? First { get; private set; }

    /// <summary>Compares the checkpoints over a segment with its frames.</summary>
    public void Compare(ScannedSegment segment)
    {
        if (segment.Found.Header is not { } header) return;
        foreach (var (name, bytes, root) in whole.Where(
            checkpoint => checkpoint.Root.JournalId == header.Value.JournalId && checkpoint.Root.Watermark.Equals(segment.Name)))
        {
            if (
                OpeningTranslation.ReadCheckpoint(header.Value, root, (offset, count) =>
                    bytes.AsMemory((int)offset, count)).Error is { } error)
            {
                Add(SegmentFaults.Of(error, name), isHealed: true);
                continue;
            }

            var items = segment.Found.Items.TakeWhile(item => item.End <= root.Offset).ToFSharpList();
            var expected = Format.Checkpoint.pages(header.Value, Format.IndexRows.ofItems(header.Value.HasIds, segment.Before, items)).Span;
            var found = bytes.AsSpan(Format.Checkpoint.rootBytes);
            if (!found.SequenceEqual(expected))
                Add(
                    new JournalCorruptedException(
                        name, Format.Checkpoint.rootBytes + found.CommonPrefixLength(expected), "the index rows of a checkpoint",
                        "those of the frames", "others"),
                    isHealed: false);
        }
    }

    private static byte[]? Read(IStorageDevice device, string name)
    {
        try
        {
            using var file = device.Open(name, writable: false);
            var bytes = new byte[file.Length];
            return bytes[..file.Read(bytes, 0)];
        }
        catch (FileNotFoundException)
        {
            // Its writer has a later one.
            return null;
        }
    }

    private void Add(JournalException fault, bool isHealed) => First ??= (fault, isHealed);
}
