// A file of entries, read in batches and checked while it is read.
// Called by ImportVerb twice: once to check the whole file, once to append.
using System.Globalization;
using Refold.Cli.Shell;

namespace Refold.Cli.Import;

/// <param name="path">The file's name, for messages.</param>
/// <param name="stream">Its bytes; can be sought.</param>
/// <param name="batchSize">Entries of a batch where the file names no batches.</param>
/// <param name="truncatesTimes">Whether digits of times behind the seventh are cut off.</param>
internal sealed class ImportFile(string path, Stream stream, int batchSize, bool truncatesTimes)
{
    /// <summary>How many bytes the file has.</summary>
    public long Length => stream.Length;

    /// <summary>How many of them were read.</summary>
    public long Read => stream.Position;

    /// <summary>The file's name, for messages.</summary>
    public string Name => path;

    /// <summary>The first given place that does not go on where the one before ends; it matters only where places are restored.</summary>
    public ToolException? Misplaced { get; private set; }

    /// <summary>The first batch whose idempotency key an earlier batch has. The journal it comes from had forgotten the key in between;
    /// where the batches are not restored, the key would answer the second one with the first.</summary>
    public (long Line, string Key)? KeyUsedAgain { get; private set; }

    /// <summary>Whether a line gives a place.</summary>
    public bool HasPlaces { get; private set; }

    public IEnumerable<List<ImportLine>> Batches(CancellationToken cancellationToken)
    {
        stream.Position = 0;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var places = new PlaceRule(path);
        var batch = new List<ImportLine>();
        long bytes = 0;
        foreach (var line in ReadLines(cancellationToken))
        {
            if (batch.Count > 0 && !Continues(batch, line))
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            if (batch.Count == 0 && line.Key is { } key && !keys.Add(key))
                KeyUsedAgain ??= (line.Number, key);
            bytes += line.CanonicalLength;
            CheckLimits(line, batch.Count + 1, bytes);
            batch.Add(line);
            HasPlaces |= line.HasPlace;
            Misplaced ??= places.Check(line, isFirstOfBatch: batch.Count == 1);
        }

        if (batch.Count > 0)
            yield return batch;
    }

    private IEnumerable<ImportLine> ReadLines(CancellationToken cancellationToken)
    {
        long number = 0;
        foreach (var line in LineReader.Read(stream, path, cancellationToken))
        {
            number++;
            cancellationToken.ThrowIfCancellationRequested();
            yield return Lines.Read(path, number, line, truncatesTimes);
        }
    }

    private bool Continues(List<ImportLine> batch, ImportLine line)
    {
        var last = batch[^1];
        if (last.Batch is not null || line.Batch is not null)
            return last.Batch == line.Batch;
        // A key belongs to one append call, so what carries it came together.
        return last.Key == line.Key && (line.Key is not null || batch.Count < batchSize);
    }

    private void CheckLimits(ImportLine line, int count, long bytes)
    {
        if (line.CanonicalLength > Lines.MostEntryBytes)
            throw Lines.Fault(path, line.Number, Exceeds("the entry", line.CanonicalLength, Lines.MostEntryBytes, "bytes"));
        if (count > Lines.MostBatchEntries)
            throw Lines.Fault(path, line.Number, Exceeds("the batch", count, Lines.MostBatchEntries, "entries"));
        if (bytes > Lines.MostBatchBytes)
            throw Lines.Fault(path, line.Number, Exceeds("the batch", bytes, Lines.MostBatchBytes, "bytes"));
    }

    private static string Exceeds(string what, long actual, long limit, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} has {actual} {unit}, the limit is {limit}");
}
