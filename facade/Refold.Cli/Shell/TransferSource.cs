// A journal in files, read piece by piece as it lies: batches with all their leaves, and what is known of a dropped beginning.
// Called by copy, and by export --records.
using Refold.Segments;
using Refold.Transfers;

namespace Refold.Cli.Shell;

internal static class TransferSource
{
    /// <summary>Everything in a journal, checked, in commit order.</summary>
    /// <param name="uri">The journal.</param>
    /// <param name="argument">How the command line calls it.</param>
    public static IEnumerable<TransferItem> Read(string uri, string argument)
    {
        Journals.RequireStore(uri);
        if (Journals.SegmentDirectory(uri) is { } directory)
        {
            Journals.RequireDirectory(directory);
            return SegmentTransfer.Read(new DirectoryDevice(directory));
        }

        return StoreFiles.Of(uri) is var (files, path) && path.Length > 0 ? files.Read(path) : throw NotStored(argument, uri);
    }

    public static ToolException NotStored(string argument, string uri) =>
        new(ExitCode.Usage, $"{argument} is '{uri}'; this goes by segments:DIRECTORY or litedb:FILE.");
}
