// Pages of streams: by prefix, behind a stream, so many at most; together they are every stream once, in the order of UTF-8 bytes.
// Run by `dotnet test`.
using System.Text;
using Xunit;
using static Refold.Tests.Journals.InMemoryJournalTests;

namespace Refold.Tests.Journals;

public sealed class StreamPageTests : IDisposable
{
    // UTF-16 puts the surrogates of U+10000 and above before U+E000 to U+FFFF; UTF-8 does not.
    private static readonly string[] Names =
    [
        "x\uE000", "x\uFFFD", "x\U00010000", "x\U0001F600", "x\U0001F600/1", "x\U0001F601", "x\U0010FFFF", "x",
        "xa", "y", "\u00e9", "e\u0301", "x/1", "X", "\U0001F600",
    ];

    private static readonly string[] Prefixes = ["", "x", "x\U0001F600", "x\U0010FFFF", "\u00e9", "X", "xa", "nothing", "\U0001F600"];
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("memory:", "")]
    [InlineData("segments:", "journal")]
    [InlineData("litedb:", "journal.db")]
    public async Task Pages_CoverAllStreamsOnce_InTheOrderOfUtf8Bytes(string scheme, string name)
    {
        await using var journal = await OpenAsync(scheme, name);
        await journal.DeleteToAsync("xa", 1);
        foreach (var prefix in Prefixes)
        {
            var expected = Names
                .Where(stream => stream.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(Utf8, StringComparer.Ordinal)
                .ToList();
            for (var size = 1; size <= Names.Length + 1; size++)
            {
                var (found, after) = (new List<StreamInfo>(), default(StreamId));
                while (await journal.StreamsAsync(prefix, after, size) is { Count: > 0 } page)
                {
                    Assert.InRange(page.Count, 1, size);
                    found.AddRange(page);
                    after = page[^1].Stream;
                }

                Assert.Equal(expected, found.Select(info => info.Stream.Value));
                Assert.All(found, info => Assert.Equal((info.Stream.Value == "xa" ? 1 : 0, 1), (info.Floor, info.HighestVersion)));
                Assert.Equal(expected, (await journal.StreamsAsync(prefix)).Select(info => info.Stream.Value));
            }
        }
    }

    [Theory]
    [InlineData("memory:", "")]
    [InlineData("segments:", "journal")]
    [InlineData("litedb:", "journal.db")]
    public async Task APage_BeginsBehindAStreamThatNeedNotExist_OrHaveThePrefix(string scheme, string name)
    {
        await using var journal = await OpenAsync(scheme, name);
        string[] places = [.. Names, "a", "x\uFFFC", "x\U0001F5FF", "x\U0001F600/", "zz", "\U0010FFFF"];
        foreach (var prefix in Prefixes)
        {
            foreach (var after in places)
            {
                var expected = Names
                    .Where(stream => stream.StartsWith(prefix, StringComparison.Ordinal))
                    .Where(stream => string.CompareOrdinal(Utf8(stream), Utf8(after)) > 0)
                    .OrderBy(Utf8, StringComparer.Ordinal);
                Assert.Equal(expected, (await journal.StreamsAsync(prefix, after)).Select(info => info.Stream.Value));
                Assert.Equal(expected.Take(2), (await journal.StreamsAsync(prefix, after, 2)).Select(info => info.Stream.Value));
            }
        }
    }

    [Theory]
    [InlineData("memory:", "")]
    [InlineData("segments:", "journal")]
    [InlineData("litedb:", "journal.db")]
    public async Task APageOfNothing_IsEmpty(string scheme, string name)
    {
        await using var journal = await OpenAsync(scheme, name);
        Assert.Empty(await journal.StreamsAsync(maxCount: 0));
        Assert.Empty(await journal.StreamsAsync(maxCount: -1));
        Assert.Empty(await journal.StreamsAsync("x", maxCount: int.MinValue));
    }

    private static string Utf8(string name) => Convert.ToHexString(Encoding.UTF8.GetBytes(name));

    private async Task<IJournal> OpenAsync(string scheme, string name)
    {
        var journal = await Journal.OpenAsync(scheme + (name.Length == 0 ? "" : directory.File(name)));
        foreach (var stream in Names) await journal.AppendAsync(new AppendRequest(Entry(stream)));
        return journal;
    }
}
