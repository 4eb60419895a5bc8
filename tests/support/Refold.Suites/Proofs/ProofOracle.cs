// What a journal must prove, from a list of what was appended: records, heads and leaves made here from the entries, the tree by the plain
// recursion of RFC 9162. Used by RandomProofs and by the tests of proofs.
using System.Buffers.Binary;
using System.Security.Cryptography;
using Xunit;

namespace Refold.Suites;

/// <summary>A batch as it was appended.</summary>
/// <param name="First">Its first position.</param>
/// <param name="Last">Its last position.</param>
/// <param name="Entries">Its entries, in order.</param>
/// <param name="Leaves">How they are hashed.</param>
/// <param name="Record">Its record.</param>
/// <param name="Head">The head behind it.</param>
/// <param name="Latest">The latest time up to it.</param>
internal sealed record ProvedBatch(
    long First, long Last, IReadOnlyList<JournalEntry> Entries, IReadOnlyList<ProvedLeaf> Leaves, byte[] Record, Head Head,
    DateTimeOffset? Latest)
{
    public Hash TreeLeaf { get; } = Hash.OfSpan(SHA256.HashData([0, .. Record]));
}

/// <summary>A leaf of a batch; one without entries is a hole.</summary>
/// <param name="First">Its first position.</param>
/// <param name="Count">How many positions it has.</param>
/// <param name="Entries">Its entries.</param>
internal sealed record ProvedLeaf(long First, int Count, IReadOnlyList<JournalEntry> Entries);

/// <summary>The history of a journal. Only what the journal was asked to do changes it.</summary>
internal sealed class ProofOracle
{
    private const int LeafBytes = 16 * 1024;
    private readonly List<ProvedBatch> batches = [];
    private readonly Dictionary<string, long> highest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> floors = new(StringComparer.Ordinal);
    private readonly SortedSet<long> named = [];
    private readonly Dictionary<int, TreeHead> roots = [];

    public IReadOnlyList<ProvedBatch> Batches => batches;

    public Head Head => batches.Count > 0 ? batches[^1].Head : default;

    /// <summary>The last position that was dropped with a beginning.</summary>
    public long Begin { get; private set; }

    /// <summary>How many batches were dropped.</summary>
    public int Dropped => batches.Count(batch => batch.Last <= Begin);

    public IEnumerable<string> Streams => highest.Keys;

    public IEnumerable<long> Named => named;

    public long Highest(string stream) => highest.GetValueOrDefault(stream);

    public long Floor(string stream) => floors.GetValueOrDefault(stream);

    /// <summary>The tree at a size; what was appended does not change, so neither does this.</summary>
    public TreeHead RootAt(int size) =>
        roots.TryGetValue(size, out var known) ? known : roots[size] = TreeOfLeaves.Head(LeavesTo(size));

    /// <summary>The batch of a request, as it would be appended now.</summary>
    public ProvedBatch Next(AppendRequest request)
    {
        var (first, versions) = (Head.Position + 1, new Dictionary<string, long>(highest, StringComparer.Ordinal));
        return Made(first, [.. request.Entries.Select((data, place) => new JournalEntry(
            first + place, versions[data.Stream.Value] = versions.GetValueOrDefault(data.Stream.Value) + 1, first, data,
            request.IdempotencyKey))]);
    }

    /// <summary>A batch at places of its own; positions without an entry are holes.</summary>
    public ProvedBatch Made(long first, IReadOnlyList<JournalEntry> entries)
    {
        var leaves = Cut(first, entries);
        var record = new MemoryStream();
        record.Write(Bytes(first));
        record.Write(Bytes((int)(entries[^1].Position - first + 1)));
        foreach (var leaf in leaves)
        {
            record.Write(Bytes(leaf.Count));
            record.Write(Bytes(leaf.Entries.Count == 0 ? 0L : leaf.Entries[0].Version));
            record.Write(leaf.Entries.Count == 0
                ? new byte[32]
                : SHA256.HashData([0, .. leaf.Entries.SelectMany(entry => entry.ToCanonicalBytes())]));
        }

        var hash = SHA256.HashData([1, .. Head.Hash.ToArray(), .. record.ToArray()]);
        var times = entries.Select(entry => entry.Time).Append(batches.Count > 0 ? batches[^1].Latest : null);
        return new ProvedBatch(
            first, entries[^1].Position, entries, leaves, record.ToArray(), new Head(entries[^1].Position, Hash.OfSpan(hash)),
            times.Max());
    }

    public void Add(ProvedBatch batch)
    {
        batches.Add(batch);
        foreach (var entry in batch.Entries)
        {
            // A stream that was restored from a later version on lacks what comes before.
            if (!highest.ContainsKey(entry.Stream.Value)) floors[entry.Stream.Value] = entry.Version - 1;
            highest[entry.Stream.Value] = entry.Version;
        }
    }

    public void DeleteTo(string stream, long version) => floors[stream] = Math.Max(Floor(stream), Math.Min(version, Highest(stream)));

    /// <summary>The beginning was dropped up to a position; sizes that were named stay provable.</summary>
    public void DropTo(long position, IEnumerable<long> sizes)
    {
        if (position == Begin) return;
        Assert.Contains(batches, batch => batch.Last == position);
        Begin = position;
        named.UnionWith(sizes);
        named.RemoveWhere(size => size < 1 || size >= Dropped);
    }

    public ProvedBatch? BatchAt(long position) => position <= Begin
        ? null
        : batches.FirstOrDefault(batch => batch.First <= position && position <= batch.Last);

    public bool Shows(JournalEntry entry) => entry.Position > Begin && entry.Version > Floor(entry.Stream.Value);

