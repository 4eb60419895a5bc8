// The core's plan of opening, asked with C# functions.
// Called by Segments/DirectoryPlan.cs, OpenedDirectory.cs and FooterLoading.cs.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class ColdStartTranslation
{
    /// <summary>Plans the opening of files: exactly one of the answers is there.</summary>
    /// <param name="files">Names and lengths.</param>
    /// <param name="read">Reads so many bytes of a file at an offset.</param>
    /// <param name="ways">The ways that may be taken.</param>
    public static (Core.OpeningPlan? Plan, Core.Refusal? Refusal) Plan(
        IEnumerable<(string Name, long Length)> files, Func<string, long, int, ReadOnlyMemory<byte>> read, Core.OpeningWays ways)
    {
        var listed = files.Select(file => Tuple.Create(file.Name, file.Length)).ToFSharpList();
        var result = Core.ColdStart.plan(new Core.FoundFiles(listed, FuncConvert.FromFunc(read), ways));
        return result.IsOk ? (result.ResultValue, null) : (null, result.ErrorValue);
    }

    /// <summary>What the scan of the plan's tail starts from.</summary>
    public static Core.ScanStart ScanStart(this Core.OpeningPlan plan, Func<StreamId, long> highestVersion) =>
        Core.ColdStart.scanStart(plan, FuncConvert.FromFunc(highestVersion));
}
