// Runs of which entries are left, but not the start: nothing of them can be decided again.
// Called by runs and replay, so that they are not said to be missing.
namespace Refold.Cli.Shell;

internal static class CutRuns
{
    private const int MostNamed = 5;
    private const string Prefix = "$run/";

    /// <summary>The names of the runs whose start was deleted, in the order of their UTF-8 bytes.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(
        IJournal journal, IReadOnlyList<RunInfo> listed, CancellationToken cancellationToken)
    {
        var known = listed.Select(run => run.Id.Stream).ToHashSet();
        var streams = await journal.StreamsAsync(Prefix, cancellationToken: cancellationToken);
        return [.. streams.Where(stream => !known.Contains(stream.Stream)).Select(stream => stream.Stream.Value[Prefix.Length..])];
    }

    /// <summary>One sentence with at most some of the names; null where there is none.</summary>
    public static string? Sentence(IReadOnlyList<string> names)
    {
        if (names.Count == 0) return null;
        string named = string.Join(", ", names.Take(MostNamed).Select(name => $"'{name}'")) + (names.Count > MostNamed ? ", and more" : "");
        return names.Count == 1
            ? $"The start of the run {named} was deleted, and without it nothing can be decided again; restore a backup."
            : FormattableString.Invariant(
                $"The starts of {names.Count} runs were deleted, and without them nothing can be decided again; restore a backup: ")
                + named + ".";
    }
}
