// Answers another process about a journal, line by line, until that process has ended, wherever it was killed.
// Used by TwoDispatchers; DistantJournal asks.
using System.Globalization;

namespace Refold.Suites;

internal static class JournalDesk
{
    /// <summary>The last word of every question.</summary>
    public const string End = "please";

    private const long MostAtOnce = 100;

    /// <summary>Answers until there are no more questions.</summary>
    public static async Task AnswerAsync(ILocalJournal journal, TextReader questions, TextWriter answers)
    {
        await Task.Yield();
        try
        {
            while (await questions.ReadLineAsync() is { } line)
            {
                // The beginning of a line, of a process that was killed within it, is no question.
                if (line.Split(' ') is not [.. var question, End]) return;
                await answers.WriteLineAsync(await AnswerAsync(journal, question));
                await answers.FlushAsync();
            }
        }
        catch (IOException)
        {
            // It was killed before it could read the answer.
        }
    }

    private static async Task<string> AnswerAsync(ILocalJournal journal, string[] question) => question switch
    {
        ["head"] => Text(journal.Head),
        ["highest", var stream] => Text(journal.HighestVersion(stream)),
        ["read", var stream, var from, var to, var most] =>
            Text(journal.ReadStream(stream, Number(from), Number(to), Number(most))),
        ["all", var from] => Text(journal.ReadAll(Number(from), MostAtOnce)),
        ["append", var stream, var version, .. var entries] => await AppendAsync(journal, stream, Number(version), entries),
        _ => "no such question",
    };

    private static async Task<string> AppendAsync(ILocalJournal journal, StreamId stream, long version, string[] entries)
    {
        var request = new AppendRequest([.. entries.Select(DataOf)])
        {
            Expected = new Dictionary<StreamId, ExpectedVersion>
            {
                [stream] = version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version),
            },
            AllowsOwnStreams = true,
        };
        var result = await journal.TryAppendAsync(request.Encode());
        if (result is AppendResult.NotAppended { Failure: AppendFailure.Conflict }) return "again";
        var receipt = result.ReceiptOrThrow();
        return $"{Text(receipt.FirstPosition)} {Text(receipt.Head)}";
    }

    private static EntryData DataOf(string canonical)
    {
        var entry = JournalEntry.TryRead(1, 1, 1, Convert.FromBase64String(canonical)) ?? throw new IOException("cut: " + canonical);
        return new EntryData(entry.Stream, entry.Type, entry.Payload)
        {
            Role = entry.Role,
            SchemaVersion = entry.SchemaVersion,
            Time = entry.Time,
            CausationId = entry.CausationId,
            // Of a fact about a message; else it is its own.
            CorrelationId = entry.CausationId is null ? null : entry.CorrelationId,
        };
    }

    private static string Text(IEnumerable<JournalEntry> entries) => string.Join(' ', entries.Select(entry =>
        $"{Text(entry.Position)}:{Text(entry.Version)}:{Text(entry.Batch)}:{Convert.ToBase64String(entry.ToCanonicalBytes())}"));

    private static string Text(Head head) => $"{Text(head.Position)} {head.Hash}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
