// Exports of journals as lines, and their import, as the tool does both.
// Used by EditedRuns and by the tests of edited journals.
using System.Text;
using Refold.Cli.Import;
using Refold.Cli.Shell;

namespace Refold.Suites;

internal static class Exports
{
    /// <summary>A line an entry, in NDJSON.</summary>
    public static string[] Of(IEnumerable<JournalEntry> entries) =>
        [.. entries.Select(entry => Encoding.UTF8.GetString(Lines.Write(entry).Span))];

    /// <summary>Imports lines into an empty journal: places are kept, or the lines are refused.</summary>
    public static async Task<bool> TryImportAsync(ILocalJournal journal, IReadOnlyList<string> lines)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
            var file = new ImportFile("edit", new MemoryStream(bytes), 1, truncatesTimes: false);
            var batches = file.Batches(CancellationToken.None).ToList();
            if (file.Misplaced is not null) return false;
            var places = new PlaceRule("edit");
            foreach (var batch in batches)
            {
                List<JournalEntry> placed = [.. batch.Select((line, index) => places.Place(line, index == 0))];
                if (await journal.TryRestoreAsync(placed) is not AppendResult.Appended) return false;
            }

            return true;
        }
        catch (ToolException)
        {
            return false;
        }
    }
}
