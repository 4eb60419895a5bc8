// What is promised of expected versions: each kind of expectation against each state of a stream, over one stream and over several.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class ExpectedVersionCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("any version: always met", bench => MetAsync(bench, ExpectedVersion.Any, absent: true, atOne: true, atTwo: true)),
        JournalCase.Of(
            "no stream: met only where there never was an entry, so of two creators one wins", bench =>
            MetAsync(bench, ExpectedVersion.NoStream, absent: true, atOne: false, atTwo: false)),
        JournalCase.Of(
            "an existing stream: met once there was an entry", bench =>
            MetAsync(bench, ExpectedVersion.Exists, absent: false, atOne: true, atTwo: true)),
        JournalCase.Of(
            "exactly a version: met there only, not below and not above", bench =>
            MetAsync(bench, ExpectedVersion.Exactly(1), absent: false, atOne: true, atTwo: false)),
        JournalCase.Of("expectations of several streams are judged together, also of streams that are not in the batch", SeveralAsync),
        JournalCase.Of("an expectation is about the journal before the batch, not about the batch itself", BeforeTheBatchAsync),
    ];

    private static async Task MetAsync(JournalBench bench, ExpectedVersion expected, bool absent, bool atOne, bool atTwo)
    {
        await bench.AppendAsync(JournalBench.Entry("one"), JournalBench.Entry("two"), JournalBench.Entry("two"));
        (StreamId Stream, long Version, bool IsMet)[] streams = [("none", 0, absent), ("one", 1, atOne), ("two", 2, atTwo)];
        foreach (var (stream, version, isMet) in streams)
        {
            var before = await bench.Read.HeadAsync();
            var result = await bench.TryAsync(Request(expected, stream, JournalBench.Entry(stream.Value)));
            if (isMet)
            {
                Expect.Equal(
                    version + 1, Expect.Appended(result, $"expecting {expected} of a stream at {version}").Versions[0].First,
                    "the version");
                continue;
            }

            var conflict = Expect.NotAppended<AppendFailure.Conflict>(result, $"expecting {expected} of a stream at {version}");
            Expect.Equal((stream, expected, version), (conflict.Stream, conflict.Expected, conflict.Actual), "the conflict");
            Expect.Equal(before, await bench.Read.HeadAsync(), "the head");
        }
    }

    private static async Task SeveralAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        var good = new Dictionary<StreamId,
            ExpectedVersion>
        { ["a"] = ExpectedVersion.Exactly(2), ["b"] = ExpectedVersion.NoStream, ["c"] = ExpectedVersion.NoStream };
        var bad = new Dictionary<StreamId, ExpectedVersion>(good) { ["c"] = ExpectedVersion.Exists };
        var batch = new AppendRequest(JournalBench.Entry("a"), JournalBench.Entry("b"));
        Expect.Equal<StreamId>(
            "c", Expect.NotAppended<AppendFailure.Conflict>(
            await bench.TryAsync(batch with { Expected = bad }), "a batch with one expectation that is not met").Stream,
            "the stream of the conflict");
        await bench.AppendAsync(batch with { Expected = good });
        Expect.Equal(0L, await bench.Read.HighestVersionAsync("c"), "the version of a stream that was expected only");
    }

    private static async Task BeforeTheBatchAsync(JournalBench bench)
    {
        await bench.AppendAsync(Request(ExpectedVersion.NoStream, "a", JournalBench.Entry("a"), JournalBench.Entry("a")));
        await bench.AppendAsync(
            Request(ExpectedVersion.Exactly(2), "a", JournalBench.Entry("a"), JournalBench.Entry("b"), JournalBench.Entry("a")));
        Expect.Equal(4L, await bench.Read.HighestVersionAsync("a"), "the version");
    }

    private static AppendRequest Request(ExpectedVersion expected, StreamId stream, params EntryData[] entries) =>
        new(entries) { Expected = new Dictionary<StreamId, ExpectedVersion> { [stream] = expected } };
}
