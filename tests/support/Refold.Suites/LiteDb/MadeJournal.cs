// A small LiteDB journal, what each of its reads and retries answers, and whether damaged files of it answer the same.
// Made by FlippedBits.
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.Suites;

/// <summary>A journal with everything in it: streams, keys, a deletion, words; closed, or killed with all of it in the log.</summary>
internal sealed class MadeJournal
{
    private const int Batches = 8;
    private readonly List<(string What, Func<LiteDbJournal, Task<string>> Ask, string Answer)> questions = [];

    private MadeJournal(Dictionary<FileRole, byte[]> contents) => Contents = contents;

    /// <summary>Its files.</summary>
    public Dictionary<FileRole, byte[]> Contents { get; }

    public static async Task<MadeJournal> MakeAsync(bool isClosed)
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        for (var batch = 0; batch < Batches; batch++) await journal.AppendAsync(Request(batch));
        await journal.DeleteToAsync(StreamId.Create("s1"), 3);
        var killed = files.Contents();
        var made = new MadeJournal(killed);
        await made.AskAsync(journal);
        await journal.DisposeAsync();
        if (!isClosed) return made;
        foreach (var (role, content) in files.Contents()) made.Contents[role] = content;
        return made;
    }

    /// <summary>The file of a part, and which pages of it.</summary>
    public (FileRole Role, List<int> Places) Places(DamagedPart part)
    {
        const int TypePlace = 4;
        var role = part == DamagedPart.Log ? FileRole.Log : FileRole.Data;
        var content = Contents[role];
        return (
            role,
            [
                .. Enumerable.Range(0, content.Length / EngineStream.PageSize)
                    .Where(page => part == DamagedPart.Log || content[page * EngineStream.PageSize + TypePlace] == (int)part)
            ]);
    }

    /// <summary>Asks everything of damaged files; each answer is right or a named error.</summary>
    /// <returns>Whether there was such an error.</returns>
    public async Task<bool> IsNoticedAsync(SimulatedFiles files, JournalOptions options)
    {
        var noticed = false;
        try
        {
            await using var journal = LiteDbJournal.Open(files, options);
            foreach (var (what, ask, answer) in questions)
            {
                if (options.ReadOnly && what.StartsWith("retry", StringComparison.Ordinal)) continue;
                try
                {
                    Assert.True(await ask(journal) is var found && found == answer, $"{what}: expected {answer}, found {found}");
                }
                catch (JournalException)
                {
                    noticed = true;
                }
            }
        }
        catch (JournalException)
        {
            return true;
        }

        // What no question touched is found by who looks at everything.
        return noticed || !LiteDbJournal.Verify(files).Ok;
    }

    private static AppendRequest Request(int batch) =>
        new([.. Enumerable.Range(0, 10).Select(item => Samples.Entry("s" + item % 5, new string('x', 300 + item), "a", "b:" + batch))])
        {
            IdempotencyKey = "k" + batch
        };

    private async Task AskAsync(LiteDbJournal journal)
    {
        List<(string What, Func<LiteDbJournal, Task<string>> Ask)> all =
        [
            ("all", asked => Task.FromResult(Lines(asked.ReadAll()))),
            ("streams", asked => Task.FromResult(string.Join('\n', asked.Streams()))),
            ("query", asked => Task.FromResult(Lines(asked.Query(Query.WithTags("b:3")).Entries))),
            ("types", asked => Task.FromResult(Lines(asked.Query(Query.WithTags("a")).Entries))),
            ("heads", asked => Task.FromResult(string.Join('\n', Enumerable.Range(0, 90).Select(position => asked.HeadAt(position))))),
            .. Enumerable.Range(0, 5).Select(stream => ("stream " + stream, (Func<LiteDbJournal, Task<string>>)(asked => Task.FromResult(
                asked.HighestVersion("s" + stream) + Lines(asked.ReadStream("s" + stream, stream == 1 ? 4 : 1)))))),
            .. Enumerable.Range(0, Batches).Select(batch => ("key " + batch, (Func<LiteDbJournal, Task<string>>)(asked =>
                Task.FromResult(Line(asked.FindByKey("k" + batch)))))),
            ("other key", asked => Task.FromResult(Line(asked.FindByKey("none")))),
            .. Enumerable.Range(0, Batches).Select(batch => ("retry " + batch, (Func<LiteDbJournal, Task<string>>)(async asked =>
                Line(await asked.AppendAsync(Request(batch)))))),
        ];
        foreach (var (what, ask) in all) questions.Add((what, ask, await ask(journal)));
    }

    private static string Lines(IEnumerable<JournalEntry> entries) =>
        string.Join('\n', entries.Select(entry => entry + Convert.ToHexString(entry.Payload.Span)));

    private static string Line(Receipt? receipt) =>
        receipt is null ? "none" : $"{receipt.FirstPosition} {receipt.Count} {string.Join(',', receipt.Versions)} {receipt.Head}";
}
