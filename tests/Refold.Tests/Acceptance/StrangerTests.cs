// A stranger checks reports, entries, history and proofs: the script of facade/docs/verify.md, which knows nothing of Refold.
// Run by `dotnet test`; needs python3.
using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Acceptance;

public partial class StrangerTests
{
    [Fact]
    public async Task ARunOfTheAccessLog_IsCheckedByAStranger()
    {
        using var directory = new TemporaryDirectory();
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", Vectors.PathOf("access.log"), "--seed", "42", "--journal", directory.Journal())
            .Expect(0);
        await CheckAsync(directory, "602 entries, 302 batches", hasLeavesOfSeveral: false);
    }

    [Fact]
    public async Task TheReceiptsOfAMunicipality_AreCheckedByAStranger()
    {
        using var directory = new TemporaryDirectory();
        using var packed = new GZipStream(File.OpenRead(Vectors.PathOf("receipt-all.ndjson.gz")), CompressionMode.Decompress);
        var receipts = directory.Write("receipts.ndjson", new StreamReader(packed).ReadToEnd());
        RefoldTool.Run("import", receipts, "--batch", "7", "--journal", directory.Journal()).Expect(0);
        await CheckAsync(directory, "8577 entries, 1226 batches", hasLeavesOfSeveral: true);
    }

    private static async Task<string> OfAProgramAsync(TemporaryDirectory directory)
    {
        await using var journal = Journal.Open(directory.Journal(), new JournalOptions { ReadOnly = true });
        var state = Codec.Create<int>("count", count => BitConverter.GetBytes(count), bytes => BitConverter.ToInt32(bytes.Span));
        return journal.RunWithEvidence(Projection.Create("of-a-program", 1, [], 0, (count, _) => count + 1, state)).Report.ToJson();
    }

    private static async Task CheckAsync(TemporaryDirectory directory, string expected, bool hasLeavesOfSeveral)
    {
        var script = directory.Write("check.py", Script().Match(SourceTree.Read("facade/docs/verify.md")).Groups[1].Value);
        Tool("keygen", "example.com/stranger", "--out", directory.File("key"));
        var report = directory.Write("report.json", Tool("evidence", "make", "--json", "--sign", directory.File("key")));
        var entries = directory.Write("entries.ndjson", Tool("export", "--raw"));
        var records = directory.Write("records.ndjson", Tool("export", "--records"));
        var proofs = directory.Write("proofs.ndjson", Proofs(directory.Journal()));
        var said = Python(script, report, entries, records, proofs);
        Assert.True(said.Code == 0, said.Text);
        Assert.StartsWith("in order: " + expected, said.Text, StringComparison.Ordinal);
        Assert.Contains(" 200 proofs, ", said.Text, StringComparison.Ordinal);

        // What a program writes itself is checked as what the tool writes.
        var own = Python(script, directory.Write("own.json", await OfAProgramAsync(directory)), entries, records, proofs);
        Assert.True(own.Code == 0, own.Text);

        // What was changed is found, and named.
        Named("the body's hash", "report.json", text => text.Replace("\"Fresh\"", "\"StaleAllowed\"", StringComparison.Ordinal));
        Named("the hash that was signed", "report.json", text => First(text, "projection/v2\\n", "projection/v2\\n0"));
        Named("a fold of everything", "entries.ndjson", text => WithoutLine(text, 50));
        Named("in order and once", "entries.ndjson", text => text[..(text.IndexOf('\n', StringComparison.Ordinal) + 1)] + text);
        Named(": its type", "entries.ndjson", text => First(text, "\"type\":\"", "\"type\":\"x"));
        Named(": its stream", "entries.ndjson", text => First(text, "\"stream\":\"", "\"stream\":\"x"));
        Named(": its data", "entries.ndjson", text => First(text, "\"data\":{", "\"data\":{ "));
        Named(": its time", "entries.ndjson", text => First(text, "\"time\":\"2", "\"time\":\"1"));
        Named(": its tags", "entries.ndjson", text => First(text, "\"kind:", "\"kind,"));
        Named("entries that lie in records", "entries.ndjson", text => text + text.Split('\n')[0].Replace(
            "\"position\":1,", "\"position\":99999,", StringComparison.Ordinal) + "\n");
        Named("the size at the report's position", "report.json", text => Rehashed(text.Replace(
            "\"position\":\"" + expected.Split(' ')[0] + "\"", "\"position\":\"7\"", StringComparison.Ordinal)));
        Named("a base that comes first", "records.ndjson", text =>
            text + "{\"position\":99999,\"head\":\"" + new string('0', 64) + "\",\"size\":0,\"peaks\":[],\"provable\":[]}\n");
        Named("a batch among those of the size", "proofs.ndjson", text => SwappedOrdinal().Replace(text, "\"ordinal\":99999,", 1));
        Named("its leaf", "proofs.ndjson", text => First(text, "\"leaf\":0", "\"leaf\":-1"));
        Named("records in order", "records.ndjson", text => WithoutLine(text, 20));
        Named("its leaf", "proofs.ndjson", text => First(text, "\"canonical\":[\""));
        if (hasLeavesOfSeveral) Named("its leaf", "proofs.ndjson", text => TwoEntries().Replace(text, CutElsewhere, 1));
        Named("its path", "proofs.ndjson", text => SwappedOrdinal().Replace(text, "\"ordinal\":0,", 1));
        Named("growth from", "proofs.ndjson", text => Growth().Replace(text, "\"from\":2,", 1));

        string Tool(params string[] arguments) => RefoldTool.Run([.. arguments, "--journal", directory.Journal()]).Expect(0).Output;

        void Named(string what, string file, Func<string, string> change)
        {
            var path = Path.Combine(Path.GetDirectoryName(report)!, file);
            var whole = File.ReadAllText(path);
            Assert.NotEqual(whole, change(whole));
            File.WriteAllText(path, change(whole));
            var refused = Python(script, report, entries, records, proofs);
            File.WriteAllText(path, whole);
            Assert.NotEqual(0, refused.Code);
            Assert.Contains("NOT SO: ", refused.Text, StringComparison.Ordinal);
            Assert.Contains(what, refused.Text, StringComparison.Ordinal);
        }
    }

