// The core's plan of opening, asked with C# functions.
// Called by Segments/DirectoryPlan.cs, OpenedDirectory.cs and CheckpointLoading.cs.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class OpeningTranslation
{
    /// <summary>Plans the opening of files: exactly one of the answers is there.</summary>
    /// <param name="files">Names and lengths.</param>
    /// <param name="read">Reads so many bytes of a file at an offset.</param>
    /// <param name="ways">The ways that may be taken.</param>
    public static (Format.OpeningPlan? Plan, Format.Refusal? Refusal) Plan(
        IEnumerable<(string Name, long Length)> files, Func<string, long, int, ReadOnlyMemory<byte>> read, Format.OpeningWays ways)
    {
        var listed = files.Select(file => Tuple.Create(file.Name, file.Length)).ToFSharpList();
        var result = Format.Opening.plan(new Format.FoundFiles(listed, FuncConvert.FromFunc(read), ways));
        return result.IsOk ? (result.ResultValue, null) : (null, result.ErrorValue);
    }

    /// <summary>What the scan of the plan's tail starts from.</summary>
    public static Format.ScanStart ScanStart(this Format.OpeningPlan plan, Func<StreamId, long> highestVersion) =>
        Format.Opening.scanStart(plan, FuncConvert.FromFunc(highestVersion));

    /// <summary>What in the footer or trailer of a segment is not what its frames give; null for nothing, or for no trailer.</summary>
    /// <param name="found">What was found in it.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="epoch">The highest epoch of its frames and those before.</param>
    /// <param name="before">What the batches before it come to.</param>
    public static Format.FrameError? WrongFooter(
        this Format.SegmentScan found, ReadOnlyMemory<byte> bytes, uint epoch, Core.TreePlace before) =>
        found is { Header: { } header, Trailer: { } trailer }
            ? Format.FooterChecking.compare(before, header.Value, bytes, found.Items, epoch, trailer.Value)?.Value
            : null;

    /// <summary>The rows of a checkpoint: exactly one of the answers is there.</summary>
    /// <param name="header">The header of its segment.</param>
    /// <param name="root">Its root.</param>
    /// <param name="read">Reads so many bytes of its file at an offset.</param>
    public static (Format.SegmentRows? Rows, Format.FrameError? Error) ReadCheckpoint(
        Format.SegmentHeader header, Format.CheckpointRoot root, Func<long, int, ReadOnlyMemory<byte>> read)
    {
        var result = Format.FooterDecoding.readCheckpoint(header, root, FuncConvert.FromFunc(read));
        return result.IsOk ? (result.ResultValue, null) : (null, result.ErrorValue);
    }
}
