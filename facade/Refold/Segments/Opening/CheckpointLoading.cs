// Opening by a checkpoint: its root for the plan, its rows for the index. Whatever is not right about it, it is as if it were not there.
// Called by DirectoryPlan, OpenedDirectory and CheckpointWriter.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>A plan of opening with the rows of the checkpoint it takes.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Rows">The rows; null where it takes none.</param>
/// <param name="Unusable">Checkpoints that were found and not used.</param>
/// <param name="Ignored">What was found and not used, each with its file and the reason.</param>
internal sealed record CheckpointedPlan(
    Format.OpeningPlan Plan, Format.SegmentRows? Rows, IReadOnlyList<string> Unusable, IReadOnlyList<string> Ignored);

internal static class CheckpointLoading
{
    /// <summary>Plans, and reads the rows of the checkpoint that is planned. Where they are not right,
    /// it plans once more without.</summary>
    /// <exception cref="JournalException">It is refused.</exception>
    public static CheckpointedPlan Plan(IStorageDevice device, OpeningWays ways, IReadOnlyCollection<string>? without)
    {
        var plan = Planned(device, ways, without);
        if (plan.Checkpoint is not { } found) return new CheckpointedPlan(plan, null, Unusable(plan, ways), Ignored(plan, _ => true));
        var (name, root) = found.Value;
        var (rows, reason) = ReadRows(device, name, root, plan.Segments.Last().Header!.Value);
        if (rows is not null) return new CheckpointedPlan(plan, rows, Unusable(plan, ways), Ignored(plan, _ => true));
        // What its root says was flushed still counts.
        var other = Planned(device, ways with { Checkpoint = false }, without);
        return new CheckpointedPlan(
            other, null, [name, .. Unusable(plan, ways)],
            [$"{name}: {reason}", .. Ignored(other, file => Format.FileName.tryCheckpoint(file) is null)]);
    }

    /// <summary>The root of a checkpoint, or what is wrong with it.</summary>
    public static FSharpResult<Format.CheckpointRoot, Format.FrameError> ReadRoot(IStorageDevice device, string name) =>
        Format.Checkpoint.decode(ReadFirst(device, name).Bytes);

    /// <summary>The length of a checkpoint and the bytes of its root; none where it cannot be read, and no length
    /// where it is not there any more.</summary>
    public static (long? Length, ReadOnlyMemory<byte> Bytes) ReadFirst(IStorageDevice device, string name)
    {
        try
        {
            using var file = device.Open(name, writable: false);
            var bytes = new byte[Format.Checkpoint.rootBytes];
            return (file.Length, bytes.AsMemory(0, file.Read(bytes, 0)));
        }
        catch (FileNotFoundException)
        {
            // A later one is there, or the journal was compacted.
            return (null, default);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (0, default);
        }
    }

    private static Format.OpeningPlan Planned(IStorageDevice device, OpeningWays ways, IReadOnlyCollection<string>? without)
    {
        var (plan, refusal) = DirectoryPlan.Of(device, new Format.OpeningWays(ways.Checkpoint, ways.Footers, ways.Scan), without);
        return plan ?? throw DirectoryPlan.Exception(refusal!);
    }

    /// <summary>All rows, every page checked: what is wrong must be known before anything relies on them.</summary>
    private static (Format.SegmentRows? Rows, string? Reason) ReadRows(
        IStorageDevice device, string name, Format.CheckpointRoot root, Format.SegmentHeader header)
    {
        if (Format.Checkpoint.fileBytes(root) > Array.MaxLength) return (null, "it has more than 2 GiB");
        try
        {
            using var file = device.Open(name, writable: false);
            var bytes = new byte[Format.Checkpoint.fileBytes(root)];
            var memory = new ReadOnlyMemory<byte>(bytes, 0, file.Read(bytes, 0));
            // Another file may have the name by now.
            if (!Format.Checkpoint.decode(memory).Equals(FSharpResult<Format.CheckpointRoot, Format.FrameError>.NewOk(root)))
                return (null, "it was replaced while it was read");
            var (rows, error) = OpeningTranslation.ReadCheckpoint(header, root, (offset, count) =>
                memory.Slice((int)Math.Min(offset, memory.Length), (int)Math.Clamp(memory.Length - offset, 0, count)));
            return (rows, error?.ToString());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, exception.Message);
        }
    }

    private static List<string> Unusable(Format.OpeningPlan plan, OpeningWays ways) =>
        ways.Checkpoint
            ? [.. plan.Ignored.Select(ignored => ignored.File).Where(file => Format.FileName.tryCheckpoint(file) is not null)]
            : [];

    private static List<string> Ignored(Format.OpeningPlan plan, Func<string, bool> isTold) =>
        [.. plan.Ignored.Where(ignored => isTold(ignored.File)).Select(ignored => $"{ignored.File}: {ignored.Reason}")];
}
