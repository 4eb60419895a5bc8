// How far an interrupted import came: against the plainest search.
// Run by `dotnet test`.
using Refold.Cli.Import;
using Refold.Cli.Shell;
using Xunit;

namespace Refold.Tests.Tool;

public class OverlapTests
{
    [Theory]
    [InlineData("", "ab", 0)]
    [InlineData("ab", "", 0)]
    [InlineData("a", "ab", 1)]
    [InlineData("ab", "ab", 2)]
    [InlineData("abab", "ab", 2)]
    [InlineData("xaa", "aaaa", 2)]
    [InlineData("aaaaaa", "aaaa", 4)]
    [InlineData("abx", "ab", 0)]
    [InlineData("ababab", "ababc", 4)]
    [InlineData("abcaba", "abac", 3)]
    public void LongestBeginningOfTheFile_AtTheEndOfTheJournal(string journal, string file, int expected)
    {
        var entries = journal.Select((letter, index) => Entry(letter, index + 1)).ToList();
        var hashes = file.Select(letter => Lines.CanonicalHash(Entry(letter, 1))).ToList();
        Assert.Equal(expected, Overlap.Find(entries, hashes));
    }

    private static JournalEntry Entry(char letter, long position) =>
        new(position, position, position, new EntryData("s", letter.ToString(), "1"u8.ToArray()));
}
