// How much of a file an interrupted import has brought into a journal: the longest k such that the journal's last k entries are
// the file's first k, by their canonical bytes. Knuth, Morris and Pratt, "Fast pattern matching in strings" (1977).
// Called by ImportVerb for --resume.
using Refold.Cli.Shell;

namespace Refold.Cli.Import;

internal static class Overlap
{
    /// <param name="journal">The entries of the journal, in position order.</param>
    /// <param name="file">The hashes of the file's entries.</param>
    /// <returns>With how many of the file's entries the journal ends; and the longest beginning of the file, but not all of it, behind
    /// which something else came.</returns>
    public static (int AtEnd, int Broken) Find(IEnumerable<JournalEntry> journal, List<Hash> file)
    {
        if (file.Count == 0)
            return (0, 0);
        int[] borders = Borders(file);
        int matched = 0, broken = 0;
        foreach (var entry in journal)
        {
            var hash = Lines.CanonicalHash(entry);
            if (matched == file.Count)
                matched = borders[matched];
            else if (!file[matched].Equals(hash))
                broken = Math.Max(broken, matched);
            matched = Advance(file, borders, matched, hash);
        }

        return (matched, broken);
    }

    /// <summary>At n: the length of the longest proper prefix of the first n hashes that is also their suffix.</summary>
    private static int[] Borders(List<Hash> file)
    {
        int[] borders = new int[file.Count + 1];
        for (int length = 1; length < file.Count; length++)
            borders[length + 1] = Advance(file, borders, borders[length], file[length]);
        return borders;
    }

    private static int Advance(List<Hash> file, int[] borders, int matched, Hash hash)
    {
        while (matched > 0 && !file[matched].Equals(hash))
            matched = borders[matched];
        return file[matched].Equals(hash) ? matched + 1 : 0;
    }
}
