// What a newcomer reads when something cannot be opened or an argument is wrong: the remedy, the caller's own name, one form of codes.
// Run by `dotnet test`.
using System.Text.RegularExpressions;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Journals;

public sealed partial class MessageTests : IDisposable
{
    private static readonly JournalOptions reading = new() { ReadOnly = true };

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("segments:", "Name another, or make one")]
    [InlineData("litedb:", "Name another, or make one")]
    [InlineData("memory:", "Open it for writing, or name segments:DIR")]
    public void AJournalThatIsNotThere_SaysWhatToDo(string scheme, string remedy)
    {
        var uri = scheme == "memory:" ? scheme : scheme + directory.File("none");
        var missing = Assert.Throws<JournalOpenException>(() => Journal.Open(uri, reading));
        Assert.Contains(remedy, missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADamagedJournal_SaysWhatToDo_InEveryStore()
    {
        await using (var journal = SegmentJournal.Open(directory.File("journal"))) await journal.Append(Samples.Entry("a"));
        var segment = Directory.GetFiles(directory.File("journal"), "*.seg").Single();
        var bytes = File.ReadAllBytes(segment);
        bytes[20] ^= 1;
        File.WriteAllBytes(segment, bytes);
        Names(() => Journal.Open(directory.Journal()));

        await using (var journal = LiteDbJournal.Open(directory.File("j.db"))) await journal.Append(Samples.Entry("a"));
        bytes = File.ReadAllBytes(directory.File("j.db"));
        bytes.AsSpan(8192, 8192).Fill(7);
        File.WriteAllBytes(directory.File("j.db"), bytes);
        Names(() => Journal.Open("litedb:" + directory.File("j.db")));

        static void Names(Func<ILocalJournal> open)
        {
            var damaged = Assert.Throws<JournalCorruptedException>(() => open().ReadAll().ToList());
            Assert.EndsWith(
                "Restore a backup; of segment files, export --salvage (of the tool refold) gives what still checks.", damaged.Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void WhatTheDeviceSays_ComesWithARemedy()
    {
        // Names of a file that is no directory, which no permission explains.
        var file = directory.Write("file", "");
        var segments = Assert.Throws<JournalOpenException>(() => Journal.Open("segments:" + Path.Combine(file, "journal")));
        Assert.EndsWith("Check the path, the device and its free room, and try again.", segments.Message, StringComparison.Ordinal);
        var litedb = Assert.Throws<JournalOpenException>(() => Journal.Open("litedb:" + Path.Combine(file, "journal")));
        Assert.EndsWith("Check the path, the device and its free room, and try again.", litedb.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "Check the permissions.", JournalOpenException.OfDevice("It cannot", new UnauthorizedAccessException("no.")).Message,
            StringComparison.Ordinal);
        Assert.Equal(
            "The device failed while the batch was written: gone. Open the journal again, and retry with the same idempotency key: the "
            + "answer says whether the batch is there.",
            new OutcomeUnknownException(new IOException("gone.")).Message);
    }

    [Theory]
    [InlineData("memory:x")]
    [InlineData("segments:")]
    [InlineData("litedb:")]
    [InlineData("nowhere:x")]
    [InlineData("x")]
    public async Task AUriThatIsWrong_IsNamedByTheCallersArgument(string uri)
    {
        Assert.Equal("uri", Assert.ThrowsAny<ArgumentException>(() => Journal.Open(uri)).ParamName);
        Assert.Equal("uri", (await Assert.ThrowsAnyAsync<ArgumentException>(() => Journal.OpenAsync(uri).AsTask())).ParamName);
        Assert.Equal("uri", Assert.ThrowsAny<ArgumentException>(() => Refold.Snapshots.Open(uri)).ParamName);
    }

    [Fact]
    public async Task WhatIsWrongWithAQuery_AProjectionsOptions_OrACompaction_IsNamedByTheCallersArgument()
    {
        Assert.Equal("tags", Assert.Throws<ArgumentException>(() => Query.WithTags("")).ParamName);
        Assert.Equal("tags", Assert.Throws<ArgumentNullException>(() => Query.WithTags(null!)).ParamName);
        Assert.Equal("types", Assert.Throws<ArgumentNullException>(() => Query.OfTypes(null!)).ParamName);
        Assert.Equal("items", Assert.Throws<ArgumentException>(() => Query.Any(new QueryItem([], [""]))).ParamName);
        Assert.Equal("items", Assert.Throws<ArgumentNullException>(() => Query.Any([null!])).ParamName);

        await using var memory = new InMemoryJournal();
        for (var minute = 0; minute < 3; minute++)
            await memory.Append(Samples.Entry("a") with { Time = DateTimeOffset.UnixEpoch.AddMinutes(minute) });
        memory.DropTo(2);
        ProjectionOptions[] places = [new() { AsOf = 99 }, new() { AsOfTime = DateTimeOffset.UnixEpoch }];
        foreach (var options in places)
        {
            var wrong = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                () => memory.RunWithEvidenceAsync(ActivityCounts.Projection, options).AsTask());
            Assert.Equal("options", wrong.ParamName);
            Assert.Contains("AsOf", wrong.Message, StringComparison.Ordinal);
        }

        await using var segments = SegmentJournal.Open(directory.File("journal"), Samples.Small);
        await segments.Append(Samples.Entry("a"));
        foreach (var size in new[] { -1L, 2 })
        {
            var wrong = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                () => segments.CompactAsync(new CompactionRequest.RetainFrom(1) { ProvableSizes = [size] }));
            Assert.Equal("request", wrong.ParamName);
        }
    }

    // Words of a report's body are seed 001's and have underscores; what programs compare and people search for has not.
    [Fact]
    public void EveryCode_IsInKebabCase()
    {
        var codes = new[] { "facade", "core" }
            .SelectMany(folder => Directory.EnumerateFiles(SourceTree.PathOf(folder), "*.?s", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Code().Matches(File.ReadAllText(file))).Select(code => code.Groups[1].Value).Distinct().ToList();
        Assert.InRange(codes.Count, 25, 500);
        Assert.Contains("history-dropped", codes);
        Assert.All(codes, code => Assert.Matches("^[a-z]+(-[a-z]+)*$", code));
    }

    [GeneratedRegex("""(?:Exception|base|Refused|fail)\(?\s*\(?"([A-Za-z_-]+)",?\s""")]
    private static partial Regex Code();
}