    /// <summary>Asks for the proof of an entry: it is right, or its refusal is.</summary>
    /// <returns>What was answered: "proved", or why not.</returns>
    public string CheckInclusion(ILocalJournal journal, long position, int? size)
    {
        var (at, batch) = (size ?? batches.Count, BatchAt(position));
        var leaf = batch?.Leaves.Single(found => found.First <= position && position < found.First + found.Count);
        var expected = at > batches.Count || position < 1 ? "outside"
            : position <= Begin ? "proof-dropped"
            : batch is null ? position > Head.Position ? "outside" : "proof-no-entry"
            : batches.IndexOf(batch) >= at ? "outside"
            : leaf!.Entries.Count == 0 ? "proof-no-entry"
            : leaf.Entries.All(Shows) ? "proved" : "proof-entry-gone";
        var (answer, proof) = Asked(() => journal.InclusionProof(position, size));
        Assert.Equal((position, size, expected), (position, size, answer));
        if (proof is null) return answer;
        var root = RootAt(at);
        Assert.Null(proof.FindFault(root));
        Assert.Equal((position, batches.IndexOf(batch!), root), (proof.Position, proof.Ordinal, proof.Tree));
        Assert.Equal(batch!.Record, proof.Record.ToArray());
        Assert.Equal(batch.Leaves.ToList().IndexOf(leaf!), proof.Leaf);
        Assert.Equal(position - leaf!.First, proof.Place);
        Assert.Equal(
            leaf.Entries.Select(entry => Convert.ToHexString(entry.ToCanonicalBytes())),
            proof.Canonical.Select(bytes => Convert.ToHexString(bytes.Span)));
        Assert.Equal(TreeOfLeaves.Inclusion(LeavesTo(at), (int)proof.Ordinal), proof.Path);
        Assert.Equal(leaf.Entries[proof.Place], proof.TryReadEntry());
        return answer;
    }

    /// <summary>Asks for a proof of growth: it is right, or its refusal is.</summary>
    /// <returns>What was answered: "proved", or why not.</returns>
    public string CheckConsistency(ILocalJournal journal, int from, int? to)
    {
        var (at, dropped) = (to ?? batches.Count, Dropped);
        var expected = at > batches.Count ? "outside"
            : at < dropped ? "proof-dropped"
            : from > at ? "outside"
            : from == 0 || from >= dropped || named.Contains(from) ? "proved" : "proof-dropped";
        var (answer, proof) = Asked(() => journal.ConsistencyProof(from, to));
        Assert.Equal((from, to, expected), (from, to, answer));
        if (proof is null) return answer;
        var root = RootAt(at);
        Assert.True(proof.Shows(RootAt(from), root), FormattableString.Invariant($"growth from {from} to {at}"));
        Assert.Equal((from, root), (proof.From, proof.To));
        var start = from > 0 && from < dropped ? dropped : from;
        Assert.Equal(TreeOfLeaves.Consistency(LeavesTo(at), start).Path, proof.Path);
        Assert.Equal(start == from ? null : RootAt(start), proof.Via);
        Assert.Equal(start == from ? [] : TreeOfLeaves.Consistency(LeavesTo(start), from).Path, proof.PathToVia);
        return answer;
    }

    /// <summary>Asks for a root.</summary>
    /// <returns>What was answered: "proved", or why not.</returns>
    public string CheckRoot(ILocalJournal journal, int? size)
    {
        var at = size ?? batches.Count;
        var expected = at > batches.Count ? "outside" : at < Dropped ? "proof-dropped" : "proved";
        var (answer, root) = Asked<object>(() => journal.RootAt(size));
        Assert.Equal((size, expected), (size, answer));
        if (root is TreeHead found) Assert.Equal(RootAt(at), found);
        return answer;
    }

    /// <summary>Asks where a batch stands, and the size up to it.</summary>
    public void CheckPlace(ILocalJournal journal, long position)
    {
        var batch = BatchAt(position);
        var ordinal = batch is null ? -1 : batches.IndexOf(batch);
        Assert.Equal(
            batch is null ? null : new BatchPlace(ordinal, batch.First, batch.Head, batch.Latest?.ToUniversalTime()),
            journal.BatchAt(position));
        var (answer, size) = Asked<object>(() => journal.TreeSize(position) ?? (object)"none");
        Assert.Equal(position < Begin ? "proof-dropped" : "proved", answer);
        if (position < Begin) return;
        Assert.Equal(position == Begin ? (long)Dropped : batch is null ? "none" : ordinal + 1L, size);
    }

    private Hash[] LeavesTo(int size) => [.. batches.Take(size).Select(batch => batch.TreeLeaf)];

    private static (string Answer, T? Proof) Asked<T>(Func<T> ask)
        where T : class
    {
        try
        {
            return ("proved", ask());
        }
        catch (ProofException refused)
        {
            return (refused.Code, null);
        }
        catch (ArgumentOutOfRangeException)
        {
            return ("outside", null);
        }
    }

    private static List<ProvedLeaf> Cut(long first, IReadOnlyList<JournalEntry> entries)
    {
        var leaves = new List<ProvedLeaf>();
        var (next, open, bytes) = (first, new List<JournalEntry>(), 0);
        foreach (var entry in entries)
        {
            var length = entry.ToCanonicalBytes().Length;
            if (open.Count > 0 && (entry.Position != next || entry.Stream != open[0].Stream || bytes + length > LeafBytes)) Close();
            if (entry.Position > next) leaves.Add(new ProvedLeaf(next, (int)(entry.Position - next), []));
            open.Add(entry);
            (next, bytes) = (entry.Position + 1, bytes + length);
        }

        Close();
        return leaves;

        void Close()
        {
            leaves.Add(new ProvedLeaf(open[0].Position, open.Count, open));
            (open, bytes) = ([], 0);
        }
    }

    private static byte[] Bytes(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Bytes(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
