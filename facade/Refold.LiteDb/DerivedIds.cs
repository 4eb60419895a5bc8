// Whether the runs of ids have the pairs of all entries and no others, in their order: compared by sums, in whatever run a pair lies, so
// that the memory for it does not grow with the journal. Called by LiteDbVerification.
using System.Globalization;
using LiteDB;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>The pairs of one journal, as they have to be and as they are.</summary>
/// <param name="database">Where they are.</param>
/// <param name="indexed">Up to this position runs have the pairs of entries.</param>
internal sealed class DerivedIds(Database database, long indexed)
{
    private readonly EntryIds ids = new();
    private readonly Dictionary<long, Merge> merges = [];
    private PairSum expected, found;

    /// <summary>Takes an entry.</summary>
    public void Expect(JournalEntry entry)
    {
        if (entry.Position > indexed) return;
        foreach (var hash in ids.Of(entry)) expected.Add(new IdPair(hash, entry.Position));
    }

    /// <summary>Compares everything with what is there.</summary>
    public DerivedFault? Compare()
    {
        var runs = IdRuns.Read(database.Get(Collections.Meta, IdRuns.Id));
        foreach (var target in runs.Select(run => run.Into).Where(into => into > 0).Distinct()) merges[target] = new Merge(EndOf(target));
        using var chunks = database
            .All(first => Search.ByIds(Collections.Ids, first, BsonValue.MaxValue), BsonValue.MinValue).GetEnumerator();
        var more = chunks.MoveNext();
        foreach (var run in runs)
        {
            var (pairs, last, isFirst) = (0L, default(IdPair?), true);
            for (; more && IdChunk.RunOf(chunks.Current) == run.Number; more = chunks.MoveNext(), isFirst = false)
            {
                var chunk = IdChunk.Read(chunks.Current);
                if (!WrittenForm.Is(chunks.Current, IdChunk.Write(run.Number, chunk)))
                    return new($"a chunk of the run {Text(run.Number)} of ids is not as one is written");
                if (chunk[0] <= last) return new($"the run {Text(run.Number)} of ids is not in order");
                if (Take(run, chunk, isFirst) is { } fault) return fault;
                (pairs, last) = (pairs + chunk.Length, chunk[^1]);
            }

            if (pairs != run.Pairs) return new($"the run {Text(run.Number)} of ids has {Text(pairs)} pairs, not {Text(run.Pairs)}");
        }

        if (more) return new($"there is a chunk of the run {Text(IdChunk.RunOf(chunks.Current))} of ids, which is not in the list of runs");
        foreach (var (target, merge) in merges)
        {
            if (merge.Seam.Count > 0) return new($"the run {Text(target)} of ids lacks pairs of those that are merged into it");
        }

        return found.Equals(expected)
            ? null
            : new($"of {Text(expected.Count)} ids of entries {Text(found.Count)} are in the index, or others than those");
    }

    private DerivedFault? Take(IdRun run, IdPair[] chunk, bool isFirst)
    {
        if (merges.TryGetValue(run.Into, out var into))
        {
            // The beginning of the first chunk may be in the target already; a chunk that is there as a whole would have gone.
            var copied = chunk.Count(pair => pair <= into.End);
            if (copied == chunk.Length || copied > 0 && !isFirst)
                return new($"the run {Text(run.Number)} of ids has a chunk that was merged into the run {Text(run.Into)}");
            into.Seam.UnionWith(chunk[..copied]);
            chunk = chunk[copied..];
        }

        merges.TryGetValue(run.Number, out var merge);
        foreach (var pair in chunk)
        {
            found.Add(pair);
            merge?.Seam.Remove(pair);
        }

        return null;
    }

    private IdPair EndOf(long run) =>
        database.First(Search.LastId(Collections.Ids, IdChunk.First(run), IdChunk.Last(run))) is { } document
            ? IdChunk.Read(document)[^1]
            : throw new InvalidDataException("a run of ids is not there");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A run that others are merged into: how far it is, and pairs of the others that it has to have.</summary>
    private sealed record Merge(IdPair End)
    {
        public HashSet<IdPair> Seam { get; } = [];
    }

    /// <summary>How many pairs there are, and two sums of what each comes to, in whatever order.</summary>
    private record struct PairSum(long Count, ulong First, ulong Second)
    {
        public void Add(IdPair pair)
        {
            // One to one for each half of the pair.
            var mixed = IdKey.Mix(pair.Hash ^ IdKey.Mix((ulong)pair.Position));
            unchecked
            {
                (Count, First, Second) = (Count + 1, First + mixed, Second + IdKey.Mix(mixed ^ 0x9E3779B97F4A7C15));
            }
        }
    }
}
