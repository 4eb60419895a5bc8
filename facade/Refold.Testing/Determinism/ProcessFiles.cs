// The files that a check hands to its processes and gets back: the journal as NDJSON, a result each. The only file access of this package.
// Used by Determinism and, in the processes, by CheckProcess.
using System.Text;
using System.Text.Json.Nodes;

namespace Refold.Testing;

internal sealed class ProcessFiles : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("refold-determinism-").FullName;

    /// <summary>The journal's entries, a line each.</summary>
    public string Journal => Path.Combine(root, "journal.ndjson");

    public string Result(int index) => Path.Combine(root, FormattableString.Invariant($"result-{index}.json"));

    public async Task WriteAsync(IJournal journal, CancellationToken cancellationToken)
    {
        var file = new FileStream(Journal, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: false);
        await using (file.ConfigureAwait(false))
        {
            await foreach (var entry in journal.ReadAllAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
            {
                file.Write(Core.Ndjson.write(entry.Value).Span);
                file.WriteByte((byte)'\n');
            }
        }
    }

    /// <summary>The journal of such a file, in memory: the same positions, versions and batches.</summary>
    public static InMemoryJournal Read(string path)
    {
        var journal = new InMemoryJournal();
        List<JournalEntry> batch = [];
        foreach (string line in File.ReadLines(path, Encoding.UTF8))
        {
            var read = Core.Ndjson.tryReadWith(false, Encoding.UTF8.GetBytes(line));
            if (!read.IsOk) throw new DeterminismException($"The journal cannot be read: {read.ErrorValue}");
            var value = read.ResultValue;
            var entry = new JournalEntry(
                new Core.Entry(value.Position!.Value, value.Version!.Value, value.Batch!.Value, value.Data));
            if (batch.Count > 0 && batch[0].Batch != entry.Batch) Restore(journal, batch);
            batch.Add(entry);
        }

        if (batch.Count > 0) Restore(journal, batch);
        return journal;
    }

    public static void WriteResult(string path, JsonObject result)
    {
        File.WriteAllText(path + ".part", result.ToJsonString());
        File.Move(path + ".part", path);
    }

    /// <summary>What a process wrote; null where it did not get that far.</summary>
    public static JsonObject? ReadResult(string path) => File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path)) as JsonObject : null;

    /// <summary>The first of the files that is there.</summary>
    public static string? Existing(IEnumerable<string> paths) => paths.FirstOrDefault(File.Exists);

    /// <summary>The files that programs of this kind are started with; written where the program that checks has none.</summary>
    public string WriteSettings(string text)
    {
        string path = Path.Combine(root, "settings.runtimeconfig.json");
        if (!File.Exists(path)) File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static void Restore(InMemoryJournal journal, List<JournalEntry> batch)
    {
        journal.TryRestoreAsync([.. batch]).AsTask().GetAwaiter().GetResult().ReceiptOrThrow();
        batch.Clear();
    }
}
