// How far an interrupted import came: against the plainest search.
// Run by `dotnet test`.
using Refold.Cli.Import;
using Refold.Cli.Shell;
using Xunit;

namespace Refold.Tests.Tool;

public class OverlapTests
{
    [Theory]
    [InlineData("", "ab", 0, 0)]
    [InlineData("ab", "", 0, 0)]
    [InlineData("a", "ab", 1, 0)]
    [InlineData("ab", "ab", 2, 0)]
    [InlineData("abab", "ab", 2, 0)]
    [InlineData("xaa", "aaaa", 2, 0)]
    [InlineData("aaaaaa", "aaaa", 4, 0)]
    [InlineData("abx", "ab", 0, 0)]
    [InlineData("ababab", "ababc", 4, 4)]
    [InlineData("abcaba", "abac", 3, 2)]
    [InlineData("ax", "ab", 0, 1)]
    [InlineData("aba", "abc", 1, 2)]
    [InlineData("abxabcy", "abc", 0, 2)]
    [InlineData("axab", "abc", 2, 1)]
    public void LongestBeginningOfTheFile_AtTheEndOfTheJournal_AndBehindWhichAnotherCame(
        string journal, string file, int atEnd, int broken)
    {
        var entries = journal.Select((letter, index) => Entry(letter, index + 1)).ToList();
        var hashes = file.Select(letter => Lines.CanonicalHash(Entry(letter, 1))).ToList();
        Assert.Equal((atEnd, broken), Overlap.Find(entries, hashes));
    }

    private static JournalEntry Entry(char letter, long position) =>
        new(position, position, position, new EntryData("s", letter.ToString(), "1"u8.ToArray()));
}