    // 100 of entries, at sizes from theirs on, and 100 of growth.
    private static string Proofs(string uri)
    {
        var lines = new List<string>();
        using var journal = new LocalHandle(uri);
        var size = journal.Open.RootAt().Size;
        for (var number = 0; number < 100; number++)
        {
            var position = 1 + (number * 7919L % journal.Open.Head.Position);
            var least = journal.Open.TreeSize(position)!.Value;
            lines.Add(journal.Open.InclusionProof(position, least + (number * 31L % (size - least + 1))).ToJson());
        }

        for (var number = 0; number < 100; number++)
        {
            var (one, other) = (1 + (number * 131L % size), 1 + (number * 17L % size));
            lines.Add(RefoldTool.Run(
                "prove", "--from", Text(Math.Min(one, other)), "--to", Text(Math.Max(one, other)), "--json", "--journal", uri)
                .Expect(0).Output.TrimEnd());
        }

        return string.Join('\n', lines) + "\n";

        static string Text(long size) => size.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    // The body changed, and its hash made anew: what only the history contradicts.
    private static string Rehashed(string report)
    {
        using var document = System.Text.Json.JsonDocument.Parse(report);
        var body = document.RootElement.GetProperty("body").GetRawText();
        var hash = Hash.Compute(System.Text.Encoding.UTF8.GetBytes(body)).ToString();
        return report.Replace(document.RootElement.GetProperty("bodyHash").GetString()!, hash, StringComparison.Ordinal);
    }

    private static string WithoutLine(string text, int number) =>
        string.Join('\n', text.Split('\n').Where((_, index) => index != number));

    private static string First(string text, string old, string changed)
    {
        var at = text.IndexOf(old, StringComparison.Ordinal);
        return text[..at] + changed + text[(at + old.Length)..];
    }

    // Another character of base64 behind a text.
    private static string First(string text, string before) =>
        text.IndexOf(before, StringComparison.Ordinal) + before.Length is var at && text[at] == 'A'
            ? text[..at] + "B" + text[(at + 1)..]
            : text[..at] + "A" + text[(at + 1)..];

    // The same bytes, and so the same leaf hash, in two other pieces.
    private static string CutElsewhere(Match found)
    {
        var (first, second) = (Convert.FromBase64String(found.Groups[1].Value), Convert.FromBase64String(found.Groups[2].Value));
        return $"\"canonical\":[\"{Convert.ToBase64String([.. first, second[0]])}\",\"{Convert.ToBase64String(second[1..])}\"";
    }

    private static (int Code, string Text) Python(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("python3", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }

    [GeneratedRegex("```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("\"canonical\":\\[\"([^\"\\\\]+)\",\"([^\"\\\\]+)\"")]
    private static partial Regex TwoEntries();

    [GeneratedRegex("\"ordinal\":[1-9][0-9]*,")]
    private static partial Regex SwappedOrdinal();

    [GeneratedRegex("\"from\":[3-9][0-9]*,")]
    private static partial Regex Growth();

    private sealed class LocalHandle(string uri) : IDisposable
    {
        public ILocalJournal Open { get; } = Journal.Open(uri, new JournalOptions { ReadOnly = true });

        public void Dispose() => Open.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
